# Values for the functions and the alarms.
output "name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.items.name
}

output "arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.items.arn
}
