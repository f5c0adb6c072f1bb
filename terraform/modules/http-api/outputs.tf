# Values for callers and alarms.
output "id" {
  description = "ID of the API."
  value       = aws_apigatewayv2_api.api.id
}

output "invoke_url" {
  description = "URL of the API, without a slash at the end."
  # The stage's URL ends in a slash. It is known only when the routes and integrations exist.
  value = trimsuffix(aws_apigatewayv2_stage.default.invoke_url, "/")
}

output "log_group_name" {
  description = "Name of the access log's log group; null without an access log."
  value       = one(aws_cloudwatch_log_group.access[*].name)
}
