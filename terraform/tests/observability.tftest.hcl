# The alarms watch exactly these metrics of the alias live, the API and the table, and notify the receivers.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix        = "shop"
  api_id        = "api123"
  functions     = { items = { function_name = "shop-function", alias = "live" } }
  table         = { name = "shop-items", arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items", actions = ["dynamodb:PutItem", "dynamodb:Scan"] }
  alarms        = true
  thresholds    = { error_percent = 2, min_errors = 3, throttles = 10, system_errors = 20, p99_milliseconds = 1500 }
  alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:pager"]
  dashboard     = true
}

run "watches_the_public_api" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.alarm : name => "${alarm.namespace} ${alarm.metric_name} ${jsonencode(alarm.dimensions)}" if length(alarm.metric_query) == 0 } == {
      "shop-function-throttles"          = "AWS/Lambda Throttles {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
      "shop-items-read-throttles"        = "AWS/DynamoDB ReadThrottleEvents {\"TableName\":\"shop-items\"}"
      "shop-items-write-throttles"       = "AWS/DynamoDB WriteThrottleEvents {\"TableName\":\"shop-items\"}"
      "shop-items-putitem-system-errors" = "AWS/DynamoDB SystemErrors {\"Operation\":\"PutItem\",\"TableName\":\"shop-items\"}"
      "shop-items-scan-system-errors"    = "AWS/DynamoDB SystemErrors {\"Operation\":\"Scan\",\"TableName\":\"shop-items\"}"
    }
    error_message = "The alarms on one metric must be exactly these, only on the alias live."
  }

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.alarm : name => {
        for query in alarm.metric_query : query.id => try("${query.metric[0].namespace} ${query.metric[0].metric_name} ${query.metric[0].stat} ${query.metric[0].period} ${jsonencode(query.metric[0].dimensions)}", query.expression)
      } if length(alarm.metric_query) > 0
      } == {
      "shop-api-5xx" = {
        value    = "AWS/ApiGateway 5xx Sum 300 {\"ApiId\":\"api123\",\"Stage\":\"$default\"}"
        requests = "AWS/ApiGateway Count Sum 300 {\"ApiId\":\"api123\",\"Stage\":\"$default\"}"
        result   = "IF(value >= 3, 100 * value / requests, 0)"
      }
      "shop-function-errors" = {
        value    = "AWS/Lambda Errors Sum 300 {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
        requests = "AWS/Lambda Invocations Sum 300 {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
        result   = "IF(value >= 3, 100 * value / requests, 0)"
      }
      "shop-function-p99" = {
        value    = "AWS/Lambda Duration p99 300 {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
        requests = "AWS/Lambda Invocations Sum 300 {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
        result   = "IF(requests >= 100, value, 0)"
      }
    }
    error_message = "The alarms on an expression must be exactly these, and must not go off for one or two errors, or one slow invoke."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.alarm : length(alarm.metric_query) == 0 || [for query in alarm.metric_query : query.id if query.return_data == true] == ["result"]
    ])
    error_message = "An alarm on an expression must compare only its result."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.alarm :
      alarm.alarm_actions == toset(var.alarm_actions) && alarm.ok_actions == toset(var.alarm_actions)
      && alarm.treat_missing_data == "notBreaching" && alarm.comparison_operator == "GreaterThanThreshold"
    ])
    error_message = "Every alarm must notify when it goes off and when it recovers, and must not go off without traffic."
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.alarm : name => alarm.threshold } == {
      "shop-api-5xx"                     = 2
      "shop-function-errors"             = 2
      "shop-function-throttles"          = 10
      "shop-function-p99"                = 1500
      "shop-items-read-throttles"        = 10
      "shop-items-write-throttles"       = 10
      "shop-items-putitem-system-errors" = 20
      "shop-items-scan-system-errors"    = 20
    }
    error_message = "Every alarm must have the threshold of its kind."
  }

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.alarm :
      alarm.period == 300 && alarm.statistic == "Sum" if length(alarm.metric_query) == 0
    ]) && alltrue([for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.evaluation_periods == 1])
    error_message = "Every alarm must look at five minutes, and one on one metric must sum it."
  }

  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.route) == 0 && !strcontains(aws_cloudwatch_dashboard.service[0].dashboard_body, "SEARCH")
    error_message = "By default there must be no custom metrics, which AWS charges for."
  }

  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.service[0].dashboard_body).widgets :
      widget.properties.region == "eu-central-1" && length(widget.properties.metrics) > 0
    ])
    error_message = "The dashboard must show metrics in the service's region."
  }
}

run "reads_metrics_of_each_route_from_the_logs" {
  module {
    source = "./modules/observability"
  }

  variables {
    route_metrics = true
    log_groups    = { put = "/aws/lambda/shop-put-function", get = "/aws/lambda/shop-get-function" }
  }

  assert {
    condition = { for name, filter in aws_cloudwatch_log_metric_filter.route : filter.name => "${filter.log_group_name} ${filter.metric_transformation[0].name} ${filter.metric_transformation[0].value} ${filter.metric_transformation[0].unit} ${jsonencode(filter.metric_transformation[0].dimensions)}" } == merge([
      for function in ["put", "get"] : {
        "shop-${function}-Responses"        = "/aws/lambda/shop-${function}-function Responses 1 Count {\"Route\":\"$.route\",\"Status\":\"$.status\"}"
        "shop-${function}-Duration"         = "/aws/lambda/shop-${function}-function Duration $.milliseconds Milliseconds {\"Route\":\"$.route\"}"
        "shop-${function}-DynamoDBAttempts" = "/aws/lambda/shop-${function}-function DynamoDBAttempts $.dynamodbAttempts Count {\"Route\":\"$.route\"}"
      }
    ]...)
    error_message = "Every log group must have the three metrics of a route."
  }

  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.route : filter.pattern == "{ $.status >= 100 }" && filter.metric_transformation[0].namespace == "shop"])
    error_message = "The metrics must count only the lines of requests, in the service's namespace."
  }

  assert {
    condition = toset(flatten([
      for widget in jsondecode(aws_cloudwatch_dashboard.service[0].dashboard_body).widgets : [for line in widget.properties.metrics : try([line[0].expression], [])]
      ])) == toset([
      "SEARCH('{\"shop\",Route,Status} MetricName=\"Responses\"', 'Sum', 60)",
      "SEARCH('{\"shop\",Route} MetricName=\"Duration\"', 'p99', 60)",
      "SEARCH('{\"shop\",Route} MetricName=\"DynamoDBAttempts\"', 'Average', 60)",
    ])
    error_message = "The dashboard must show the three metrics."
  }
}

run "an_investigation_is_not_started_by_a_recovery" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:pager", "arn:aws:aiops:eu-central-1:123456789012:investigation-group/shop"]
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.alarm_actions == toset(var.alarm_actions) && alarm.ok_actions == toset(["arn:aws:sns:eu-central-1:123456789012:pager"])])
    error_message = "AWS accepts an investigation only as the action of an alarm that goes off."
  }
}

run "alarms_and_dashboard_can_be_switched_off" {
  module {
    source = "./modules/observability"
  }

  variables {
    alarms    = false
    dashboard = false
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.alarm) == 0 && length(aws_cloudwatch_dashboard.service) == 0 && output.alarm_names == []
    error_message = "With alarms and dashboard off, nothing may be created."
  }
}

run "rejects_values_that_cannot_be_watched" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    prefix        = "a shop"
    api_id        = ""
    functions     = { items = { function_name = "shop-function", alias = "candidate" } }
    table         = { name = "shop-items", arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items", actions = ["s3:PutObject"] }
    thresholds    = { error_percent = -1, min_errors = 3, throttles = 10, system_errors = 20, p99_milliseconds = 1500 }
    alarm_actions = ["pager"]
    route_metrics = true
  }

  expect_failures = [var.prefix, var.api_id, var.functions, var.table, var.thresholds, var.alarm_actions, var.route_metrics]
}
