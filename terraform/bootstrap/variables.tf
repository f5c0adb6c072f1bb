# The settings: the service, its repository, and the environments of this account.
variable "prefix" {
  description = "Production's prefix, as in the service's variable prefix. Staging's is PREFIX-staging, a preview's PREFIX-pr-NUMBER."
  type        = string
  default     = "http-crud-tutorial"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.prefix)) && !strcontains(var.prefix, "--") && !startswith("${var.prefix}-", "github-")
    error_message = "prefix must be 3 to 32 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen. It must not be github or begin with github-, like the roles of the bootstrap. The limit leaves room for -staging and -pr-NUMBER."
  }

  # Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  validation {
    condition     = !can(regex("^(sthree|amzn-s3-demo)-", "${var.prefix}-"))
    error_message = "prefix must not be or begin with sthree or amzn-s3-demo: S3 reserves such names of buckets."
  }
}

variable "region" {
  description = "Region that the roles may deploy to; only one."
  type        = string
  nullable    = false

  validation {
    # The provider checks that this region exists.
    condition     = can(regex("^(af|ap|ca|cn|eu|eusc-de|il|me|mx|sa|us|us-gov|us-iso[a-z]?|eu-isoe)-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$", var.region))
    error_message = "region must be an AWS region, such as eu-central-1."
  }
}

variable "tags" {
  description = "Tags for every resource, in addition to Service."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !contains([for key in keys(var.tags) : lower(key)], "service")
    error_message = "The tag Service, in any case, is reserved: its value is github-PREFIX."
  }

  # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html, "Rules for tagging".
  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags has two keys that differ only in case: IAM treats them as the same key."
  }

  validation {
    condition = alltrue([
      for key, value in var.tags : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{1,128}$", key)) && can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{0,256}$", value))
    ])
    error_message = "A tag's key must have 1 to 128 characters and its value at most 256: letters, digits, spaces and _ . : / = + - @."
  }

  validation {
    condition     = !anytrue([for text in concat(keys(var.tags), values(var.tags)) : try(startswith(lower(text), "aws:"), false)])
    error_message = "No key and no value in tags may begin with aws:, which AWS reserves."
  }

  validation {
    condition     = length(var.tags) <= 49
    error_message = "tags may have at most 49 tags: AWS allows 50 for each resource, and one is Service."
  }
}

variable "state_bucket_force_destroy" {
  description = "Allow a destroy to delete the state bucket with all states. Switch it on in a separate apply, only to remove everything."
  type        = bool
  default     = false
  nullable    = false
}

variable "oidc_provider_arn" {
  description = "ARN of GitHub's OIDC provider, if the account already has it: an account can have only one. null: create it."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token[.]actions[.]githubusercontent[.]com$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be the ARN of the provider token.actions.githubusercontent.com: arn:aws:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com."
  }
}

variable "repository" {
  description = "The GitHub repository: owner and name, and the ids of both, which GitHub puts into the subjects of newer repositories. With ids, the roles trust both forms; without ids, only the older one."
  type = object({
    owner    = string
    name     = string
    owner_id = optional(number)
    id       = optional(number)
  })
  nullable = false

  validation {
    # The owner of an enterprise may have an underscore.
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$", var.repository.owner)) && can(regex("^[A-Za-z0-9._-]{1,100}$", var.repository.name)) && !can(regex("^[.]+$|[.]git$", var.repository.name))
    error_message = "repository.owner and repository.name must be names on GitHub, such as octo-org and shop, without slashes or wildcards, and the name without .git."
  }

  validation {
    condition     = alltrue([for id in [var.repository.owner_id, var.repository.id] : id == null || try(id >= 1 && floor(id) == id, false)])
    error_message = "repository.owner_id and repository.id must be whole numbers, as gh api repos/OWNER/NAME --jq '.owner.id, .id' prints them."
  }

  validation {
    condition     = (var.repository.owner_id == null) == (var.repository.id == null)
    error_message = "repository.owner_id and repository.id must both be set, or neither."
  }
}

variable "environments" {
  description = "The environments in this account: any of staging, production and preview. Another account has a separate bootstrap with its environments."
  type        = set(string)
  default     = ["staging", "production", "preview"]
  nullable    = false

  validation {
    condition     = length(var.environments) > 0 && length(setsubtract(var.environments, ["staging", "production", "preview"])) == 0
    error_message = "environments must have at least one of staging, production and preview."
  }
}

variable "subjects" {
  description = "Role, such as staging-apply => the jobs that may assume it instead of the default ones, as the end of GitHub's subject: pull_request, ref:refs/heads/BRANCH or environment:NAME."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.subjects), local.roles[*].name)) == 0
    error_message = "subjects names a role that this account does not have: ENVIRONMENT-plan, ENVIRONMENT-apply or ENVIRONMENT-verify, and preview-apply."
  }

  validation {
    condition     = alltrue([for subjects in values(var.subjects) : try(length(subjects) > 0, false)])
    error_message = "Each role in subjects needs at least one job. Omit the role for the default ones."
  }

  validation {
    condition     = alltrue([for subject in flatten(values(var.subjects)) : can(regex("^(pull_request|ref:refs/(heads|tags)/[^*?]+|environment:[^*?]+)$", subject))])
    error_message = "A subject must be pull_request, ref:refs/heads/BRANCH, ref:refs/tags/TAG or environment:NAME, without wildcards."
  }

  validation {
    condition     = alltrue([for role, subjects in var.subjects : try(alltrue([for subject in subjects : startswith(subject, "environment:")]), true) if endswith(role, "-apply")])
    error_message = "Only jobs in a GitHub environment, which can require a reviewer, may assume an apply role."
  }
}

variable "api_ids" {
  description = "Environment => the ids of its deployed APIs, from the outputs api_id and candidate_api_id; and other => APIs that no role may change. They restrict the roles where names and tags cannot: see README.md."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.api_ids), ["staging", "production", "other"])) == 0
    error_message = "api_ids may have only the keys staging, production and other."
  }

  validation {
    condition     = alltrue([for id in flatten(values(var.api_ids)) : can(regex("^[a-z0-9]+$", id))])
    error_message = "api_ids must contain ids of APIs, such as a1b2c3d4e5, and no URLs."
  }

  validation {
    condition     = length(distinct(flatten(values(var.api_ids)))) == length(flatten(values(var.api_ids)))
    error_message = "api_ids has an id twice: a role is denied the APIs of the other keys, so also its own."
  }
}

variable "table_kms_key_arns" {
  description = "ARNs of the KMS keys that may encrypt the tables of staging and production: each value of the service's variable table_kms_key_arn."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.table_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", arn))])
    error_message = "table_kms_key_arns must be ARNs of KMS keys, not of aliases: arn:aws:kms:REGION:ACCOUNT:key/ID."
  }

  validation {
    condition     = alltrue([for arn in var.table_kms_key_arns : try(split(":", arn)[3] == var.region, true)])
    error_message = "table_kms_key_arns must be keys of the region of the roles, ${var.region}."
  }
}

variable "domains" {
  description = "Environment => the domain that its roles may deploy and, if Terraform makes the DNS record, the id of the hosted zone: as in the service's variable domain."
  type        = map(object({ name = string, hosted_zone_id = optional(string) }))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.domains), setintersection(["staging", "production"], var.environments))) == 0
    error_message = "domains may have only the keys staging and production, if environments has them."
  }

  validation {
    condition     = alltrue([for domain in values(var.domains) : try(can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$", domain.name)) && length(domain.name) <= 253, false)])
    error_message = "The name of a domain must be a host name in lower case, such as api.shop.example, without a scheme, a path or a wildcard."
  }

  validation {
    condition     = length(distinct([for domain in values(var.domains) : try(domain.name, null)])) == length(var.domains)
    error_message = "domains has a name twice: each environment needs a domain of its own."
  }

  validation {
    condition     = alltrue([for domain in values(var.domains) : try(domain.hosted_zone_id, null) == null || can(regex("^Z[A-Z0-9]{1,31}$", domain.hosted_zone_id))])
    error_message = "hosted_zone_id must be the id of a hosted zone in Route 53, such as Z0123456789ABCDEFGHIJ, without /hostedzone/."
  }
}
