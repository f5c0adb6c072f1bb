# Watches what the public meets: alarms on the API, on the functions' alias live and on the table.
locals {
  api_dimensions = { ApiId = var.api_id, Stage = "$default" }

  # Lambda's metrics of one alias carry both dimensions.
  live_dimensions = {
    for key, function in var.functions : key => {
      FunctionName = function.function_name
      Resource     = "${function.function_name}:${function.alias}"
    }
  }

  # Each alarm goes off when its metric passes the threshold (0 unless said) in so many (1 unless said) of five periods.
  alarms = merge(
    {
      "${var.prefix}-api-5xx" = {
        description = "The public API answers 5xx."
        namespace   = "AWS/ApiGateway", metric = "5xx", dimensions = local.api_dimensions
        datapoints  = 2
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-errors" => {
        description = "${function.Resource} crashes or runs out of time; the faults that it answers itself are the API's 5xx."
        namespace   = "AWS/Lambda", metric = "Errors", dimensions = function
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-throttles" => {
        description = "${function.Resource} is refused for want of concurrency."
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
        description = "DynamoDB throttles ${lower(kind)}s of ${var.table.name}: a hot key, or a table that has not grown yet."
        namespace   = "AWS/DynamoDB", metric = "${kind}ThrottleEvents", dimensions = { TableName = var.table.name }
        datapoints  = 2
      }
    },
    {
      # DynamoDB counts these by operation, which is an action without the service's name.
      for operation in [for action in var.table.actions : trimprefix(action, "dynamodb:")] : "${var.table.name}-${lower(operation)}-system-errors" => {
        description = "DynamoDB itself fails ${operation} on ${var.table.name}."
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

  # No requests are no fault.
  treat_missing_data = "notBreaching"

  # Told of going off and of recovering alike.
  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
}
