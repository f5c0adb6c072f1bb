# The required versions of Terraform and the provider, and the backend of the state.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # Partial: environments/*.s3.tfbackend and -backend-config=bucket=… complete it.
  backend "s3" {}
}
