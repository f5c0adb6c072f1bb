# The API has exactly its routes, authorization, limits and access log.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name   = "shop-api"
  routes = { "PUT /items" = "items", "GET /items" = "items" }
  functions = {
    items = { function_name = "shop-function", alias = "live", invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/live/invocations" }
  }
  function_timeout   = 10
  authorization      = { type = "none" }
  throttling         = { rate = 100, burst = 200 }
  log_retention_days = 30
}

run "routes_every_caller_to_the_alias" {
  module {
    source = "./modules/http-api"
  }

  assert {
    condition     = aws_apigatewayv2_api.api.name == "shop-api" && aws_apigatewayv2_api.api.protocol_type == "HTTP" && aws_apigatewayv2_api.api.target == null && aws_apigatewayv2_api.api.route_key == null
    error_message = "The API must be an HTTP API without a quick-create route."
  }

  assert {
    condition     = { for key, route in aws_apigatewayv2_route.route : route.route_key => route.target } == { for key in ["PUT /items", "GET /items"] : key => "integrations/${aws_apigatewayv2_integration.function["items"].id}" }
    error_message = "Every route must have its function's integration, and there must be no other routes."
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.function["items"].integration_type == "AWS_PROXY"
      && aws_apigatewayv2_integration.function["items"].integration_uri == "arn:aws:apigateway:eu-central-1:lambda:path/live/invocations"
      && aws_apigatewayv2_integration.function["items"].payload_format_version == "2.0"
    )
    error_message = "The integration must call the alias with payload format 2.0."
  }

  assert {
    condition     = aws_apigatewayv2_integration.function["items"].timeout_milliseconds == 20000
    error_message = "The API must wait longer than a function with a slow cold start takes."
  }

  assert {
    condition     = output.invoke_url == "https://api123.execute-api.eu-central-1.amazonaws.com"
    error_message = "The URL must not end in a slash."
  }

  assert {
    condition = (
      aws_lambda_permission.api["items"].source_arn == "arn:aws:execute-api:eu-central-1:123456789012:api123/*/*"
      && aws_lambda_permission.api["items"].principal == "apigateway.amazonaws.com"
      && aws_lambda_permission.api["items"].action == "lambda:InvokeFunction"
    )
    error_message = "The permission must be only for this API's routes."
  }

  assert {
    condition     = aws_lambda_permission.api["items"].function_name == "shop-function" && aws_lambda_permission.api["items"].qualifier == "live" && aws_lambda_permission.api["items"].statement_id == "Invoke-shop-api"
    error_message = "The permission must be on the alias, with an id that no other API uses."
  }

  assert {
    condition     = aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 100 && aws_apigatewayv2_stage.default.default_route_settings[0].throttling_burst_limit == 200 && length(aws_apigatewayv2_stage.default.route_settings) == 0
    error_message = "Both limits must be set, without other limits for single routes."
  }

  assert {
    condition     = aws_apigatewayv2_stage.default.name == "$default" && aws_apigatewayv2_stage.default.auto_deploy
    error_message = "The stage must be $default and deploy automatically."
  }

  assert {
    condition = jsondecode(aws_apigatewayv2_stage.default.access_log_settings[0].format) == {
      requestId               = "$context.requestId"
      requestTime             = "$context.requestTime"
      httpMethod              = "$context.httpMethod"
      routeKey                = "$context.routeKey"
      status                  = "$context.status"
      responseLength          = "$context.responseLength"
      responseLatency         = "$context.responseLatency"
      integrationLatency      = "$context.integrationLatency"
      integrationStatus       = "$context.integrationStatus"
      integrationErrorMessage = "$context.integrationErrorMessage"
      integrationRequestId    = "$context.integration.requestId"
      authorizerError         = "$context.authorizer.error"
      errorMessage            = "$context.error.message"
      sourceIp                = "$context.identity.sourceIp"
      userAgent               = "$context.identity.userAgent"
    }
    error_message = "The access log must be JSON with these fields."
  }

  assert {
    condition     = aws_apigatewayv2_stage.default.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.access[0].arn && output.log_group_name == "/aws/vendedlogs/shop-api" && aws_cloudwatch_log_group.access[0].retention_in_days == 30
    error_message = "The access log must go to its log group, which has the retention."
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.route : route.authorization_type == "NONE" && route.authorizer_id == null]) && length(aws_apigatewayv2_authorizer.jwt) == 0
    error_message = "none must not require authorization."
  }

  assert {
    condition     = length(aws_apigatewayv2_api.api.cors_configuration) == 0
    error_message = "Without cors, the API must not have CORS settings."
  }

  assert {
    condition     = length(aws_apigatewayv2_domain_name.domain) == 0 && length(aws_apigatewayv2_api_mapping.domain) == 0 && length(aws_route53_record.domain) == 0 && output.domain_target == null && !aws_apigatewayv2_api.api.disable_execute_api_endpoint
    error_message = "Without a domain, the API must be at the URL that API Gateway assigns."
  }
}

run "a_route_has_limits_of_its_own" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    route_throttling = { "GET /items" = { rate = 10, burst = 20 } }
  }

  assert {
    condition     = [for route in aws_apigatewayv2_stage.default.route_settings : "${route.route_key} ${route.throttling_rate_limit} ${route.throttling_burst_limit}"] == ["GET /items 10 20"]
    error_message = "The route must have its rate and its burst."
  }
}

run "a_domain_leads_to_the_api" {
  module {
    source = "./modules/http-api"
  }

  variables {
    domain           = { name = "api.shop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1", hosted_zone_id = "Z0123456789" }
    default_endpoint = false
  }

  assert {
    condition     = output.invoke_url == "https://api.shop.example" && aws_apigatewayv2_api.api.disable_execute_api_endpoint
    error_message = "The API must be at its domain, and only there."
  }

  assert {
    condition = (
      aws_apigatewayv2_domain_name.domain[0].domain_name == "api.shop.example"
      && aws_apigatewayv2_domain_name.domain[0].domain_name_configuration[0].certificate_arn == "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      && aws_apigatewayv2_domain_name.domain[0].domain_name_configuration[0].endpoint_type == "REGIONAL"
      && aws_apigatewayv2_domain_name.domain[0].domain_name_configuration[0].security_policy == "TLS_1_2"
    )
    error_message = "The domain must be regional, with its certificate and at least TLS 1.2: an HTTP API has no other."
  }

  assert {
    condition     = aws_apigatewayv2_api_mapping.domain[0].api_id == "api123" && aws_apigatewayv2_api_mapping.domain[0].domain_name == "api.shop.example" && aws_apigatewayv2_api_mapping.domain[0].stage == aws_apigatewayv2_stage.default.id && aws_apigatewayv2_api_mapping.domain[0].api_mapping_key == null
    error_message = "All paths of the domain must lead to the API's stage."
  }

  assert {
    condition = (
      aws_route53_record.domain[0].zone_id == "Z0123456789" && aws_route53_record.domain[0].name == "api.shop.example" && aws_route53_record.domain[0].type == "A"
      && aws_route53_record.domain[0].alias[0].name == output.domain_target.name && aws_route53_record.domain[0].alias[0].zone_id == output.domain_target.hosted_zone_id
    )
    error_message = "The DNS record must point to the domain's target."
  }
}

run "a_domain_without_a_hosted_zone_has_no_record" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    domain = { name = "api.shop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" }
  }

  assert {
    condition     = length(aws_apigatewayv2_domain_name.domain) == 1 && length(aws_route53_record.domain) == 0 && !aws_apigatewayv2_api.api.disable_execute_api_endpoint
    error_message = "Without a hosted zone, there must be a domain but no record, and the other URL stays."
  }
}

run "access_log_can_be_switched_off" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    access_log = false
  }

  assert {
    condition     = length(aws_apigatewayv2_stage.default.access_log_settings) == 0 && length(aws_cloudwatch_log_group.access) == 0 && output.log_group_name == null
    error_message = "Without an access log, there must be no log group and no log settings."
  }
}

run "iam_requires_signatures" {
  module {
    source = "./modules/http-api"
  }

  variables {
    authorization = { type = "iam" }
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.route : route.authorization_type == "AWS_IAM"]) && length(aws_apigatewayv2_authorizer.jwt) == 0
    error_message = "iam must require a signature on every route."
  }
}

run "jwt_requires_tokens" {
  module {
    source = "./modules/http-api"
  }

  variables {
    authorization = { type = "jwt", issuer = "https://id.example", audience = ["shop"], scopes = ["items"] }
    cors          = { allow_origins = ["https://shop.example"], allow_methods = ["GET"], allow_headers = ["if-match"], expose_headers = ["etag"], max_age = 60 }
  }

  assert {
    condition = alltrue([
      for route in aws_apigatewayv2_route.route :
      route.authorization_type == "JWT" && route.authorizer_id == aws_apigatewayv2_authorizer.jwt[0].id && route.authorization_scopes == toset(["items"])
    ])
    error_message = "jwt must require a token with a scope on every route."
  }

  assert {
    condition = (
      aws_apigatewayv2_authorizer.jwt[0].jwt_configuration[0].issuer == "https://id.example"
      && aws_apigatewayv2_authorizer.jwt[0].jwt_configuration[0].audience == toset(["shop"])
      && aws_apigatewayv2_authorizer.jwt[0].identity_sources == toset(["$request.header.Authorization"])
    )
    error_message = "The token must be from this issuer, for this audience."
  }

  assert {
    condition = (
      aws_apigatewayv2_api.api.cors_configuration[0].allow_origins == toset(["https://shop.example"])
      && aws_apigatewayv2_api.api.cors_configuration[0].allow_methods == toset(["GET"])
      && aws_apigatewayv2_api.api.cors_configuration[0].allow_headers == toset(["if-match"])
      && aws_apigatewayv2_api.api.cors_configuration[0].expose_headers == toset(["etag"])
      && aws_apigatewayv2_api.api.cors_configuration[0].max_age == 60
    )
    error_message = "CORS must be as configured."
  }
}

run "rejects_a_hosted_zone_of_another_domain" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    domain = { name = "api.workshop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1", hosted_zone_id = "Z0123456789" }
  }

  expect_failures = [data.aws_route53_zone.domain]
}

run "accepts_the_name_of_the_zone_itself" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    domain = { name = "shop.example", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1", hosted_zone_id = "Z0123456789" }
  }

  assert {
    condition     = aws_route53_record.domain[0].name == "shop.example"
    error_message = "The record must be that of the zone."
  }
}

run "rejects_values_that_cannot_work" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    name               = "an api"
    functions          = { items = { function_name = "shop-function", alias = "$LATEST", invoke_arn = "arn" } }
    function_timeout   = 30
    authorization      = { type = "basic" }
    cors               = { allow_origins = [], allow_methods = [], allow_headers = [], expose_headers = [], max_age = 0 }
    throttling         = { rate = 100, burst = 0 }
    domain             = { name = "https://shop.example", certificate_arn = "arn:aws:iam::123456789012:server-certificate/shop" }
    log_retention_days = 0
  }

  expect_failures = [
    var.name, var.functions, var.function_timeout, var.authorization, var.cors, var.throttling,
    var.domain, var.log_retention_days,
  ]
}

run "rejects_routes_to_unknown_functions" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    routes = { "GET /items" = "unknown" }
  }

  expect_failures = [var.routes]
}

run "rejects_an_api_that_cannot_be_reached" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    default_endpoint = false
  }

  expect_failures = [var.default_endpoint]
}

run "rejects_limits_of_unknown_routes" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    route_throttling = { "GET /unknown" = { rate = 1, burst = 1 } }
  }

  expect_failures = [var.route_throttling]
}

run "rejects_invalid_route_keys" {
  command = plan

  module {
    source = "./modules/http-api"
  }

  variables {
    routes = { "get /items" = "items" }
  }

  expect_failures = [var.routes]
}
