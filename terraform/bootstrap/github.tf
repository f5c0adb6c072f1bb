# Trust policies: only the listed jobs of one GitHub repository can assume the roles.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  oidc_provider_arn = var.oidc_provider_arn != null ? var.oidc_provider_arn : aws_iam_openid_connect_provider.github[0].arn

  # GitHub's tokens name a repository in one of two forms, depending on when the repository was created, renamed or
  # transferred. Source: https://github.com/github/docs/issues/45221
  repositories = concat(
    ["${var.repository.owner}/${var.repository.name}"],
    var.repository.id == null ? [] : ["${var.repository.owner}@${var.repository.owner_id}/${var.repository.name}@${var.repository.id}"],
  )

  # Role => the jobs that may assume it.
  subjects = merge(
    {
      for role in local.roles : role.name => {
        plan   = ["pull_request", "ref:refs/heads/main"]
        apply  = ["environment:${role.environment}"]
        verify = ["environment:${role.environment}-suite"]
      }[role.task]
    },
    var.subjects,
  )

  trust_policies = {
    for role, subjects in local.subjects : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Federated = local.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = [for pair in setproduct(local.repositories, subjects) : "repo:${pair[0]}:${pair[1]}"]
          }
        }
      }]
    })
  }
}
