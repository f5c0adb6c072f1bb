# Bad values are rejected by the plan, before anything is created. One run for each, because terraform test has no loops.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  bundle_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
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
    tags = { Environment = "a", environment = "b" }
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

run "rejects_a_tag_without_a_key" {
  command = plan

  variables {
    tags = { "" = "a" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_tag_whose_key_is_too_long" {
  command = plan

  variables {
    tags = { (join("", [for number in range(300) : "a"])) = "a" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_tag_whose_value_is_too_long" {
  command = plan

  variables {
    tags = { team = join("", [for number in range(257) : "a"]) }
  }

  expect_failures = [var.tags]
}

run "rejects_a_tag_with_a_comma" {
  command = plan

  variables {
    tags = { team = "a, b" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_tag_without_a_value" {
  command = plan

  variables {
    tags = { team = null }
  }

  expect_failures = [var.tags]
}

run "rejects_more_tags_than_a_resource_can_have" {
  command = plan

  variables {
    tags = { for number in range(50) : "tag${number}" => "a" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_prefix_that_makes_names_too_long" {
  command = plan

  variables {
    prefix = "a2345678901234567890123456789012345678901"
  }

  expect_failures = [var.prefix]
}

run "rejects_a_boundary_whose_name_iam_does_not_allow" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/%%%"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "rejects_a_boundary_of_no_account" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::1234:policy/boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "rejects_a_table_outside_the_prefix" {
  command = plan

  variables {
    table_name = "other-items"
  }

  expect_failures = [var.table_name]
}

run "rejects_a_table_whose_name_dynamodb_does_not_allow" {
  command = plan

  variables {
    table_name = "http-crud-tutorial-items!"
  }

  expect_failures = [var.table_name]
}

run "rejects_a_key_of_another_region" {
  command = plan

  variables {
    table_kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/abc"
  }

  expect_failures = [var.table_kms_key_arn]
}

run "rejects_the_alias_of_a_key" {
  command = plan

  variables {
    table_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/mine"
  }

  expect_failures = [var.table_kms_key_arn]
}

run "rejects_throughput_of_zero" {
  command = plan

  variables {
    table_throughput = { read = 0, write = 100 }
  }

  expect_failures = [var.table_throughput]
}

run "rejects_fractional_throughput" {
  command = plan

  variables {
    table_throughput = { read = 100, write = 0.5 }
  }

  expect_failures = [var.table_throughput]
}

run "rejects_a_throttling_rate_of_zero" {
  command = plan

  variables {
    throttling = { rate = 0, burst = 100 }
  }

  expect_failures = [var.throttling]
}

run "rejects_a_fractional_burst" {
  command = plan

  variables {
    throttling = { rate = 100, burst = 0.5 }
  }

  expect_failures = [var.throttling]
}

run "rejects_a_rate_beyond_the_account" {
  command = plan

  variables {
    throttling = { rate = 10001, burst = 100 }
  }

  expect_failures = [var.throttling]
}

run "rejects_a_burst_beyond_the_account" {
  command = plan

  variables {
    throttling = { rate = 100, burst = 5001 }
  }

  expect_failures = [var.throttling]
}

run "rejects_throttling_without_a_rate" {
  command = plan

  variables {
    throttling = { rate = null, burst = 100 }
  }

  expect_failures = [var.throttling]
}

run "rejects_throttling_of_an_unknown_route" {
  command = plan

  variables {
    route_throttling = { "GET /item" = { rate = 10, burst = 20 } }
  }

  expect_failures = [var.route_throttling]
}

run "rejects_throttling_of_a_route_to_zero" {
  command = plan

  variables {
    route_throttling = { "GET /items" = { rate = 0, burst = 20 } }
  }

  expect_failures = [var.route_throttling]
}

run "rejects_throttling_of_a_route_beyond_the_account" {
  command = plan

  variables {
    route_throttling = { "GET /items" = { rate = 10, burst = 5001 } }
  }

  expect_failures = [var.route_throttling]
}

run "rejects_an_issuer_without_https" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "http://id.example", audience = ["shop"] }
  }

  expect_failures = [var.authorization]
}

run "rejects_an_issuer_with_a_space" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "https://id.example/a pool", audience = ["shop"] }
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

run "rejects_an_empty_audience" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "https://id.example", audience = [""] }
  }

  expect_failures = [var.authorization]
}

run "rejects_two_scopes_in_one_string" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "https://id.example", audience = ["shop"], scopes = ["a b"] }
  }

  expect_failures = [var.authorization]
}

run "rejects_an_empty_scope" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "https://id.example", audience = ["shop"], scopes = [""] }
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

run "rejects_origins_with_a_space" {
  command = plan

  variables {
    cors = { allow_origins = ["https://shop example"] }
  }

  expect_failures = [var.cors]
}

run "rejects_origins_in_upper_case" {
  command = plan

  variables {
    cors = { allow_origins = ["https://Shop.example"] }
  }

  expect_failures = [var.cors]
}

run "rejects_origins_with_the_default_port" {
  command = plan

  variables {
    cors = { allow_origins = ["https://shop.example:443"] }
  }

  expect_failures = [var.cors]
}

run "rejects_a_wildcard_that_never_matches" {
  command = plan

  variables {
    cors = { allow_origins = ["https://*.shop.example"] }
  }

  expect_failures = [var.cors]
}

run "rejects_no_origins" {
  command = plan

  variables {
    cors = { allow_origins = [] }
  }

  expect_failures = [var.cors]
}

run "rejects_an_unknown_method" {
  command = plan

  variables {
    cors = { allow_origins = ["*"], allow_methods = ["FETCH"] }
  }

  expect_failures = [var.cors]
}

run "rejects_a_method_in_lower_case" {
  command = plan

  variables {
    cors = { allow_origins = ["*"], allow_methods = ["get"] }
  }

  expect_failures = [var.cors]
}

run "rejects_no_methods" {
  command = plan

  variables {
    cors = { allow_origins = ["*"], allow_methods = [] }
  }

  expect_failures = [var.cors]
}

run "rejects_several_header_names_in_one" {
  command = plan

  variables {
    cors = { allow_origins = ["*"], allow_headers = ["if-match, if-none-match"] }
  }

  expect_failures = [var.cors]
}

run "rejects_an_exposed_header_with_a_colon" {
  command = plan

  variables {
    cors = { allow_origins = ["*"], expose_headers = ["bad header:"] }
  }

  expect_failures = [var.cors]
}

run "rejects_a_fractional_max_age" {
  command = plan

  variables {
    cors = { allow_origins = ["*"], max_age = 0.5 }
  }

  expect_failures = [var.cors]
}

run "rejects_a_domain_with_a_scheme" {
  command = plan

  variables {
    domain = { name = "https://api.shop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/abc" }
  }

  expect_failures = [var.domain]
}

run "rejects_a_wildcard_domain" {
  command = plan

  variables {
    domain = { name = "*.shop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/abc" }
  }

  expect_failures = [var.domain]
}

run "rejects_a_certificate_of_another_region" {
  command = plan

  variables {
    domain = { name = "api.shop.example", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/abc" }
  }

  expect_failures = [var.domain]
}

run "rejects_a_certificate_outside_acm" {
  command = plan

  variables {
    domain = { name = "api.shop.example", certificate_arn = "arn:aws:iam::123456789012:server-certificate/abc" }
  }

  expect_failures = [var.domain]
}

run "rejects_the_path_of_a_hosted_zone" {
  command = plan

  variables {
    domain = { name = "api.shop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/abc", hosted_zone_id = "/hostedzone/Z1" }
  }

  expect_failures = [var.domain]
}

run "rejects_an_api_that_cannot_be_reached" {
  command = plan

  variables {
    disable_execute_api_endpoint = true
  }

  expect_failures = [var.disable_execute_api_endpoint]
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

run "rejects_a_branch_as_the_commit" {
  command = plan

  variables {
    commit = "main"
  }

  expect_failures = [var.commit]
}

run "rejects_a_threshold_that_is_never_reached" {
  command = plan

  variables {
    alarm_thresholds = { error_percent = 100 }
  }

  expect_failures = [var.alarm_thresholds]
}

run "rejects_a_negative_threshold" {
  command = plan

  variables {
    alarm_thresholds = { min_errors = -1 }
  }

  expect_failures = [var.alarm_thresholds]
}

run "rejects_an_alarm_topic_of_another_region" {
  command = plan

  variables {
    alarm_actions = ["arn:aws:sns:us-east-1:123456789012:pager"]
  }

  expect_failures = [var.alarm_actions]
}

run "rejects_more_alarm_actions_than_an_alarm_can_have" {
  command = plan

  variables {
    alarm_actions = [for number in range(6) : "arn:aws:sns:eu-central-1:123456789012:pager${number}"]
  }

  expect_failures = [var.alarm_actions]
}

run "rejects_versions_of_a_function_that_is_not_deployed" {
  command = plan

  variables {
    live_versions = { items = "999" }
  }

  override_data {
    target = data.aws_lambda_functions.existing
    values = { function_names = ["other-function"] }
  }

  expect_failures = [data.aws_lambda_functions.existing]
}

run "rejects_a_tag_value_reserved_by_aws" {
  command = plan

  variables {
    tags = { source = "aws:x" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_table_whose_alarms_would_have_too_long_names" {
  command = plan

  variables {
    table_name = "http-crud-tutorial-${join("", [for number in range(212) : "a"])}"
  }

  expect_failures = [var.table_name]
}

run "rejects_a_rate_beyond_a_region_with_lower_limits" {
  command = plan

  variables {
    throttling = { rate = 3000, burst = 1000 }
  }

  override_data {
    target = data.aws_region.current
    values = { id = "eu-south-1" }
  }

  expect_failures = [var.throttling]
}

run "rejects_throughput_beyond_the_account" {
  command = plan

  variables {
    table_throughput = { read = 40000 }
  }

  expect_failures = [var.table_throughput]
}

run "rejects_authorization_without_a_type" {
  command = plan

  variables {
    authorization = { type = null }
  }

  expect_failures = [var.authorization]
}

run "rejects_a_scope_that_is_too_long" {
  command = plan

  variables {
    authorization = { type = "jwt", issuer = "https://id.example", audience = ["shop"], scopes = [join("", [for number in range(65) : "a"])] }
  }

  expect_failures = [var.authorization]
}

run "rejects_a_p99_that_is_never_reached" {
  command = plan

  variables {
    alarm_thresholds = { p99_milliseconds = 10000 }
  }

  expect_failures = [var.alarm_thresholds]
}

run "rejects_a_queue_as_the_receiver_of_an_alarm" {
  command = plan

  variables {
    alarm_actions = ["arn:aws:sqs:eu-central-1:123456789012:queue"]
  }

  expect_failures = [var.alarm_actions]
}

run "accepts_values_that_look_unusual" {
  command = plan

  variables {
    tags                     = { "Kosten-Stelle" = "Küche 7/b @ home", empty = "" }
    permissions_boundary_arn = "arn:aws:iam::aws:policy/job-function/SystemAdministrator"
    account_throttling       = { rate = 20000, burst = 10000 }
    throttling               = { rate = 20000, burst = 10000 }
    route_throttling         = {}
    table_throughput         = { read = 100000, write = null }
    account_table_throughput = 200000
    cors                     = { allow_origins = ["https://*", "http://localhost:8080", "http://[::1]:3000"], allow_methods = ["*"], allow_headers = ["*"], max_age = -1 }
    alarm_actions            = ["arn:aws:sns:eu-central-1:123456789012:pager", "arn:aws:ssm-incidents::123456789012:responseplan/shop"]
  }
}
