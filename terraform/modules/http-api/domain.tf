# The API's own domain: the domain with its certificate, the mapping of all paths to the API, and the DNS record.
resource "aws_apigatewayv2_domain_name" "domain" {
  count = var.domain == null ? 0 : 1

  domain_name = var.domain.name

  domain_name_configuration {
    certificate_arn = var.domain.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "domain" {
  count = var.domain == null ? 0 : 1

  api_id      = aws_apigatewayv2_api.api.id
  domain_name = aws_apigatewayv2_domain_name.domain[0].id
  stage       = aws_apigatewayv2_stage.default.id
}

# Only IPv4: the domain has no IPv6 address unless its ip_address_type is dualstack.
resource "aws_route53_record" "domain" {
  count = try(var.domain.hosted_zone_id, null) == null ? 0 : 1

  zone_id = var.domain.hosted_zone_id
  name    = var.domain.name
  type    = "A"

  alias {
    name                   = local.domain_target.name
    zone_id                = local.domain_target.hosted_zone_id
    evaluate_target_health = false
  }
}

locals {
  domain_target = one([
    for configuration in flatten(aws_apigatewayv2_domain_name.domain[*].domain_name_configuration) :
    { name = configuration.target_domain_name, hosted_zone_id = configuration.hosted_zone_id }
  ])
}
