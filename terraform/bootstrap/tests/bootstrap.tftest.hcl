# Each role trusts its jobs alone, reads or writes its own names alone, and cannot widen itself; the states are kept.
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
  prefix            = "shop"
  region            = "eu-central-1"
  repository        = { owner = "octo", name = "items", owner_id = 1, id = 2 }
  protected_api_ids = ["abc123"]
}

run "keeps_states" {
  assert {
    condition     = aws_s3_bucket.state.bucket == "shop-state-123456789012" && !aws_s3_bucket.state.force_destroy
    error_message = "The bucket must have its name and refuse to go while it holds a state."
  }

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "Every version of a state must be kept."
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
    error_message = "No state may travel in the clear."
  }
}

run "trusts_the_listed_jobs_alone" {
  assert {
    condition = { for role, trust in aws_iam_role.role : role => jsondecode(trust.assume_role_policy).Statement[0].Condition } == {
      for role, subjects in {
        plan    = ["pull_request", "ref:refs/heads/main"]
        apply   = ["environment:staging", "environment:production"]
        preview = ["environment:preview"]
        verify  = ["environment:staging", "environment:production"]
        } : role => {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = [for subject in subjects : "repo:octo@1/items@2:${subject}"]
        }
      }
    }
    error_message = "Every role must trust exactly its jobs of this repository."
  }

  assert {
    condition = alltrue([
      for role in aws_iam_role.role :
      length(jsondecode(role.assume_role_policy).Statement) == 1 && jsondecode(role.assume_role_policy).Statement[0].Action == "sts:AssumeRoleWithWebIdentity"
      && jsondecode(role.assume_role_policy).Statement[0].Principal.Federated == output.oidc_provider_arn
    ])
    error_message = "No one but GitHub's jobs may take a role."
  }
}

run "plan_only_reads" {
  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.role["plan"].policy).Statement : [
        for action in statement.Action : can(regex("^(apigateway:GET|[a-z0-9]+:(Describe|Get|List)[A-Za-z]+)$", action))
      ]
    ]))
    error_message = "The plan role may do nothing but read."
  }

  assert {
    condition     = !anytrue(flatten([for statement in jsondecode(aws_iam_role_policy.role["plan"].policy).Statement : [for action in statement.Action : contains(["dynamodb:GetItem", "dynamodb:GetRecords"], action)]]))
    error_message = "The plan role may read no item."
  }
}

run "verify_only_invokes" {
  assert {
    condition = jsondecode(aws_iam_role_policy.role["verify"].policy).Statement == [{
      Sid = "Invoke", Effect = "Allow", Action = ["execute-api:Invoke"], Resource = ["arn:aws:execute-api:eu-central-1:123456789012:*/$default/*"]
    }]
    error_message = "The verify role may do nothing but invoke APIs."
  }

  assert {
    condition = !anytrue(flatten([
      for role in ["plan", "apply", "preview"] : [for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement : [for action in statement.Action : startswith(action, "execute-api:")]]
    ]))
    error_message = "No other role may invoke an API."
  }
}

run "verify_invokes_the_listed_apis_alone" {
  variables {
    verified_api_ids = ["abc123", "def456"]
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.role["verify"].policy).Statement[*].Resource == [[
      "arn:aws:execute-api:eu-central-1:123456789012:abc123/$default/*", "arn:aws:execute-api:eu-central-1:123456789012:def456/$default/*",
    ]]
    error_message = "Where ids are given, the verify role may invoke these APIs alone."
  }
}

run "roles_are_made_within_the_boundary_and_for_lambda" {
  assert {
    condition = alltrue(flatten([
      for role in ["apply", "preview"] : [
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement :
        statement.Condition == { StringEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/boundary" } }
        if anytrue([for action in statement.Action : contains(["iam:CreateRole", "iam:PutRolePolicy"], action)])
      ]
    ]))
    error_message = "A role may be made, and given rights, only within the boundary."
  }

  assert {
    condition = alltrue(flatten([
      for role in ["apply", "preview"] : [
        for statement in jsondecode(aws_iam_role_policy.role[role].policy).Statement :
        statement.Condition == { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
        if contains(statement.Action, "iam:PassRole")
      ]
    ]))
    error_message = "A role may be passed to Lambda alone."
  }

  assert {
    condition = !anytrue(flatten([
      for policy in aws_iam_role_policy.role : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in statement.Action :
          statement.Effect == "Allow" && (can(regex("Boundary|AttachRolePolicy|UpdateAssumeRolePolicy|CreatePolicyVersion|CreateUser|AccessKey", action)) || endswith(action, "*"))
        ]
      ]
    ]))
    error_message = "No role may lift a boundary, change whom a role trusts, or be given actions by wildcard."
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.role : [
        for statement in jsondecode(policy.policy).Statement : [
          for resource in statement.Resource : startswith(resource, "arn:aws:iam::123456789012:role/shop-")
        ] if anytrue([for action in statement.Action : startswith(action, "iam:") && action != "iam:CreateServiceLinkedRole"])
      ]
    ]))
    error_message = "Only roles under the prefix may be touched: never the bootstrap's own, which begin with github-."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.role : startswith(role.name, "github-shop-")]) && alltrue([for policy in aws_iam_policy.boundary : startswith(policy.name, "github-shop-")])
    error_message = "The bootstrap's own names must lie outside the prefix."
  }
}

run "previews_keep_to_themselves" {
  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.role["preview"].policy).Statement : [
        for resource in statement.Resource : anytrue([
          strcontains(resource, "shop-pr-*"),
          resource == "arn:aws:s3:::shop-state-123456789012/preview/*",
          resource == "arn:aws:s3:::shop-state-123456789012" && statement.Action == ["s3:ListBucket"],
          endswith(resource, ":role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway") && statement.Action == ["iam:CreateServiceLinkedRole"],
          startswith(resource, "arn:aws:apigateway:eu-central-1::/") && !anytrue([for action in statement.Action : !startswith(action, "apigateway:")]),
          resource == "*" && alltrue([for action in statement.Action : can(regex("^(logs:.*(Deliver|ResourcePolic|DescribeLogGroups).*|cloudwatch:DescribeAlarms)", action))]),
        ])
      ] if statement.Effect == "Allow"
    ]))
    error_message = "A preview may work on names of previews and states of previews alone, but for what has no name."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.role["preview"].policy).Statement : statement.Resource if statement.Effect == "Deny"] == [
      ["arn:aws:apigateway:eu-central-1::/apis", "arn:aws:apigateway:eu-central-1::/apis/*", "arn:aws:apigateway:eu-central-1::/tags/*"],
      ["arn:aws:apigateway:eu-central-1::/apis/abc123", "arn:aws:apigateway:eu-central-1::/apis/abc123/*"],
    ]
    error_message = "A preview must be kept away from other APIs, by tag and by id."
  }

  assert {
    condition     = alltrue(flatten([for statement in jsondecode(aws_iam_policy.boundary["preview"].policy).Statement : [for resource in statement.Resource : strcontains(resource, "shop-pr-*")]]))
    error_message = "A preview's function may work on previews alone, whatever its policy says."
  }
}

# IAM counts 10,240 characters for a role's inline policies together.
run "fits_into_iam" {
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.role : length(policy.policy) <= 10240])
    error_message = "A policy is too long for IAM."
  }
}

run "takes_a_provider_that_is_there_and_a_repository_without_numbers" {
  variables {
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    repository        = { owner = "octo", name = "items" }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && output.oidc_provider_arn == var.oidc_provider_arn
    error_message = "The provider must be the one that is there."
  }

  assert {
    condition     = jsondecode(aws_iam_role.role["preview"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:octo/items:environment:preview"]
    error_message = "Without numbers, the subject must have the older form."
  }
}

run "refuses_what_github_and_aws_have_not" {
  command = plan

  variables {
    prefix            = "Shop"
    region            = "Frankfurt"
    tags              = { Service = "other" }
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/example.com"
    repository        = { owner = "octo", name = "*" }
    subjects          = { plan = ["*"], apply = ["environment:production"], preview = [], verify = [] }
    protected_api_ids = ["*"]
    verified_api_ids  = ["*"]
  }

  expect_failures = [var.prefix, var.region, var.tags, var.oidc_provider_arn, var.repository, var.subjects, var.protected_api_ids, var.verified_api_ids]
}

run "refuses_half_a_repository" {
  command = plan

  variables {
    repository = { owner = "octo", name = "items", id = 2 }
  }

  expect_failures = [var.repository]
}

run "refuses_to_apply_for_a_pull_request" {
  command = plan

  variables {
    subjects = { plan = [], apply = ["pull_request"], preview = [], verify = [] }
  }

  expect_failures = [var.subjects]
}
