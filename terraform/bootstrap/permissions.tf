# The actions that a plan, an apply and a function need, on the resources of one environment.
locals {
  account_id = data.aws_caller_identity.current.account_id
  arn_prefix = "arn:${data.aws_partition.current.partition}"

  # Environment => the prefix of its resources' names, which is also their tag Service. Staging's and the previews' prefixes
  # begin with production's, but their roles reach only their own names.
  name_prefixes = { for environment in var.environments : environment => {
    staging    = "${var.prefix}-staging"
    production = var.prefix
    preview    = "${var.prefix}-pr-*"
  }[environment] }

  # Environment => the hosted zone of its domain, if Terraform makes the DNS record.
  zone_ids = { for environment in var.environments : environment => compact([try(var.domains[environment].hosted_zone_id, null)]) }

  # Environment => kind of resource => the ARNs that its roles may use.
  resources = {
    for environment, name_prefix in local.name_prefixes : environment => {
      table    = ["${local.arn_prefix}:dynamodb:${var.region}:${local.account_id}:table/${name_prefix}-*"]
      function = [for end in ["", ":*"] : "${local.arn_prefix}:lambda:${var.region}:${local.account_id}:function:${name_prefix}-*${end}"]
      logs = [
        for group in ["/aws/lambda/${name_prefix}-*", "/aws/vendedlogs/${name_prefix}-*", "/aws/lambda/${name_prefix}-*:*", "/aws/vendedlogs/${name_prefix}-*:*"] :
        "${local.arn_prefix}:logs:${var.region}:${local.account_id}:log-group:${group}"
      ]
      role      = ["${local.arn_prefix}:iam::${local.account_id}:role/${name_prefix}-*"]
      alarm     = ["${local.arn_prefix}:cloudwatch:${var.region}:${local.account_id}:alarm:${name_prefix}-*"]
      dashboard = ["${local.arn_prefix}:cloudwatch::${local.account_id}:dashboard/${name_prefix}"]
      # The ARN of an API has an id instead of a name: see api_deny_statements in roles.tf.
      api   = [for path in ["/apis", "/apis/*"] : "${local.arn_prefix}:apigateway:${var.region}::${path}"]
      state = ["${aws_s3_bucket.state.arn}/${environment}/*"]
      # The ARN of a domain has its name.
      # Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
      domain = [
        for path in contains(keys(var.domains), environment) ? ["", "/${var.domains[environment].name}", "/${var.domains[environment].name}/*"] : [] :
        "${local.arn_prefix}:apigateway:${var.region}::/domainnames${path}"
      ]
      zone = [for id in local.zone_ids[environment] : "${local.arn_prefix}:route53:::hostedzone/${id}"]
      # A list of zones and the progress of a change cannot be limited to a zone.
      dns = [for id in local.zone_ids[environment] : "*"]
      # These actions cannot be limited to a resource.
      account = ["*"]
    }
  }

  # Kind of resource => the actions of a plan.
  read_actions = {
    table     = ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"]
    function  = ["lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:ListTags", "lambda:ListVersionsByFunction"]
    logs      = ["logs:DescribeMetricFilters", "logs:ListTagsForResource"]
    role      = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
    alarm     = ["cloudwatch:ListTagsForResource"]
    dashboard = ["cloudwatch:GetDashboard"]
    api       = ["apigateway:GET"]
    domain    = ["apigateway:GET"]
    zone      = ["route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"]
    dns       = ["route53:GetChange", "route53:ListHostedZones"]
    state     = ["s3:GetObject"]
    account   = ["cloudwatch:DescribeAlarms", "lambda:ListFunctions", "logs:DescribeLogGroups"]
  }

  # Kind of resource => the actions of an apply or a destroy, beyond those of a plan. None of them reads or writes items.
  write_actions = {
    table    = ["dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable"]
    function = ["lambda:AddPermission", "lambda:CreateAlias", "lambda:CreateFunction", "lambda:DeleteAlias", "lambda:DeleteFunction", "lambda:DeleteFunctionConcurrency", "lambda:PublishVersion", "lambda:PutFunctionConcurrency", "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"]
    logs     = ["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteMetricFilter", "logs:DeleteRetentionPolicy", "logs:PutMetricFilter", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"]
    # The actions that create a role or add permissions to it are in roles.tf, with a condition.
    role      = ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole"]
    alarm     = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    dashboard = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]
    # Tags on creation need an action that AWS's reference does not list.
    # Source: https://github.com/aws-amplify/amplify-cli/issues/12316
    api    = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:TagResource", "apigateway:UntagResource"]
    domain = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:TagResource", "apigateway:UntagResource"]
    # The lock is an object beside the state. It is deleted when the lock is released.
    state = ["s3:DeleteObject", "s3:PutObject"]
  }

  # plan or apply => environment => its statements, one for each kind of resource.
  statements = {
    for task, write_actions in { plan = {}, apply = local.write_actions } : task => {
      for environment in var.environments : environment => concat(
        [
          for kind, actions in local.read_actions : {
            Sid = title(kind), Effect = "Allow", Action = concat(actions, lookup(write_actions, kind, [])), Resource = local.resources[environment][kind]
          } if length(local.resources[environment][kind]) > 0
        ],
        [{ Sid = "FindState", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.state.arn] }],
      )
    }
  }

  # A change of a DNS record can be limited to the record of the domain.
  # Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
  record_statements = {
    for environment in var.environments : environment => [
      for zone in local.resources[environment].zone : {
        Sid       = "Record"
        Effect    = "Allow"
        Action    = ["route53:ChangeResourceRecordSets"]
        Resource  = [zone]
        Condition = { "ForAllValues:StringEquals" = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [var.domains[environment].name] } }
      }
    ]
  }

  # API Gateway sets up the delivery of access logs with the permissions of the caller that creates the stage. They reach
  # every log delivery of the account, so previews have no access log.
  # Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
  log_delivery_statements = [{
    Sid      = "DeliverAccessLogs"
    Effect   = "Allow"
    Action   = ["logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery"]
    Resource = ["*"]
  }]

  # For a table with a customer managed key: DynamoDB uses the key with the permissions of its caller.
  # Source: https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
  key_statements = {
    for task, actions in {
      apply    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      function = ["kms:Decrypt"]
      } : task => length(var.table_kms_key_arns) == 0 ? [] : [{
        Sid       = "TableKey"
        Effect    = "Allow"
        Action    = actions
        Resource  = var.table_kms_key_arns
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${var.region}.amazonaws.com" } }
    }]
  }

  # The tags of an API are a separate resource, whose form AWS shows in its error messages. Tags on creation need it for an API
  # that has no id yet; the removal of a tag needs the API's id. Source of the form:
  # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/997
  tag_arn_prefix = "${local.arn_prefix}:apigateway:${var.region}::/tags/"
  removable_tags = {
    for environment in var.environments : environment => concat(
      [for id in lookup(var.api_ids, environment, []) : "${local.tag_arn_prefix}*${id}*"],
      [for domain in [for key, domain in var.domains : domain.name if key == environment] : "${local.tag_arn_prefix}*${urlencode("/domainnames/${domain}")}"],
    )
  }
  tag_statements = {
    for environment, name_prefix in local.name_prefixes : environment => concat(
      [{
        Sid       = "TagApis"
        Effect    = "Allow"
        Action    = ["apigateway:POST"]
        Resource  = [for path in concat(["/v2/apis/", "/apis/"], contains(keys(var.domains), environment) ? ["/v2/domainnames/", "/domainnames/"] : []) : "${local.tag_arn_prefix}${urlencode("${local.arn_prefix}:apigateway:${var.region}::${path}")}*"]
        Condition = { StringLikeIfExists = { "aws:RequestTag/Service" = name_prefix } }
      }],
      length(local.removable_tags[environment]) == 0 ? [] : [{
        Sid      = "UntagApis"
        Effect   = "Allow"
        Action   = ["apigateway:DELETE"]
        Resource = local.removable_tags[environment]
      }],
    )
  }
}
