# Settings for the pipelines.
output "region" {
  description = "Region that the roles deploy to."
  value       = var.region
}

output "state_bucket" {
  description = "Bucket of the states, for -backend-config=bucket=…"
  value       = aws_s3_bucket.state.bucket
}

output "role_arns" {
  description = "Environment => task (plan, apply or verify) => ARN of the role that a job assumes."
  value = {
    for environment in var.environments : environment => {
      for role in local.roles : role.task => aws_iam_role.role[role.name].arn if role.environment == environment
    }
  }
}

output "boundary_arns" {
  description = "Environment => ARN for the service's variable permissions_boundary_arn. Without it, the apply role cannot deploy."
  value       = { for environment, policy in aws_iam_policy.boundary : environment => policy.arn }
}

output "oidc_provider_arn" {
  description = "ARN of GitHub's OIDC provider in this account."
  value       = local.oidc_provider_arn
}
