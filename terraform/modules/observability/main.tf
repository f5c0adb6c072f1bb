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

  # An alarm goes off when its metric, summed over five minutes, is above the threshold; or an expression of its metric and of
  # the metric `requests`.
  alarms = merge(
    {
      "${var.prefix}-api-5xx" = {
        description = "More than ${var.thresholds.error_percent} % of the public API's responses are 5xx."
        namespace   = "AWS/ApiGateway", metric = "5xx", requests = "Count", dimensions = local.api_dimensions
        expression  = local.percent, threshold = var.thresholds.error_percent
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-errors" => {
        description = "More than ${var.thresholds.error_percent} % of the invokes of ${function.Resource} crash or time out. Errors that it handles itself appear as 5xx of the API."
        namespace   = "AWS/Lambda", metric = "Errors", requests = "Invocations", dimensions = function
        expression  = local.percent, threshold = var.thresholds.error_percent
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-throttles" => {
        description = "Lambda throttles ${function.Resource}: it has no concurrency left."
        namespace   = "AWS/Lambda", metric = "Throttles", dimensions = function
        threshold   = var.thresholds.throttles
      }
    },
    {
      for function in local.live_dimensions : "${function.FunctionName}-p99" => {
        description = "One invoke in a hundred of ${function.Resource} takes more than ${var.thresholds.p99_milliseconds} ms."
        namespace   = "AWS/Lambda", metric = "Duration", stat = "p99", requests = "Invocations", dimensions = function
        # Of fewer than a hundred invokes, the p99 would be the slowest.
        expression = "IF(requests >= 100, value, 0)", threshold = var.thresholds.p99_milliseconds
      }
    },
    {
      for kind in ["Read", "Write"] : "${var.table.name}-${lower(kind)}-throttles" => {
        description = "DynamoDB throttles ${lower(kind)}s of ${var.table.name}: a hot key, a table that has not scaled up yet, or table_throughput."
        namespace   = "AWS/DynamoDB", metric = "${kind}ThrottleEvents", dimensions = { TableName = var.table.name }
        threshold   = var.thresholds.throttles
      }
    },
    {
      # The dimension Operation is the action without "dynamodb:".
      for operation in [for action in var.table.actions : trimprefix(action, "dynamodb:")] : "${var.table.name}-${lower(operation)}-system-errors" => {
        description = "DynamoDB answers ${operation} on ${var.table.name} with internal errors."
        namespace   = "AWS/DynamoDB", metric = "SystemErrors", dimensions = { TableName = var.table.name, Operation = operation }
        threshold   = var.thresholds.system_errors
      }
    },
  )

  # A percentage, if there are enough errors.
  percent = "IF(value >= ${var.thresholds.min_errors}, 100 * value / requests, 0)"

  # Seconds.
  alarm_period = 300
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = { for name, alarm in local.alarms : name => alarm if var.alarms }

  alarm_name          = each.key
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1

  namespace   = can(each.value.expression) ? null : each.value.namespace
  metric_name = can(each.value.expression) ? null : each.value.metric
  dimensions  = can(each.value.expression) ? null : each.value.dimensions
  statistic   = can(each.value.expression) ? null : "Sum"
  period      = can(each.value.expression) ? null : local.alarm_period

  dynamic "metric_query" {
    for_each = can(each.value.expression) ? { value = try(each.value.stat, "Sum"), requests = "Sum" } : {}

    content {
      id = metric_query.key

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.key == "value" ? each.value.metric : each.value.requests
        dimensions  = each.value.dimensions
        stat        = metric_query.value
        period      = local.alarm_period
      }
    }
  }

  dynamic "metric_query" {
    for_each = can(each.value.expression) ? [each.value.expression] : []

    content {
      id          = "result"
      expression  = metric_query.value
      return_data = true
    }
  }

  # A period without requests is not an error.
  treat_missing_data = "notBreaching"

  # Notified when the alarm goes off and when it recovers. An investigation (aiops) can only be started.
  alarm_actions = var.alarm_actions
  ok_actions    = [for arn in var.alarm_actions : arn if split(":", arn)[2] != "aiops"]
}
