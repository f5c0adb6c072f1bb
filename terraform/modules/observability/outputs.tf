# The names of the alarms.
output "alarm_names" {
  description = "Names of the alarms; empty if alarms are off."
  value       = keys(aws_cloudwatch_metric_alarm.alarm)
}
