# What there is to look at.
output "alarm_names" {
  description = "Names of the alarms; none without them."
  value       = keys(aws_cloudwatch_metric_alarm.alarm)
}
