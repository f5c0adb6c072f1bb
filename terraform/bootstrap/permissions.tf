# Says what it takes to read the service, to change it, and to be it, for resources of certain names alone.
locals {
  account = data.aws_caller_identity.current.account_id
  aws     = "arn:${data.aws_partition.current.partition}"

  # Whose names each role works on. Previews live inside production's prefix, and see nothing else of it.
  names = { plan = "${var.prefix}-*", apply = "${var.prefix}-*", preview = "${var.prefix}-pr-*" }

  # Where in the bucket each role's states lie.
  states = { plan = ["production", "staging"], apply = ["production", "staging"], preview = ["preview"] }

  # Role => kind of resource => the ARNs that it works on.
  resources = {
    for role, names in local.names : role => {
      table    = ["${local.aws}:dynamodb:${var.region}:${local.account}:table/${names}"]
      function = [for end in ["", ":*"] : "${local.aws}:lambda:${var.region}:${local.account}:function:${names}${end}"]
      logs = [
        for group in ["/aws/lambda/${names}", "/aws/vendedlogs/${names}", "/aws/lambda/${names}:*", "/aws/vendedlogs/${names}:*"] :
        "${local.aws}:logs:${var.region}:${local.account}:log-group:${group}"
      ]
      role  = ["${local.aws}:iam::${local.account}:role/${names}"]
      alarm = ["${local.aws}:cloudwatch:${var.region}:${local.account}:alarm:${names}"]
      # A dashboard is called as the prefix itself.
      dashboard = concat(
        ["${local.aws}:cloudwatch::${local.account}:dashboard/${names}"],
        role == "preview" ? [] : ["${local.aws}:cloudwatch::${local.account}:dashboard/${var.prefix}"],
      )
      # An API has no name in its ARN.
      api   = [for path in ["/apis", "/apis/*", "/tags/*"] : "${local.aws}:apigateway:${var.region}::${path}"]
      state = [for state in local.states[role] : "${aws_s3_bucket.state.arn}/${state}/*"]
      # What these actions do cannot be narrowed to a resource.
      account = ["*"]
    }
  }

  # Kind of resource => what a plan does to it.
  reads = {
    table     = ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"]
    function  = ["lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:ListTags", "lambda:ListVersionsByFunction"]
    logs      = ["logs:ListTagsForResource"]
    role      = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
    alarm     = ["cloudwatch:ListTagsForResource"]
    dashboard = ["cloudwatch:GetDashboard"]
    api       = ["apigateway:GET"]
    state     = ["s3:GetObject"]
    account   = ["cloudwatch:DescribeAlarms", "logs:DescribeLogGroups"]
  }

  # Kind of resource => what an apply or a destroy does to it, beside reading. No item of a table is among it.
  writes = {
    table    = ["dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable"]
    function = ["lambda:AddPermission", "lambda:CreateAlias", "lambda:CreateFunction", "lambda:DeleteAlias", "lambda:DeleteFunction", "lambda:DeleteFunctionConcurrency", "lambda:PublishVersion", "lambda:PutFunctionConcurrency", "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"]
    logs     = ["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"]
    # What makes or widens a role stands apart, under a condition: see roles.tf.
    role      = ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole"]
    alarm     = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    dashboard = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]
    api       = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
    # The lock is an object beside the state, and goes when it is released.
    state = ["s3:DeleteObject", "s3:PutObject"]
    # API Gateway has its access logs delivered in the name of whoever sets up the stage.
    account = ["logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery"]
  }

  read_statements = {
    for role in keys(local.names) : role => concat(
      [for kind, actions in local.reads : { Sid = "Read${title(kind)}", Effect = "Allow", Action = actions, Resource = local.resources[role][kind] }],
      [{ Sid = "FindState", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.state.arn] }],
    )
  }

  write_statements = {
    for role in ["apply", "preview"] : role => [
      for kind, actions in local.writes : { Sid = "Write${title(kind)}", Effect = "Allow", Action = actions, Resource = local.resources[role][kind] }
    ]
  }
}
