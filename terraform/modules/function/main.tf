# Runs one bundle as a published function behind two aliases, candidate and live, with a role that can do nothing else.
resource "aws_iam_role" "function" {
  name                 = var.role_name
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_cloudwatch_log_group" "function" {
  # checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with a key of its own, and no item's content is logged.
  # checkov:skip=CKV_AWS_338:How long logs are worth their price is each environment's choice.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role_policy" "function" {
  name = "table-and-logs"
  role = aws_iam_role.function.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Table"
        Effect   = "Allow"
        Action   = sort(var.table.actions)
        Resource = var.table.arn
      },
      {
        # No logs:CreateLogGroup: Lambda would make the group again after a destroy.
        # ":*" is how IAM writes the streams of this one group.
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function.arn}:*"
      },
      ], [
      # DynamoDB uses the table's key with the rights of its caller; only through DynamoDB, in the key's own region.
      # Source: https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
      for key in var.table.kms_key_arn[*] : {
        Sid       = "TableKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = key
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${split(":", key)[3]}.amazonaws.com" } }
      }
    ])
  })
}

resource "aws_lambda_function" "function" {
  # checkov:skip=CKV_AWS_50:Tracing needs rights beyond the routes'; the access log has the latencies.
  # checkov:skip=CKV_AWS_116:A dead-letter queue is for asynchronous invokes; the API waits for every answer.
  # checkov:skip=CKV_AWS_117:The function talks to DynamoDB alone, which is no part of a VPC.
  # checkov:skip=CKV_AWS_173:The environment holds the table's name, which is no secret, and Lambda encrypts it anyway.
  # checkov:skip=CKV_AWS_272:Signing needs a profile of the account's; what is deployed is pinned by its hash instead.
  function_name                  = var.name
  role                           = aws_iam_role.function.arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = var.bundle.path
  source_code_hash               = var.bundle.sha256
  publish                        = true
  memory_size                    = var.memory_size
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = { TABLE_NAME = var.table.name }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function.name
  }

  lifecycle {
    precondition {
      condition     = var.bundle.sha256 != null
      error_message = "There is no bundle ${var.bundle.path}: run cargo zip --arch ${var.architecture} first, or set bundle_sha256 to go on with the deployed one."
    }
  }

  # The first invoke may follow at once: it must find its permissions.
  depends_on = [aws_iam_role_policy.function]
}

# The newest version. Terraform's provider updates the code first and publishes last: an apply that fails in between leaves
# the new hash in the state and no version, and the next plan would find nothing to do.
data "aws_lambda_function" "newest" {
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_function.function.version

  lifecycle {
    postcondition {
      condition     = self.code_sha256 == var.bundle.sha256
      error_message = "Version ${self.version} of ${var.name}, the newest, does not hold the bundle: an apply failed before it published one, or the code was changed by hand. README.md, \"A release that was never published\", has the way out."
    }
  }
}

resource "aws_lambda_alias" "release" {
  for_each = {
    candidate = aws_lambda_function.function.version
    live      = coalesce(var.live_version, aws_lambda_function.function.version)
  }

  name             = each.key
  function_name    = aws_lambda_function.function.function_name
  function_version = each.value

  lifecycle {
    precondition {
      condition     = tonumber(each.value) <= tonumber(aws_lambda_function.function.version)
      error_message = "${var.name} has no version ${each.value}: the newest is ${aws_lambda_function.function.version}."
    }
  }
}
