# The settings of the pipelines.
output "region" {
  description = "Region that the roles deploy to."
  value       = var.region
}

output "state_bucket" {
  description = "Bucket of the states, for -backend-config=bucket=…"
  value       = aws_s3_bucket.state.bucket
}

output "role_arns" {
  description = "Environment => task (plan, apply or verify) => the role that a job takes."
  value = {
    for environment in var.environments : environment => {
      for role in local.roles : role.task => aws_iam_role.role[role.name].arn if role.environment == environment
    }
  }
}

output "boundary_arns" {
  description = "Environment => the value of the service's variable permissions_boundary_arn, without which its apply role cannot deploy."
  value       = { for environment, policy in aws_iam_policy.boundary : environment => policy.arn }
}

output "oidc_provider_arn" {
  description = "GitHub's OIDC provider in this account."
  value       = local.oidc_provider_arn
}
