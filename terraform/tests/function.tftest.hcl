# The function runs the bundle on its architecture, has exactly the permissions of its routes, and is released by aliases.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name      = "shop-function"
  role_name = "shop-role"
  table = {
    name    = "shop-items"
    arn     = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items"
    actions = ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:DeleteItem"]
  }
  bundle               = { path = "bootstrap.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  architecture         = "arm64"
  memory_size          = 256
  timeout              = 10
  reserved_concurrency = -1
  log_retention_days   = 30
}

run "runs_the_bundle_with_only_the_needed_permissions" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_function.function.function_name == "shop-function" && aws_lambda_function.function.runtime == "provided.al2023" && aws_lambda_function.function.handler == "bootstrap"
    error_message = "The function must run bootstrap on provided.al2023."
  }

  assert {
    condition     = aws_lambda_function.function.architectures == tolist(["arm64"])
    error_message = "The architecture must be that of the bundle."
  }

  assert {
    condition     = aws_lambda_function.function.filename == "bootstrap.zip" && aws_lambda_function.function.source_code_hash == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" && aws_lambda_function.function.publish
    error_message = "Every new bundle must be published as a version."
  }

  assert {
    condition     = aws_lambda_function.function.timeout == 10 && aws_lambda_function.function.memory_size == 256 && aws_lambda_function.function.reserved_concurrent_executions == -1
    error_message = "Timeout, memory and concurrency must be as configured."
  }

  assert {
    condition     = aws_lambda_function.function.environment[0].variables == tomap({ TABLE_NAME = "shop-items" })
    error_message = "The only environment variable must be the table's name."
  }

  assert {
    condition     = aws_lambda_function.function.tracing_config[0].mode == "PassThrough" && aws_lambda_function.function.description == null
    error_message = "By default invokes must not be traced, and without a commit there must be no description."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.name == "/aws/lambda/shop-function" && aws_cloudwatch_log_group.function.retention_in_days == 30
    error_message = "The log group must be the function's and have the retention."
  }

  assert {
    condition     = aws_lambda_function.function.logging_config[0].log_format == "JSON" && aws_lambda_function.function.logging_config[0].log_group == "/aws/lambda/shop-function"
    error_message = "The function must log JSON to its log group."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.function.policy) == {
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "Table"
          Effect   = "Allow"
          Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"]
          Resource = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items"
        },
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "arn:aws:logs:eu-central-1:123456789012:log-group:shop:*"
        },
      ]
    }
    error_message = "The policy must allow only these six actions, on this table and the streams of this log group."
  }

  assert {
    condition = jsondecode(aws_iam_role.function.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Only Lambda may assume the role."
  }

  assert {
    condition     = aws_iam_role.function.name == "shop-role" && aws_iam_role_policy.function.role == aws_iam_role.function.id && aws_iam_role.function.permissions_boundary == null
    error_message = "The policy must be on the function's role, which by default has no boundary."
  }

  assert {
    condition     = output.aliases["live"].version == "3" && output.aliases["candidate"].version == "3"
    error_message = "Without a live version, both aliases must point to the newest version."
  }
}

run "a_function_of_one_route_has_only_its_table_actions" {
  module {
    source = "./modules/function"
  }

  variables {
    table = {
      name    = "shop-items"
      arn     = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items"
      actions = ["dynamodb:PutItem", "dynamodb:GetItem"]
    }
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.function.policy).Statement[0].Action == ["dynamodb:GetItem", "dynamodb:PutItem"] && length(jsondecode(aws_iam_role_policy.function.policy).Statement) == 2
    error_message = "The statement for the table must have only those actions."
  }

  assert {
    condition     = aws_iam_role.function.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    error_message = "The role must have the boundary."
  }
}

run "traces_with_the_permissions_only_if_configured" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    tracing = true
  }

  assert {
    condition     = aws_lambda_function.function.tracing_config[0].mode == "Active"
    error_message = "Every sampled invoke must be traced."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.function.policy).Statement[2] == {
      Sid      = "Traces"
      Effect   = "Allow"
      Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      Resource = "*"
    }
    error_message = "The function must be able to send its traces."
  }
}

run "live_can_point_to_an_older_version" {
  module {
    source = "./modules/function"
  }

  variables {
    live_version = "2"
  }

  assert {
    condition     = aws_lambda_alias.release["live"].function_version == "2" && aws_lambda_alias.release["candidate"].function_version == "3"
    error_message = "live must point to the configured version, candidate to the newest."
  }
}

# After an apply, as in practice: the plan knows the newest version.
run "rejects_a_version_that_does_not_exist" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    live_version = "4"
  }

  expect_failures = [aws_lambda_alias.release]
}

# The newest version has the code of another bundle, although the resource has the hash of this one.
run "rejects_a_bundle_that_was_never_published" {
  command = plan

  module {
    source = "./modules/function"
  }

  override_data {
    target = data.aws_lambda_function.newest
    values = {
      version     = "3"
      code_sha256 = "tG+6S1r4NTPeHz1kXqYcUgjBGnMAu0cXZ1pN6Nva9Xo="
    }
  }

  expect_failures = [data.aws_lambda_function.newest]
}

run "a_version_names_the_commit_of_its_bundle" {
  module {
    source = "./modules/function"
  }

  variables {
    bundle = { path = "bootstrap.zip", sha256 = "tG+6S1r4NTPeHz1kXqYcUgjBGnMAu0cXZ1pN6Nva9Xo=", commit = "1111111" }
  }

  override_data {
    target = data.aws_lambda_function.newest
    values = {
      version     = "3"
      code_sha256 = "tG+6S1r4NTPeHz1kXqYcUgjBGnMAu0cXZ1pN6Nva9Xo="
    }
  }

  assert {
    condition     = aws_lambda_function.function.description == "commit 1111111"
    error_message = "The version must name the commit of the new bundle, not that of the bundle before."
  }
}

# A promotion or a rollback has no commit, and a documentation commit has the same bundle.
run "another_commit_with_the_same_bundle_changes_nothing" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    bundle = { path = "bootstrap.zip", sha256 = "tG+6S1r4NTPeHz1kXqYcUgjBGnMAu0cXZ1pN6Nva9Xo=", commit = "2222222" }
  }

  override_data {
    target = data.aws_lambda_function.newest
    values = {
      version     = "3"
      code_sha256 = "tG+6S1r4NTPeHz1kXqYcUgjBGnMAu0cXZ1pN6Nva9Xo="
    }
  }

  assert {
    condition     = aws_lambda_function.function.description == "commit 1111111"
    error_message = "The description must stay, because a new one would publish a version."
  }
}

run "uses_the_key_of_the_table_only_through_dynamodb" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    table = {
      name        = "shop-items"
      arn         = "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-items"
      actions     = ["dynamodb:Scan"]
      kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1"
    }
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.function.policy).Statement[2] == {
      Sid       = "TableKey"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = "arn:aws:kms:eu-central-1:123456789012:key/1"
      Condition = { StringEquals = { "kms:ViaService" = "dynamodb.eu-central-1.amazonaws.com" } }
    }
    error_message = "The function must be able to use the table's key, only through DynamoDB."
  }
}

run "rejects_a_missing_bundle" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    bundle = { path = "bootstrap.zip", sha256 = null }
  }

  expect_failures = [aws_lambda_function.function]
}

run "rejects_wildcards" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    table = { name = "shop-items", arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/*", actions = ["dynamodb:*"] }
  }

  expect_failures = [var.table]
}

run "rejects_values_that_lambda_rejects" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name                     = "a function"
    role_name                = "a role"
    permissions_boundary_arn = "boundary"
    bundle                   = { path = "bootstrap", sha256 = "x" }
    architecture             = "sparc"
    memory_size              = 64
    timeout                  = 30
    reserved_concurrency     = -2
    log_retention_days       = 0
    live_version             = "$LATEST"
  }

  expect_failures = [
    var.name, var.role_name, var.permissions_boundary_arn, var.bundle, var.architecture,
    var.memory_size, var.timeout, var.reserved_concurrency, var.log_retention_days, var.live_version,
  ]
}
