# Mock values for the attributes that the configuration passes on.
mock_resource "aws_dynamodb_table" {
  defaults = {
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/shop-role"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-central-1:123456789012:log-group:shop"
  }
}

# The third release: two versions exist already.
mock_resource "aws_lambda_function" {
  defaults = {
    arn     = "arn:aws:lambda:eu-central-1:123456789012:function:shop-function"
    version = "3"
  }
}

# The newest version has the code of the tests' bundle.
mock_data "aws_lambda_function" {
  defaults = {
    version     = "3"
    code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
}

mock_resource "aws_lambda_alias" {
  defaults = {
    arn        = "arn:aws:lambda:eu-central-1:123456789012:function:shop-function:alias"
    invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:123456789012:function:shop-function:alias/invocations"
  }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    id            = "api123"
    execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:api123"
  }
}

mock_resource "aws_apigatewayv2_stage" {
  defaults = {
    invoke_url = "https://api123.execute-api.eu-central-1.amazonaws.com/"
  }
}

mock_data "aws_region" {
  defaults = {
    id = "eu-central-1"
  }
}

mock_data "aws_lambda_functions" {
  defaults = {
    function_names = ["http-crud-tutorial-function", "http-crud-tutorial-put-function"]
  }
}

mock_data "aws_route53_zone" {
  defaults = {
    zone_id      = "Z0123456789"
    name         = "shop.example"
    private_zone = false
  }
}

mock_resource "aws_apigatewayv2_domain_name" {
  defaults = {
    id = "api.shop.example"
  }
}
