# The alarms watch exactly these metrics of the alias live, the API and the table, and notify the receivers.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  prefix        = "shop"
  api_id        = "api123"
  functions     = { items = { function_name = "shop-function", alias = "live" } }
  table         = { name = "shop-items", arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items", actions = ["dynamodb:PutItem", "dynamodb:Scan"] }
  timeout       = 10
  alarms        = true
  alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:pager"]
  dashboard     = true
}

run "watches_the_public_api" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.alarm : name => "${alarm.namespace} ${alarm.metric_name} ${jsonencode(alarm.dimensions)}" } == {
      "shop-api-5xx"                     = "AWS/ApiGateway 5xx {\"ApiId\":\"api123\",\"Stage\":\"$default\"}"
      "shop-function-errors"             = "AWS/Lambda Errors {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
      "shop-function-throttles"          = "AWS/Lambda Throttles {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
      "shop-function-p99"                = "AWS/Lambda Duration {\"FunctionName\":\"shop-function\",\"Resource\":\"shop-function:live\"}"
      "shop-items-read-throttles"        = "AWS/DynamoDB ReadThrottleEvents {\"TableName\":\"shop-items\"}"
      "shop-items-write-throttles"       = "AWS/DynamoDB WriteThrottleEvents {\"TableName\":\"shop-items\"}"
      "shop-items-putitem-system-errors" = "AWS/DynamoDB SystemErrors {\"Operation\":\"PutItem\",\"TableName\":\"shop-items\"}"
      "shop-items-scan-system-errors"    = "AWS/DynamoDB SystemErrors {\"Operation\":\"Scan\",\"TableName\":\"shop-items\"}"
    }
    error_message = "The alarms must be exactly these, only on the alias live."
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
    condition     = aws_cloudwatch_metric_alarm.alarm["shop-function-p99"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.alarm["shop-function-p99"].threshold == 1000
    error_message = "The threshold of p99 must be a tenth of the timeout."
  }

  assert {
    condition     = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.alarm : alarm.statistic == "Sum" && alarm.threshold == 0 if !endswith(name, "-p99")])
    error_message = "Every other alarm must count, with a threshold of 0."
  }

  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.service[0].dashboard_body).widgets :
      widget.properties.region == "eu-central-1" && length(widget.properties.metrics) > 0
    ])
    error_message = "The dashboard must show metrics in the service's region."
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
    timeout       = 0
    alarm_actions = ["pager"]
  }

  expect_failures = [var.prefix, var.api_id, var.functions, var.table, var.timeout, var.alarm_actions]
}
