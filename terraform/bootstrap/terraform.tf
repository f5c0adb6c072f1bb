# States which Terraform and provider the bootstrap needs; its own state stays on the disk of whoever runs it.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
