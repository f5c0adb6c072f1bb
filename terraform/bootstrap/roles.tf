# Makes the four roles: plan only reads, apply deploys staging and production, preview deploys previews, verify invokes APIs.

# The names begin with github-, outside every name that the roles may change: no role can widen itself or its boundary.
resource "aws_iam_policy" "boundary" {
  for_each = toset(["apply", "preview"])

  name        = "github-${var.prefix}-${each.key}-boundary"
  description = "The most that a function deployed by the ${each.key} role may ever do, whatever its own policy says."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
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
    ]
  })
}

resource "aws_iam_role" "role" {
  for_each = local.trust

  name               = "github-${var.prefix}-${each.key}"
  assume_role_policy = each.value
}

locals {
  # What makes a role or gives it more: only within the boundary, and for Lambda alone to use.
  role_statements = {
    for role, boundary in aws_iam_policy.boundary : role => [
      {
        Sid       = "MakeBoundedRoles"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:PutRolePolicy"]
        Resource  = local.resources[role].role
        Condition = { StringEquals = { "iam:PermissionsBoundary" = boundary.arn } }
      },
      {
        Sid       = "PassRolesToLambda"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = local.resources[role].role
        Condition = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
      },
      {
        # API Gateway makes it for the account, in the name of whoever sets up the first API.
        Sid       = "LetApiGatewayMakeItsRole"
        Effect    = "Allow"
        Action    = ["iam:CreateServiceLinkedRole"]
        Resource  = ["${local.aws}:iam::${local.account}:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway"]
        Condition = { StringEquals = { "iam:AWSServiceName" = "ops.apigateway.amazonaws.com" } }
      },
    ]
  }

  # The suite asks the candidate API before a promotion, and can do nothing else. An API has an id alone, which is unknown
  # before its first apply: the job that takes the role narrows its session to the one API.
  invoke_statements = [{
    Sid      = "Invoke"
    Effect   = "Allow"
    Action   = ["execute-api:Invoke"]
    Resource = [for id in coalescelist(var.verified_api_ids, ["*"]) : "${local.aws}:execute-api:${var.region}:${local.account}:${id}/$default/*"]
  }]

  # APIs have no names in their ARNs: their tags, and for certain their ids, keep previews away from the others.
  keep_away_statements = concat(
    [{
      Sid      = "KeepAwayByTag"
      Effect   = "Deny"
      Action   = ["apigateway:*"]
      Resource = local.resources.preview.api
      Condition = {
        StringNotLike = { "aws:ResourceTag/Service" = local.names.preview }
        Null          = { "aws:ResourceTag/Service" = "false" }
      }
    }],
    length(var.protected_api_ids) == 0 ? [] : [{
      Sid      = "KeepAwayById"
      Effect   = "Deny"
      Action   = ["apigateway:*"]
      Resource = flatten([for id in var.protected_api_ids : [for end in ["", "/*"] : "${local.aws}:apigateway:${var.region}::/apis/${id}${end}"]])
    }],
  )

  policies = {
    plan    = local.read_statements.plan
    apply   = concat(local.read_statements.apply, local.write_statements.apply, local.role_statements.apply)
    preview = concat(local.read_statements.preview, local.write_statements.preview, local.role_statements.preview, local.keep_away_statements)
    verify  = local.invoke_statements
  }
}

resource "aws_iam_role_policy" "role" {
  for_each = local.policies

  name   = "terraform"
  role   = aws_iam_role.role[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
