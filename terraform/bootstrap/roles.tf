# The roles: plan reads one environment, apply deploys it, verify calls its APIs. Previews have only an apply role.
locals {
  roles = flatten([
    for environment in var.environments : [
      for task in environment == "preview" ? ["apply"] : ["plan", "apply", "verify"] :
      { name = "${environment}-${task}", environment = environment, task = task }
    ]
  ])
}

# The names begin with github-, so they are outside the names that the roles may change: no role can extend its permissions or
# its boundary.
resource "aws_iam_policy" "boundary" {
  for_each = local.name_prefixes

  name        = "github-${var.prefix}-${each.key}-boundary"
  description = "The most that a function of ${each.key} may ever do, whatever its own policy says."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Table"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"]
        Resource = local.resources[each.key].table
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = local.resources[each.key].logs
      },
      {
        # Only with the service's variable tracing does the function's own policy allow this too.
        Sid      = "Traces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      },
    ], [for statement in local.key_statements.function : statement if each.key != "preview"])
  })
}

resource "aws_iam_role" "role" {
  for_each = local.trust_policies

  name               = "github-${var.prefix}-${each.key}"
  assume_role_policy = each.value
}

locals {
  # The actions that create a role or add permissions to it: only with the boundary, and only for Lambda. An apply role may
  # also set the boundary, so that it can adopt the roles of a deployment that was made by hand.
  role_statements = {
    for environment, boundary in aws_iam_policy.boundary : environment => [
      {
        Sid       = "MakeBoundedRoles"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        Resource  = local.resources[environment].role
        Condition = { StringEquals = { "iam:PermissionsBoundary" = boundary.arn } }
      },
      {
        Sid       = "PassRolesToLambda"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = local.resources[environment].role
        Condition = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
      },
      {
        # API Gateway creates this role once per account, with the permissions of the caller that creates the first API.
        Sid       = "LetApiGatewayMakeItsRole"
        Effect    = "Allow"
        Action    = ["iam:CreateServiceLinkedRole"]
        Resource  = ["${local.arn_prefix}:iam::${local.account_id}:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway"]
        Condition = { StringEquals = { "iam:AWSServiceName" = "ops.apigateway.amazonaws.com" } }
      },
    ]
  }

  # The ARN of an API has only an id, which is unknown before the first apply. Until api_ids has it, the job that assumes the
  # role restricts its session to the one API.
  invoke_statements = {
    for environment in var.environments : environment => [{
      Sid      = "Invoke"
      Effect   = "Allow"
      Action   = ["execute-api:Invoke"]
      Resource = [for id in coalescelist(lookup(var.api_ids, environment, []), ["*"]) : "${local.arn_prefix}:execute-api:${var.region}:${local.account_id}:${id}/$default/*"]
    }]
  }

  # Lambda's reports on the invokes of a release. The log has no contents of items.
  report_statements = {
    for environment in var.environments : environment => [{
      Sid      = "ReadReports"
      Effect   = "Allow"
      Action   = ["logs:FilterLogEvents"]
      Resource = [for group in local.resources[environment].logs : group if strcontains(group, ":/aws/lambda/")]
    }]
  }

  # Restricts a role to the APIs of its environment: denies APIs with other names, and the listed APIs of other environments by
  # id, with their child resources. Not by tags, because the role may change them.
  # Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
  api_deny_statements = {
    for environment, name_prefix in local.name_prefixes : environment => concat(
      [
        for which in ["Request", "Resource"] : {
          Sid      = "KeepAwayBy${which}Name"
          Effect   = "Deny"
          Action   = ["apigateway:*"]
          Resource = local.resources[environment].api
          # Null: do not deny a request without a name.
          Condition = { StringNotLike = { "apigateway:${which}/ApiName" = "${name_prefix}-*" }, Null = { "apigateway:${which}/ApiName" = "false" } }
        }
      ],
      [
        for other, ids in var.api_ids : {
          Sid      = "KeepAwayFrom${title(other)}"
          Effect   = "Deny"
          Action   = ["apigateway:*"]
          Resource = flatten([for id in ids : [for path in ["/apis/${id}", "/apis/${id}/*", "/tags/*${id}*"] : "${local.arn_prefix}:apigateway:${var.region}::${path}"]])
        } if other != environment && length(ids) > 0
      ],
    )
  }

  policies = {
    for role in local.roles : role.name => {
      plan = local.statements.plan[role.environment]
      apply = concat(
        local.statements.apply[role.environment],
        local.record_statements[role.environment],
        [for statement in concat(local.log_delivery_statements, local.key_statements.apply) : statement if role.environment != "preview"],
        local.tag_statements[role.environment],
        local.role_statements[role.environment],
        local.api_deny_statements[role.environment],
      )
      verify = concat(local.invoke_statements[role.environment], local.report_statements[role.environment])
    }[role.task]
  }
}

resource "aws_iam_role_policy" "role" {
  for_each = local.policies

  name   = "terraform"
  role   = aws_iam_role.role[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
