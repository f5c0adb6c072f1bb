# A dashboard of requests, errors, latency, throttles and consumed capacity.
locals {
  # The region of the service, from the table's ARN.
  region = split(":", var.table.arn)[3]

  # Title => the metrics of the graph, in CloudWatch's form: namespace, metric, dimensions, options.
  graphs = merge({ for title, search in local.route_graphs : title => [[{ expression = search }]] if var.route_metrics }, {
    "Requests and errors of the API" = [
      for metric in ["Count", "4xx", "5xx"] :
      concat(["AWS/ApiGateway", metric], flatten([for key, value in local.api_dimensions : [key, value]]), [{ stat = "Sum" }])
    ]
    "Latency of the API, ms" = [
      for stat in ["p50", "p99"] :
      concat(["AWS/ApiGateway", "Latency"], flatten([for key, value in local.api_dimensions : [key, value]]), [{ stat = stat }])
    ]
    "Errors and throttles of the functions" = flatten([
      for dimensions in values(local.live_dimensions) : [
        for metric in ["Errors", "Throttles"] :
        { line = concat(["AWS/Lambda", metric], flatten([for key, value in dimensions : [key, value]]), [{ stat = "Sum" }]) }
      ]
    ])[*].line
    "Duration of the functions, p99, ms" = [
      for dimensions in values(local.live_dimensions) :
      concat(["AWS/Lambda", "Duration"], flatten([for key, value in dimensions : [key, value]]), [{ stat = "p99" }])
    ]
    "Capacity that the table consumes" = [
      for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"] :
      ["AWS/DynamoDB", metric, "TableName", var.table.name, { stat = "Sum" }]
    ]
    "Throttles of the table" = [
      for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] :
      ["AWS/DynamoDB", metric, "TableName", var.table.name, { stat = "Sum" }]
    ]
  })
}

resource "aws_cloudwatch_dashboard" "service" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.prefix
  dashboard_body = jsonencode({
    widgets = [
      for index, title in sort(keys(local.graphs)) : {
        type   = "metric"
        x      = index % 2 * 12
        y      = floor(index / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = title
          region  = local.region
          period  = 60
          metrics = local.graphs[title]
        }
      }
    ]
  })
}
