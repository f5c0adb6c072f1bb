# Configures the provider; region and credentials come from the environment, as for every AWS tool.
provider "aws" {
  default_tags {
    tags = merge({ Service = "github-${var.prefix}" }, var.tags)
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
