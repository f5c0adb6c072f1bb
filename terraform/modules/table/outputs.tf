# What the functions and the alarms need to know of the table.
output "name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.items.name
}

output "arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.items.arn
}
