# The required versions of Terraform and the provider. The bootstrap's state stays on the operator's disk.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
