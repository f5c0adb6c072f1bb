# Each role trusts only its jobs, reaches only its environment and cannot extend its permissions; the states are protected.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "123456789012"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_resource "aws_s3_bucket" {
    defaults = {
      arn = "arn:aws:s3:::shop-state-123456789012"
    }
  }

  mock_resource "aws_iam_openid_connect_provider" {
    defaults = {
      arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/github-shop"
    }
  }

  mock_resource "aws_iam_policy" {
    defaults = {
      arn = "arn:aws:iam::123456789012:policy/boundary"
    }
  }
}

variables {
  prefix     = "shop"
  region     = "eu-central-1"
  repository = { owner = "octo", name = "items", owner_id = 1, id = 2 }
}

run "keeps_states" {
  assert {
    condition     = aws_s3_bucket.state.bucket == "shop-state-123456789012" && !aws_s3_bucket.state.force_destroy
    error_message = "The bucket must have its name, and must not be deleted while it has states."
  }

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "Every version of a state must be kept."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.state.rule[0].expiration[0].expired_object_delete_marker
    error_message = "The last trace of a deleted state must go with its last version."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.state.block_public_acls && aws_s3_bucket_public_access_block.state.block_public_policy
      && aws_s3_bucket_public_access_block.state.ignore_public_acls && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    )
    error_message = "No state may become public."
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.state.policy).Statement[0].Effect == "Deny" && jsondecode(aws_s3_bucket_policy.state.policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "The bucket must deny unencrypted transport."
  }
}

run "trusts_only_the_listed_jobs" {
  assert {
    condition = { for role, trust in aws_iam_role.role : role => jsondecode(trust.assume_role_policy).Statement[0].Condition } == {
      for role, subjects in {
        staging-plan      = ["pull_request", "ref:refs/heads/main"]
        staging-apply     = ["environment:staging"]
        staging-verify    = ["environment:staging-suite"]
        production-plan   = ["pull_request", "ref:refs/heads/main"]
        production-apply  = ["environment:production"]
        production-verify = ["environment:production-suite"]
        preview-apply     = ["environment:preview"]
        } : role => {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = concat(
            [for subject in subjects : "repo:octo/items:${subject}"],
            [for subject in subjects : "repo:octo@1/items@2:${subject}"],
          )
        }
      }
    }
    error_message = "Every role must trust exactly its jobs of this repository, in both forms of GitHub's subjects."
  }

  assert {
    condition = alltrue([
      for role in aws_iam_role.role :
      length(jsondecode(role.assume_role_policy).Statement) == 1 && jsondecode(role.assume_role_policy).Statement[0].Action == "sts:AssumeRoleWithWebIdentity"
      && jsondecode(role.assume_role_policy).Statement[0].Principal.Federated == output.oidc_provider_arn
    ])
    error_message = "Only GitHub's jobs may assume a role."
  }
}

run "plan_only_reads" {
  assert {
    condition = alltrue(flatten([
      for role in ["staging-plan", "production-plan"] : [
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement : [
          for action in statement.Action : can(regex("^(apigateway:GET|[a-z0-9]+:(Describe|Get|List)[A-Za-z]+)$", action)) && !contains(["dynamodb:GetItem", "dynamodb:GetRecords"], action)
        ]
      ]
    ]))
    error_message = "A plan role may only read, and may not read items."
  }
}

run "verify_only_invokes_and_reads_reports" {
  assert {
    condition = jsondecode(aws_iam_role_policy.role["staging-verify"].policy).Statement == [
      { Sid = "Invoke", Effect = "Allow", Action = ["execute-api:Invoke"], Resource = ["arn:aws:execute-api:eu-central-1:123456789012:*/$default/*"] },
      {
        Sid      = "ReadReports"
        Effect   = "Allow"
        Action   = ["logs:FilterLogEvents"]
        Resource = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-staging-*", "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-staging-*:*"]
      },
    ]
    error_message = "A verify role may only invoke APIs, and read the log of the functions."
  }

  assert {
    condition = alltrue(flatten([
      for role, policy in aws_iam_role_policy.role : [
        for statement in jsondecode(policy.policy).Statement : [for action in statement.Action : endswith(role, "-verify") || !startswith(action, "execute-api:")]
      ]
    ]))
    error_message = "No other role may invoke an API."
  }
}

run "api_ids_restrict_the_roles" {
  variables {
    api_ids = { staging = ["abc123"], production = ["def456", "ghi789"], other = ["jkl012"] }
  }

  assert {
    condition = {
      for role in ["staging-verify", "production-verify"] : role => jsondecode(aws_iam_role_policy.role[role].policy).Statement[0].Resource
      } == {
      staging-verify    = ["arn:aws:execute-api:eu-central-1:123456789012:abc123/$default/*"]
      production-verify = ["arn:aws:execute-api:eu-central-1:123456789012:def456/$default/*", "arn:aws:execute-api:eu-central-1:123456789012:ghi789/$default/*"]
    }
    error_message = "A verify role must invoke only the APIs of its environment."
  }

  assert {
    condition = {
      for role in ["staging-apply", "production-apply", "preview-apply"] : role => flatten([
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement : [
          for resource in statement.Resource : regex("/apis/(.*)$", resource)[0] if can(regex("/apis/[a-z0-9]+$", resource))
        ] if statement.Effect == "Deny"
      ])
      } == {
      staging-apply    = ["jkl012", "def456", "ghi789"]
      production-apply = ["jkl012", "abc123"]
      preview-apply    = ["jkl012", "def456", "ghi789", "abc123"]
    }
    error_message = "Each apply role must be denied the APIs of the other environments."
  }

  assert {
    condition = {
      for role in ["staging-apply", "production-apply", "preview-apply"] : role => flatten([
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement : [
          for resource in statement.Resource : resource if strcontains(resource, "/tags/")
        ] if statement.Effect == "Allow" && contains(statement.Action, "apigateway:DELETE")
      ])
      } == {
      staging-apply    = ["arn:aws:apigateway:eu-central-1::/tags/*abc123*"]
      production-apply = ["arn:aws:apigateway:eu-central-1::/tags/*def456*", "arn:aws:apigateway:eu-central-1::/tags/*ghi789*"]
      preview-apply    = []
    }
    error_message = "An apply role may remove tags only from the APIs of its environment, and a preview's from none."
  }
}

run "roles_are_created_only_with_the_boundary_and_for_lambda" {
  assert {
    condition = alltrue(flatten([
      for role in ["staging-apply", "production-apply", "preview-apply"] : [
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement :
        statement.Condition == { StringEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/boundary" } }
        if anytrue([for action in statement.Action : contains(["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"], action)])
      ]
    ]))
    error_message = "A role may be created, changed and adopted only with the boundary."
  }

  assert {
    condition = alltrue(flatten([
      for role in ["staging-apply", "production-apply", "preview-apply"] : [
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement :
        statement.Condition == { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
        if contains(statement.Action, "iam:PassRole")
      ]
    ]))
    error_message = "A role may be passed only to Lambda."
  }

  assert {
    condition = !anytrue(flatten([
      for policy in aws_iam_role_policy.role : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in statement.Action :
          statement.Effect == "Allow" && (can(regex("DeleteRolePermissionsBoundary|AttachRolePolicy|UpdateAssumeRolePolicy|CreatePolicyVersion|CreateUser|AccessKey", action)) || endswith(action, "*"))
        ]
      ]
    ]))
    error_message = "No role may remove a boundary, change a trust policy, or have actions with wildcards."
  }

  assert {
    condition = alltrue(flatten([
      for role in local.roles : [
        for statement in jsondecode(aws_iam_role_policy.role[role.name].policy).Statement : [
          for resource in statement.Resource : resource == "arn:aws:iam::123456789012:role/${local.name_prefixes[role.environment]}-*"
        ] if anytrue([for action in statement.Action : startswith(action, "iam:") && action != "iam:CreateServiceLinkedRole"])
      ]
    ]))
    error_message = "Only roles with the environment's prefix may be changed, not those of the bootstrap, which begin with github-."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.role : startswith(role.name, "github-shop-")]) && alltrue([for policy in aws_iam_policy.boundary : startswith(policy.name, "github-shop-")])
    error_message = "The names of the bootstrap's roles and boundaries must begin with github-, outside the prefix."
  }
}

run "staging_and_previews_reach_only_their_own_resources" {
  assert {
    condition = alltrue(flatten([
      for environment, name_prefix in { staging = "shop-staging", preview = "shop-pr-*" } : [
        for statement in jsondecode(aws_iam_role_policy.role["${environment}-apply"].policy).Statement : [
          for resource in statement.Resource : anytrue([
            strcontains(resource, "/${name_prefix}-*"), strcontains(resource, ":${name_prefix}-*"),
            endswith(resource, ":dashboard/${name_prefix}"),
            resource == "arn:aws:s3:::shop-state-123456789012/${environment}/*",
            resource == "arn:aws:s3:::shop-state-123456789012" && statement.Action == ["s3:ListBucket"],
            endswith(resource, ":role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway") && statement.Action == ["iam:CreateServiceLinkedRole"],
            startswith(resource, "arn:aws:apigateway:eu-central-1::/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2F") && try(statement.Condition == { StringLikeIfExists = { "aws:RequestTag/Service" = name_prefix } }, false),
            startswith(resource, "arn:aws:apigateway:eu-central-1::/apis") && alltrue([for action in statement.Action : startswith(action, "apigateway:")]),
            resource == "*" && alltrue([for action in statement.Action : contains(["cloudwatch:DescribeAlarms", "lambda:ListFunctions", "logs:DescribeLogGroups"], action)]),
            resource == "*" && environment == "staging" && alltrue([for action in statement.Action : can(regex("^logs:.*(Deliver|ResourcePolic)", action))]),
          ])
        ] if statement.Effect == "Allow"
      ]
    ]))
    error_message = "Staging and previews may reach only their names and states, except where ARNs have no names; previews may not reach log delivery."
  }

  assert {
    condition = {
      for role in ["staging-apply", "production-apply", "preview-apply"] : role => [
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement : statement.Condition if statement.Effect == "Deny"
      ]
      } == {
      for role, name_prefix in { staging-apply = "shop-staging", production-apply = "shop", preview-apply = "shop-pr-*" } : role => [
        { StringNotLike = { "apigateway:Request/ApiName" = "${name_prefix}-*" }, Null = { "apigateway:Request/ApiName" = "false" } },
        { StringNotLike = { "apigateway:Resource/ApiName" = "${name_prefix}-*" }, Null = { "apigateway:Resource/ApiName" = "false" } },
      ]
    }
    error_message = "Each apply role must be denied APIs with the names of other environments, existing and new ones."
  }

  assert {
    condition = alltrue(flatten([
      for environment, name_prefix in local.name_prefixes : [
        for statement in jsondecode(aws_iam_policy.boundary[environment].policy).Statement : [
          for resource in statement.Resource : strcontains(resource, "${name_prefix}-*") || alltrue([for action in statement.Action : startswith(action, "xray:Put")])
        ]
      ]
    ]))
    error_message = "The boundary must restrict a function to its environment, whatever its policy allows."
  }

  assert {
    condition = alltrue([
      for boundary in aws_iam_policy.boundary : flatten(jsondecode(boundary.policy).Statement[*].Action)
      == ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    ])
    error_message = "The boundary must allow exactly the actions of the four routes, of the function's log and of its traces."
  }
}

run "a_key_is_used_only_through_dynamodb" {
  variables {
    table_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/1"]
  }

  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.role["staging-apply"].policy, aws_iam_role_policy.role["production-apply"].policy, aws_iam_policy.boundary["staging"].policy, aws_iam_policy.boundary["production"].policy] :
      [for statement in jsondecode(policy).Statement : [statement.Resource, statement.Condition] if can(regex("kms:", jsonencode(statement.Action)))]
      == [[["arn:aws:kms:eu-central-1:123456789012:key/1"], { StringEquals = { "kms:ViaService" = "dynamodb.eu-central-1.amazonaws.com" } }]]
    ])
    error_message = "The apply roles and the functions must be able to use the key, and only through DynamoDB."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.role["preview-apply"].policy, "kms:") && !strcontains(aws_iam_role_policy.role["production-plan"].policy, "kms:")
    error_message = "Previews and plans may not use the key."
  }
}

run "a_domain_is_changed_only_by_its_environment" {
  variables {
    domains = { staging = { name = "staging.shop.example" }, production = { name = "api.shop.example", hosted_zone_id = "Z0123456789" } }
  }

  assert {
    condition = {
      for role in ["staging-apply", "production-apply", "preview-apply"] : role => flatten([
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement : [
          for resource in statement.Resource : resource if can(regex("::/domainnames", resource))
        ] if contains(statement.Action, "apigateway:POST")
      ])
      } == {
      staging-apply    = ["arn:aws:apigateway:eu-central-1::/domainnames", "arn:aws:apigateway:eu-central-1::/domainnames/staging.shop.example", "arn:aws:apigateway:eu-central-1::/domainnames/staging.shop.example/*"]
      production-apply = ["arn:aws:apigateway:eu-central-1::/domainnames", "arn:aws:apigateway:eu-central-1::/domainnames/api.shop.example", "arn:aws:apigateway:eu-central-1::/domainnames/api.shop.example/*"]
      preview-apply    = []
    }
    error_message = "An apply role may change only the domain of its environment."
  }

  assert {
    condition = {
      for role, policy in aws_iam_role_policy.role : role => [
        for statement in jsondecode(policy.policy).Statement : [statement.Resource, try(statement.Condition, null)] if contains(statement.Action, "route53:ChangeResourceRecordSets")
      ] if strcontains(policy.policy, "route53:Change")
      } == {
      production-apply = [[["arn:aws:route53:::hostedzone/Z0123456789"], { "ForAllValues:StringEquals" = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = ["api.shop.example"] } }]]
    }
    error_message = "An apply role may change only the DNS record of its domain."
  }

  assert {
    condition = {
      for role in ["staging-apply", "production-apply", "preview-apply"] : role => flatten([
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement : [
          for resource in statement.Resource : resource if strcontains(resource, "/tags/")
        ] if statement.Effect == "Allow" && contains(statement.Action, "apigateway:DELETE")
      ])
      } == {
      staging-apply    = ["arn:aws:apigateway:eu-central-1::/tags/*%2Fdomainnames%2Fstaging.shop.example"]
      production-apply = ["arn:aws:apigateway:eu-central-1::/tags/*%2Fdomainnames%2Fapi.shop.example"]
      preview-apply    = []
    }
    error_message = "An apply role may remove tags only from the domain of its environment."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.role["production-plan"].policy, "route53:ListResourceRecordSets") && !strcontains(aws_iam_role_policy.role["staging-plan"].policy, "route53:")
    error_message = "A plan role must be able to read the DNS record, if there is one."
  }
}

run "each_account_has_only_its_environments" {
  variables {
    environments = ["production"]
  }

  assert {
    condition     = toset(keys(aws_iam_role.role)) == toset(["production-plan", "production-apply", "production-verify"]) && keys(output.boundary_arns) == ["production"]
    error_message = "An account must have only the roles of its environments."
  }

  assert {
    condition     = { for environment, tasks in output.role_arns : environment => keys(tasks) } == { production = ["apply", "plan", "verify"] }
    error_message = "The outputs must list the roles by environment and task."
  }
}

# IAM limits the inline policies of a role to 10,240 characters in total.
run "fits_the_limits_of_iam" {
  variables {
    prefix             = "a-prefix-of-thirty-two-character"
    api_ids            = { staging = ["a123456789", "b123456789"], production = ["c123456789", "d123456789"], other = ["e123456789", "f123456789", "g123456789"] }
    table_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001", "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002"]
    domains = {
      staging    = { name = "items-of-staging.a-shop-with-a-long-name.example", hosted_zone_id = "Z0123456789ABCDEFGHIJ" }
      production = { name = "items.a-shop-with-a-long-name.example", hosted_zone_id = "Z0123456789ABCDEFGHIJ" }
    }
  }

  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.role : length(policy.policy) <= 10240])
    error_message = "A policy is too long for IAM: ${jsonencode({ for role, policy in aws_iam_role_policy.role : role => length(policy.policy) })}"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.role : length(role.name) <= 64])
    error_message = "A name is too long for IAM."
  }
}

run "accepts_an_existing_provider_and_a_repository_without_ids" {
  variables {
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    repository        = { owner = "octo", name = "items" }
    subjects          = { staging-apply = ["environment:stage"] }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && output.oidc_provider_arn == var.oidc_provider_arn
    error_message = "The existing provider must be used."
  }

  assert {
    condition = {
      for role in ["preview-apply", "staging-apply"] : role => jsondecode(aws_iam_role.role[role].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]
    } == { preview-apply = ["repo:octo/items:environment:preview"], staging-apply = ["repo:octo/items:environment:stage"] }
    error_message = "Without ids, the subject must have the older form, and the jobs in `subjects` must replace the default ones."
  }
}

run "rejects_values_that_github_or_aws_reject" {
  command = plan

  variables {
    prefix            = "Shop"
    region            = "Frankfurt"
    tags              = { service = "other" }
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/example.com"
    repository        = { owner = "octo", name = "*" }
    environments      = ["testing"]
    api_ids           = { staging = ["*"] }
  }

  expect_failures = [var.prefix, var.region, var.tags, var.oidc_provider_arn, var.repository, var.environments, var.api_ids]
}

run "rejects_a_prefix_that_covers_the_bootstrap_roles" {
  command = plan

  variables {
    prefix = "github"
  }

  expect_failures = [var.prefix]
}

run "rejects_a_region_that_does_not_exist" {
  command = plan

  variables {
    region = "xx-nowhere-9"
  }

  expect_failures = [var.region]
}

run "accepts_the_regions_of_other_partitions" {
  command = plan

  variables {
    region = "eusc-de-east-1"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.role["staging-plan"].policy, "eu-central-1")
    error_message = "The roles must be for the region."
  }
}

run "rejects_tags_that_differ_only_in_case" {
  command = plan

  variables {
    tags = { Team = "a", team = "b" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_tag_without_a_key" {
  command = plan

  variables {
    tags = { "" = "a" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_tag_with_a_comma" {
  command = plan

  variables {
    tags = { teams = "a,b" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_provider_that_is_not_githubs" {
  command = plan

  variables {
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token-actions.githubusercontent.com"
  }

  expect_failures = [var.oidc_provider_arn]
}

run "rejects_a_hyphen_as_the_owner" {
  command = plan

  variables {
    repository = { owner = "-", name = "items" }
  }

  expect_failures = [var.repository]
}

run "rejects_a_repository_with_its_url_ending" {
  command = plan

  variables {
    repository = { owner = "octo", name = "items.git" }
  }

  expect_failures = [var.repository]
}

run "rejects_a_fractional_id" {
  command = plan

  variables {
    repository = { owner = "octo", name = "items", owner_id = 1.5, id = 2 }
  }

  expect_failures = [var.repository]
}

run "rejects_a_key_of_another_region" {
  command = plan

  variables {
    table_kms_key_arns = ["arn:aws:kms:us-east-1:123456789012:key/1"]
  }

  expect_failures = [var.table_kms_key_arns]
}

run "rejects_the_alias_of_a_key" {
  command = plan

  variables {
    table_kms_key_arns = ["alias/mine"]
  }

  expect_failures = [var.table_kms_key_arns]
}

run "rejects_a_domain_of_previews" {
  command = plan

  variables {
    domains = { preview = { name = "preview.shop.example" } }
  }

  expect_failures = [var.domains]
}

run "rejects_a_wildcard_domain" {
  command = plan

  variables {
    domains = { production = { name = "*.shop.example" } }
  }

  expect_failures = [var.domains]
}

run "rejects_the_path_of_a_hosted_zone" {
  command = plan

  variables {
    domains = { production = { name = "api.shop.example", hosted_zone_id = "/hostedzone/Z0123456789" } }
  }

  expect_failures = [var.domains]
}

run "rejects_a_prefix_that_s3_reserves" {
  command = plan

  variables {
    prefix = "sthree-shop"
  }

  expect_failures = [var.prefix]
}

run "rejects_a_tag_value_reserved_by_aws" {
  command = plan

  variables {
    tags = { source = "aws:x" }
  }

  expect_failures = [var.tags]
}

run "rejects_a_role_without_jobs" {
  command = plan

  variables {
    subjects = { staging-apply = [] }
  }

  expect_failures = [var.subjects]
}

run "rejects_subjects_that_are_null" {
  command = plan

  variables {
    subjects = { staging-apply = null }
  }

  expect_failures = [var.subjects]
}

run "rejects_an_api_of_two_environments" {
  command = plan

  variables {
    api_ids = { staging = ["abc123"], production = ["abc123"] }
  }

  expect_failures = [var.api_ids]
}

run "rejects_a_domain_of_two_environments" {
  command = plan

  variables {
    domains = { staging = { name = "api.shop.example" }, production = { name = "api.shop.example" } }
  }

  expect_failures = [var.domains]
}

run "rejects_a_domain_that_is_null" {
  command = plan

  variables {
    domains = { production = null }
  }

  expect_failures = [var.domains]
}

run "rejects_a_repository_with_only_one_id" {
  command = plan

  variables {
    repository = { owner = "octo", name = "items", id = 2 }
  }

  expect_failures = [var.repository]
}

run "rejects_subjects_with_a_wildcard" {
  command = plan

  variables {
    subjects = { staging-plan = ["*"] }
  }

  expect_failures = [var.subjects]
}

run "rejects_subjects_of_an_unknown_role" {
  command = plan

  variables {
    subjects = { preview-plan = ["pull_request"] }
  }

  expect_failures = [var.subjects]
}

run "rejects_an_apply_role_for_pull_requests" {
  command = plan

  variables {
    subjects = { production-apply = ["pull_request"] }
  }

  expect_failures = [var.subjects]
}

run "rejects_api_ids_of_previews" {
  command = plan

  variables {
    api_ids = { preview = ["abc123"] }
  }

  expect_failures = [var.api_ids]
}
