# Values for the APIs, the alarms and the next release.
output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.function.function_name
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.function.name
}

output "aliases" {
  description = "Alias (candidate or live) => the function's name, the alias, its version and the ARN that an API calls."
  value = {
    for key, alias in aws_lambda_alias.release : key => {
      function_name = alias.function_name
      alias         = alias.name
      version       = alias.function_version
      invoke_arn    = alias.invoke_arn
    }
  }
}
