# What the pipelines are configured with.
output "state_bucket" {
  description = "Bucket of the states, for -backend-config=bucket=…"
  value       = aws_s3_bucket.state.bucket
}

output "role_arns" {
  description = "plan, apply, preview and verify => the role that a job takes."
  value       = { for key, role in aws_iam_role.role : key => role.arn }
}

output "boundary_arns" {
  description = "apply and preview => what the service's variable permissions_boundary_arn must be for that role to deploy it."
  value       = { for key, policy in aws_iam_policy.boundary : key => policy.arn }
}

output "oidc_provider_arn" {
  description = "GitHub's OIDC provider in this account."
  value       = local.oidc_provider_arn
}
