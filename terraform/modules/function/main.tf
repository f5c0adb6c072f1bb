# One function: its versions, the aliases candidate and live, and a role with only the permissions that it needs.
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
  # checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with an AWS key, and the content of items is not logged.
  # checkov:skip=CKV_AWS_338:Each environment chooses how long it pays for logs.
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
        # Without logs:CreateLogGroup, because Lambda would create the group again after a destroy.
        # In IAM, ":*" stands for the streams of the log group.
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function.arn}:*"
      },
      ], [
      # DynamoDB uses the table's key with the permissions of its caller. The condition limits this to calls through DynamoDB in
      # the region of the key.
      # Source: https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
      for key in var.table.kms_key_arn[*] : {
        Sid       = "TableKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = key
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${split(":", key)[3]}.amazonaws.com" } }
      }
      ], [
      # The actions cannot be limited to a resource.
      # Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
      for resource in var.tracing ? ["*"] : [] : {
        Sid      = "Traces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = resource
      }
    ])
  })
}

# The commit of the newest bundle. It changes only with the bundle: another commit with the same bundle publishes no version.
resource "terraform_data" "commit" {
  input            = var.bundle.commit
  triggers_replace = var.bundle.sha256

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_lambda_function" "function" {
  # checkov:skip=CKV_AWS_50:Tracing needs additional permissions, and is off by default.
  # checkov:skip=CKV_AWS_116:A dead-letter queue is for asynchronous invokes; the API invokes synchronously.
  # checkov:skip=CKV_AWS_117:The function calls only DynamoDB, which is not in a VPC.
  # checkov:skip=CKV_AWS_173:The only variable is the table's name, which is not secret, and Lambda encrypts it.
  # checkov:skip=CKV_AWS_272:Signing needs a signing profile in the account; the bundle is pinned by its hash instead.
  function_name                  = var.name
  description                    = terraform_data.commit.output == null ? null : "commit ${terraform_data.commit.output}"
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

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function.name
  }

  lifecycle {
    precondition {
      condition     = var.bundle.sha256 != null
      error_message = "There is no bundle ${var.bundle.path}: run cargo zip --arch ${var.architecture} first, or set bundle_sha256 to keep the deployed bundle."
    }
  }

  # The first invoke can come immediately after the creation, and needs these permissions.
  depends_on = [aws_iam_role_policy.function]
}

# The newest version. The provider updates the code first and publishes a version last. An apply that fails in between leaves
# the new hash in the state without a version, and without this check the next plan would be empty.
data "aws_lambda_function" "newest" {
  function_name = aws_lambda_function.function.function_name
  qualifier     = aws_lambda_function.function.version

  lifecycle {
    postcondition {
      condition     = self.code_sha256 == var.bundle.sha256
      error_message = "Version ${self.version} of ${var.name}, the newest, does not have the code of the bundle: an apply failed before it published a version, or the code was changed by hand. To repair it, see README.md, \"A release that was never published\"."
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
