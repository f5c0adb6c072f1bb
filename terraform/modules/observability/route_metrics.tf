# Metrics of each route, which CloudWatch Logs reads from the functions' log lines. The functions do nothing for them.
locals {
  # Metric => its value and its dimensions, from the fields of a log line. Only the line of a request has a status.
  route_metrics = {
    Responses        = { value = "1", unit = "Count", dimensions = { Route = "$.route", Status = "$.status" } }
    Duration         = { value = "$.milliseconds", unit = "Milliseconds", dimensions = { Route = "$.route" } }
    DynamoDBAttempts = { value = "$.dynamodbAttempts", unit = "Count", dimensions = { Route = "$.route" } }
  }

  # Title of a graph => its search. A namespace with a hyphen needs the quotation marks.
  # Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
  route_graphs = {
    "Responses by route and status"           = "SEARCH('{\"${var.prefix}\",Route,Status} MetricName=\"Responses\"', 'Sum', 60)"
    "Duration by route, p99, ms"              = "SEARCH('{\"${var.prefix}\",Route} MetricName=\"Duration\"', 'p99', 60)"
    "DynamoDB attempts by route, per request" = "SEARCH('{\"${var.prefix}\",Route} MetricName=\"DynamoDBAttempts\"', 'Average', 60)"
  }
}

resource "aws_cloudwatch_log_metric_filter" "route" {
  for_each = {
    for pair in setproduct(keys(var.log_groups), keys(local.route_metrics)) :
    "${pair[0]}-${pair[1]}" => { log_group = var.log_groups[pair[0]], metric = pair[1] } if var.route_metrics
  }

  name           = "${var.prefix}-${each.key}"
  log_group_name = each.value.log_group
  pattern        = "{ $.status >= 100 }"

  metric_transformation {
    namespace  = var.prefix
    name       = each.value.metric
    value      = local.route_metrics[each.value.metric].value
    unit       = local.route_metrics[each.value.metric].unit
    dimensions = local.route_metrics[each.value.metric].dimensions
  }
}
