# One HTTP API for the functions' aliases: its routes and integrations, one stage, and the permission to invoke.
resource "aws_apigatewayv2_api" "api" {
  name                         = var.name
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = !var.default_endpoint

  dynamic "cors_configuration" {
    for_each = var.cors[*]

    content {
      allow_origins  = cors_configuration.value.allow_origins
      allow_methods  = cors_configuration.value.allow_methods
      allow_headers  = cors_configuration.value.allow_headers
      expose_headers = cors_configuration.value.expose_headers
      max_age        = cors_configuration.value.max_age
    }
  }
}

resource "aws_lambda_permission" "api" {
  for_each = var.functions

  # The id has the name of the API, because two APIs can call the same function.
  statement_id  = "Invoke-${var.name}"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  function_name = each.value.function_name
  qualifier     = each.value.alias
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*/*"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_integration" "function" {
  for_each = var.functions

  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = each.value.invoke_arn
  payload_format_version = "2.0"

  # A cold start may take 10 s before the function's timeout starts. The API waits for the sum of both, at most 30 s, so
  # that the function itself responds.
  timeout_milliseconds = min(30, var.function_timeout + 10) * 1000

  # A route that moves to another function needs the new integration before the old one is deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.authorization.type == "jwt" ? 1 : 0

  api_id           = aws_apigatewayv2_api.api.id
  name             = "${var.name}-jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.authorization.issuer
    audience = var.authorization.audience
  }

  # API Gateway refuses to delete an authorizer that a route refers to, so the routes must change first.
  # Source: https://github.com/anomalyco/sst/issues/5586
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_route" "route" {
  for_each = var.routes

  api_id    = aws_apigatewayv2_api.api.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.function[each.value].id}"

  authorization_type   = { none = "NONE", iam = "AWS_IAM", jwt = "JWT" }[var.authorization.type]
  authorizer_id        = one(aws_apigatewayv2_authorizer.jwt[*].id)
  authorization_scopes = var.authorization.scopes

  # A route exists only while the API has the permission to invoke its function.
  depends_on = [aws_lambda_permission.api]
}

resource "aws_cloudwatch_log_group" "access" {
  # checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with an AWS key, and the access log does not contain items.
  # checkov:skip=CKV_AWS_338:Each environment chooses how long it pays for logs.
  count = var.access_log ? 1 : 0

  # Under /aws/vendedlogs/, because there the account's log resource policy does not grow with every API.
  name              = "/aws/vendedlogs/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true

  # Without these settings both limits are 0, and every request gets 429.
  default_route_settings {
    throttling_rate_limit  = var.throttling.rate
    throttling_burst_limit = var.throttling.burst
  }

  # These replace all default settings of the route.
  # Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
  dynamic "route_settings" {
    for_each = var.route_throttling

    content {
      route_key              = route_settings.key
      throttling_rate_limit  = route_settings.value.rate
      throttling_burst_limit = route_settings.value.burst
    }
  }

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.access

    content {
      destination_arn = access_log_settings.value.arn
      format = jsonencode({
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
      })
    }
  }

  # A stage that is deployed before its routes would return 404 until they exist.
  depends_on = [aws_apigatewayv2_route.route]
}
