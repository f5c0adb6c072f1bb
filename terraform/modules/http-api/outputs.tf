# Values for callers and alarms.
output "id" {
  description = "ID of the API."
  value       = aws_apigatewayv2_api.api.id
}

output "invoke_url" {
  description = "URL of the API, at its domain if it has one, without a slash at the end."
  # The stage's URL ends in a slash. Both are known only when the routes and integrations exist.
  value = var.domain == null ? trimsuffix(aws_apigatewayv2_stage.default.invoke_url, "/") : "https://${aws_apigatewayv2_api_mapping.domain[0].domain_name}"
}

output "domain_target" {
  description = "Target of the domain's DNS record: its name, and the hosted zone of that name; null without a domain."
  value       = local.domain_target
}

output "log_group_name" {
  description = "Name of the access log's log group; null without an access log."
  value       = one(aws_cloudwatch_log_group.access[*].name)
}
