# The provider: one region. The credentials come from the environment, as for every AWS tool.
provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ Service = "github-${var.prefix}" }, var.tags)
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
