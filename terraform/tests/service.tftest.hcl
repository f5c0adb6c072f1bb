# The whole service: names, layouts, releases and outputs fit together, and bad values are rejected.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  bundle_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
}

run "uses_the_names_of_the_tutorial" {
  assert {
    condition     = output.table_name == "http-crud-tutorial-items" && output.function_names == { items = "http-crud-tutorial-function" }
    error_message = "Table and function must have the tutorial's names."
  }

  assert {
    condition = output.log_group_names == {
      items = "/aws/lambda/http-crud-tutorial-function"
      api   = "/aws/vendedlogs/http-crud-tutorial-api"
    }
    error_message = "The log groups must be the function's and the API's."
  }

  assert {
    condition     = output.live_versions == { items = "3" } && output.candidate_versions == { items = "3" }
    error_message = "By default the newest version must be live."
  }

  assert {
    condition     = output.invoke_url == "https://api123.execute-api.eu-central-1.amazonaws.com" && output.candidate_invoke_url == null && output.candidate_api_id == null
    error_message = "By default there must be only the public API."
  }

  assert {
    condition     = output.bundle_sha256 == var.bundle_sha256
    error_message = "The output must be the hash of the deployed bundle."
  }
}

run "one_function_per_route" {
  variables {
    function_layout = "per_route"
    candidate_api   = true
    live_versions   = { put = "1" }
  }

  assert {
    condition = output.function_names == {
      put    = "http-crud-tutorial-put-function"
      get    = "http-crud-tutorial-get-function"
      list   = "http-crud-tutorial-list-function"
      delete = "http-crud-tutorial-delete-function"
    }
    error_message = "Every route must have a separate function."
  }

  assert {
    condition = { for function, actions in local.actions_by_function : function => toset(actions) } == {
      put    = toset(["dynamodb:GetItem", "dynamodb:PutItem"])
      get    = toset(["dynamodb:GetItem"])
      list   = toset(["dynamodb:Scan"])
      delete = toset(["dynamodb:DeleteItem", "dynamodb:GetItem"])
    }
    error_message = "Every function must have only the actions of its route: reading for a conditional write, and otherwise one."
  }

  assert {
    condition     = local.function_by_route == { "PUT /items" = "put", "GET /items/{id}" = "get", "GET /items" = "list", "DELETE /items/{id}" = "delete" }
    error_message = "Every route must have its function."
  }

  assert {
    condition     = output.live_versions == { put = "1", get = "3", list = "3", delete = "3" } && output.candidate_versions == { put = "3", get = "3", list = "3", delete = "3" }
    error_message = "live_versions must work for a single function."
  }

  assert {
    condition     = output.log_group_names["candidate_api"] == "/aws/vendedlogs/http-crud-tutorial-candidate-api"
    error_message = "The candidate API must have a separate access log."
  }
}

run "one_function_for_all_routes" {
  command = plan

  assert {
    condition     = toset(keys(local.actions_by_function)) == toset(["items"]) && sort(local.actions_by_function.items) == tolist(["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"])
    error_message = "The one function must have exactly the four actions, each once."
  }
}

run "rejects_bad_names_and_sizes" {
  command = plan

  variables {
    prefix                   = "Shop_1"
    tags                     = { Service = "other" }
    architecture             = "sparc"
    function_layout          = "many"
    memory_size              = 100
    reserved_concurrency     = -2
    permissions_boundary_arn = "boundary"
    table_kms_key_arn        = "alias/mine"
    log_retention_days       = 31
    bundle_sha256            = "d41d8cd98f00b204e9800998ecf8427e"
    alarm_actions            = ["pager"]
  }

  expect_failures = [
    var.prefix, var.tags, var.architecture, var.function_layout, var.memory_size, var.reserved_concurrency,
    var.permissions_boundary_arn, var.table_kms_key_arn, var.log_retention_days, var.bundle_sha256, var.alarm_actions,
  ]
}

run "rejects_a_service_tag_in_another_case" {
  command = plan

  variables {
    tags = { service = "other" }
  }

  expect_failures = [var.tags]
}

run "rejects_tags_that_differ_only_in_case" {
  command = plan

  variables {
    tags = { Team = "a", team = "b" }
  }

  expect_failures = [var.tags]
}

run "rejects_tags_reserved_by_aws" {
  command = plan

  variables {
    tags = { "AWS:team" = "a" }
  }

  expect_failures = [var.tags]
}

run "rejects_tags_that_are_too_long" {
  command = plan

  variables {
    tags = { team = join("", [for number in range(257) : "a"]) }
  }

  expect_failures = [var.tags]
}

run "rejects_a_table_outside_the_prefix" {
  command = plan

  variables {
    table_name = "other-items"
  }

  expect_failures = [var.table_name]
}

run "rejects_a_prefix_that_makes_names_too_long" {
  command = plan

  variables {
    prefix = "a2345678901234567890123456789012345678901"
  }

  expect_failures = [var.prefix]
}

run "rejects_a_throttling_rate_of_zero" {
  command = plan

  variables {
    throttling = { rate = 0, burst = 100 }
  }

  expect_failures = [var.throttling]
}

run "rejects_an_issuer_without_https" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "http://id.example", audience = ["shop"] }
  }

  expect_failures = [var.authorization]
}

run "rejects_tokens_without_an_audience" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "https://id.example" }
  }

  expect_failures = [var.authorization]
}

run "rejects_scopes_without_jwt" {
  command = plan

  variables {
    authorization = { type = "iam", scopes = ["items"] }
  }

  expect_failures = [var.authorization]
}

run "rejects_origins_with_a_path" {
  command = plan

  variables {
    cors = { allow_origins = ["https://shop.example/"] }
  }

  expect_failures = [var.cors]
}

run "web_pages_use_every_header_of_the_api" {
  command = plan

  variables {
    cors = { allow_origins = ["https://shop.example"] }
  }

  assert {
    condition     = toset(var.cors.allow_headers) == toset(["authorization", "content-type", "if-match", "if-none-match"])
    error_message = "By default a web page must be able to send a token, a body and conditions."
  }

  assert {
    condition     = toset(var.cors.expose_headers) == toset(["etag", "retry-after"])
    error_message = "By default a web page must be able to read an item's tag, and how long to wait after a 503."
  }
}

run "rejects_several_header_names_in_one" {
  command = plan

  variables {
    cors = { allow_origins = ["https://shop.example"], allow_headers = ["if-match, if-none-match"] }
  }

  expect_failures = [var.cors]
}

run "rejects_an_exposed_header_with_a_colon" {
  command = plan

  variables {
    cors = { allow_origins = ["https://shop.example"], expose_headers = ["etag:"] }
  }

  expect_failures = [var.cors]
}

run "rejects_versions_of_unknown_functions" {
  command = plan

  variables {
    live_versions = { put = "1" }
  }

  expect_failures = [var.live_versions]
}

run "rejects_an_unpublished_version" {
  command = plan

  variables {
    live_versions = { items = "$LATEST" }
  }

  expect_failures = [var.live_versions]
}
