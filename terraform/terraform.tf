# States which Terraform, provider and kind of state the service needs.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # Partial: environments/*.s3.tfbackend and -backend-config=bucket=… fill it in.
  backend "s3" {}
}
