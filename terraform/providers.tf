# The provider. Region and credentials come from the environment, as for every AWS tool.
provider "aws" {
  default_tags {
    tags = merge({ Service = var.prefix }, var.tags)
  }
}

data "aws_region" "current" {}
