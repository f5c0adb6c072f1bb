# Alarms on the public API, on the alias live of the functions, and on the table.
locals {
  api_dimensions = { ApiId = var.api_id, Stage = "$default" }

  # Lambda's metrics of an alias have both dimensions.
  live_dimensions = {
    for key, function in var.functions : key => {
      FunctionName = function.function_name
      Resource     = "${function.function_name}:${function.alias}"
    }
  }

  # An alarm goes off when its metric is above the threshold (default 0) in `datapoints` (default 1) of five periods.
  alarms = merge(
    {
      "${var.prefix}-api-5xx" = {
        description = "The public API returns 5xx."
        namespace   = "AWS/ApiGateway", metric = "5xx", dimensions = local.api_dimensions
        datapoints  = 2
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-errors" => {
        description = "${function.Resource} crashes or times out. Errors that it handles itself appear as 5xx of the API."
        namespace   = "AWS/Lambda", metric = "Errors", dimensions = function
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-throttles" => {
        description = "Lambda throttles ${function.Resource}: it has no concurrency left."
        namespace   = "AWS/Lambda", metric = "Throttles", dimensions = function
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-p99" => {
        description = "One invoke in a hundred of ${function.Resource} takes more than a tenth of its time limit."
        namespace   = "AWS/Lambda", metric = "Duration", dimensions = function
        percentile  = "p99", threshold = var.timeout * 1000 / 10, datapoints = 3
      }
    },
    {
      for kind in ["Read", "Write"] : "${var.table.name}-${lower(kind)}-throttles" => {
        description = "DynamoDB throttles ${lower(kind)}s of ${var.table.name}: a hot key, or a table that has not scaled up yet."
        namespace   = "AWS/DynamoDB", metric = "${kind}ThrottleEvents", dimensions = { TableName = var.table.name }
        datapoints  = 2
      }
    },
    {
      # The dimension Operation is the action without "dynamodb:".
      for operation in [for action in var.table.actions : trimprefix(action, "dynamodb:")] : "${var.table.name}-${lower(operation)}-system-errors" => {
        description = "DynamoDB answers ${operation} on ${var.table.name} with internal errors."
        namespace   = "AWS/DynamoDB", metric = "SystemErrors", dimensions = { TableName = var.table.name, Operation = operation }
        datapoints  = 2
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = { for name, alarm in local.alarms : name => alarm if var.alarms }

  alarm_name          = each.key
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = can(each.value.percentile) ? null : "Sum"
  extended_statistic  = try(each.value.percentile, null)
  comparison_operator = "GreaterThanThreshold"
  threshold           = try(each.value.threshold, 0)
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = try(each.value.datapoints, 1)

  # A period without requests is not an error.
  treat_missing_data = "notBreaching"

  # Notified when the alarm goes off and when it recovers.
  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}
