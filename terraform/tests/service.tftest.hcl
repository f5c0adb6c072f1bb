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
    condition     = output.domain_target == null
    error_message = "By default there must be no domain."
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

run "the_cost_of_a_day_is_limited" {
  command = plan

  assert {
    condition     = var.route_throttling == tomap({ "GET /items" = { rate = 10, burst = 20 } }) && var.table_throughput == { read = 3000, write = 1000 }
    error_message = "By default the list must be limited most, and the table to what one partition serves."
  }

  # Each second 1,510 requests with the largest bodies, 1,000 executions, 3,000 reads and 1,000 writes: 2,609.28 + 26.09 for the
  # requests, 288.00 for their time and 65.23 for their logs; 54.00 for the writes, 32.40 for the reads and 12.15 + 559.87 for the
  # responses.
  assert {
    condition     = output.max_cost_per_day == 3648
    error_message = "The most that a day can cost must follow the limits: ${output.max_cost_per_day}."
  }

  assert {
    condition     = alltrue([for readme in ["README.md", "../README.md"] : strcontains(replace(lower(file(readme)), ",", ""), format("at most $%d a day", output.max_cost_per_day))])
    error_message = "Both READMEs must say what a day costs at most: ${output.max_cost_per_day} dollars."
  }
}

run "a_lower_limit_costs_less" {
  command = plan

  variables {
    throttling           = { rate = 50, burst = 100 }
    table_throughput     = { read = 100, write = 50 }
    reserved_concurrency = 10
  }

  # Each second 160 requests and 10 executions: 276.48 + 2.76 for the requests, 2.88 for their time and 6.91 for their logs; 2.70
  # for the writes, 1.08 for the reads and 0.41 + 18.66 for the responses.
  assert {
    condition     = output.max_cost_per_day == 312
    error_message = "The most that a day can cost must follow the limits: ${output.max_cost_per_day}."
  }
}

run "traces_add_to_the_cost" {
  command = plan

  variables {
    tracing = true
  }

  # 6.61 million traces, 33.05 more.
  assert {
    condition     = output.max_cost_per_day == 3681
    error_message = "The most that a day can cost must include the traces: ${output.max_cost_per_day}."
  }
}

run "without_a_limit_of_the_table_the_cost_is_unknown" {
  command = plan

  variables {
    table_throughput = { write = 50 }
  }

  assert {
    condition     = output.max_cost_per_day == null
    error_message = "Without a limit for reads, a day has no maximum cost that could be computed."
  }
}

run "the_public_api_has_a_domain" {
  variables {
    domain                       = { name = "api.shop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" }
    disable_execute_api_endpoint = true
    candidate_api                = true
  }

  assert {
    condition     = output.invoke_url == "https://api.shop.example" && output.candidate_invoke_url == "https://api123.execute-api.eu-central-1.amazonaws.com"
    error_message = "The domain must be that of the public API, and the candidate API must keep its URL."
  }

  assert {
    condition     = output.domain_target != null
    error_message = "The output must have the target for a DNS record made by hand."
  }
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
    condition     = toset(var.cors.expose_headers) == toset(["apigw-requestid", "etag", "retry-after"])
    error_message = "By default a web page must be able to read the id of a request, an item's tag, and how long to wait after a 503."
  }
}
