# The API's own domain: the domain with its certificate, the mapping of all paths to the API, and the DNS record.
resource "aws_apigatewayv2_domain_name" "domain" {
  count = var.domain == null ? 0 : 1

  domain_name = var.domain.name

  domain_name_configuration {
    certificate_arn = var.domain.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }

  # Another name gets its domain, mapping and record before the old ones are deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_api_mapping" "domain" {
  count = var.domain == null ? 0 : 1

  api_id      = aws_apigatewayv2_api.api.id
  domain_name = aws_apigatewayv2_domain_name.domain[0].id
  stage       = aws_apigatewayv2_stage.default.id

  lifecycle {
    create_before_destroy = true
  }
}

# With a zone of another name, Route 53 would make the record api.shop.example.other.example.
data "aws_route53_zone" "domain" {
  count = try(var.domain.hosted_zone_id, null) == null ? 0 : 1

  zone_id = var.domain.hosted_zone_id

  lifecycle {
    postcondition {
      condition     = !coalesce(self.private_zone, false) && endswith(".${var.domain.name}", ".${trimsuffix(self.name, ".")}")
      error_message = "domain.hosted_zone_id is the zone ${self.name}: it must be the public zone of ${var.domain.name}, as aws route53 list-hosted-zones shows it."
    }
  }
}

# Only IPv4: the domain has no IPv6 address unless its ip_address_type is dualstack.
resource "aws_route53_record" "domain" {
  count = length(data.aws_route53_zone.domain)

  zone_id = data.aws_route53_zone.domain[0].zone_id
  name    = var.domain.name
  type    = "A"

  alias {
    name                   = local.domain_target.name
    zone_id                = local.domain_target.hosted_zone_id
    evaluate_target_health = false
  }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  domain_target = one([
    for domain in aws_apigatewayv2_domain_name.domain :
    { name = domain.domain_name_configuration[0].target_domain_name, hosted_zone_id = domain.domain_name_configuration[0].hosted_zone_id }
  ])
}
