# Lets the listed jobs of one GitHub repository, and nobody else, take the roles.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  oidc_provider_arn = var.oidc_provider_arn != null ? var.oidc_provider_arn : aws_iam_openid_connect_provider.github[0].arn

  repository = var.repository.id == null ? "${var.repository.owner}/${var.repository.name}" : "${var.repository.owner}@${var.repository.owner_id}/${var.repository.name}@${var.repository.id}"

  trust = {
    for role, subjects in var.subjects : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Federated = local.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = [for subject in subjects : "repo:${local.repository}:${subject}"]
          }
        }
      }]
    })
  }
}
