# What callers and alarms need to know of the API.
output "id" {
  description = "Id of the API."
  value       = aws_apigatewayv2_api.api.id
}

output "invoke_url" {
  description = "Where the API answers, without a slash at the end."
  # The stage's own URL ends in a slash, and is known only once everything behind it stands.
  value = trimsuffix(aws_apigatewayv2_stage.default.invoke_url, "/")
}

output "log_group_name" {
  description = "Name of the access log's group; null without one."
  value       = one(aws_cloudwatch_log_group.access[*].name)
}
