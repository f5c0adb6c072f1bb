# Which service is deployed from which repository, and by which of its jobs.
variable "prefix" {
  description = "Production's prefix, as in the service's own variable. Staging and previews add to it: PREFIX-staging, PREFIX-pr-NUMBER."
  type        = string
  default     = "http-crud-tutorial"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.prefix)) && !strcontains(var.prefix, "--")
    error_message = "prefix must be 3 to 32 lower-case letters, digits and single hyphens, starting with a letter, which leaves room for what staging and previews add."
  }
}

variable "region" {
  description = "The one region that the roles may deploy to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region, such as eu-central-1."
  }
}

variable "tags" {
  description = "Tags for every resource, beside Service."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !contains(keys(var.tags), "Service")
    error_message = "The tag Service is github-PREFIX."
  }
}

variable "state_bucket_force_destroy" {
  description = "Let a destroy delete the state bucket with every state in it. Switch it on in an apply of its own, only to remove everything."
  type        = bool
  default     = false
  nullable    = false
}

variable "oidc_provider_arn" {
  description = "GitHub's OIDC provider, where the account has one already: there can be only one. null creates it."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token.actions.githubusercontent.com$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be the ARN of the provider token.actions.githubusercontent.com."
  }
}

variable "repository" {
  description = "The GitHub repository: owner and name, and the numbers of both, which GitHub puts into the subjects of repositories created from 2026-07-15 on. Without numbers, the older form is trusted."
  type = object({
    owner    = string
    name     = string
    owner_id = optional(number)
    id       = optional(number)
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+$", var.repository.owner)) && can(regex("^[A-Za-z0-9._-]+$", var.repository.name))
    error_message = "repository.owner and repository.name must be GitHub's, without a slash or a wildcard."
  }

  validation {
    condition     = (var.repository.owner_id == null) == (var.repository.id == null)
    error_message = "repository.owner_id and repository.id go together: both or neither."
  }
}

variable "subjects" {
  description = "Role => the jobs that may take it, as GitHub writes them after the repository: pull_request, ref:refs/heads/BRANCH or environment:NAME."
  type        = object({ plan = list(string), apply = list(string), preview = list(string), verify = list(string) })
  default = {
    plan    = ["pull_request", "ref:refs/heads/main"]
    apply   = ["environment:staging", "environment:production"]
    preview = ["environment:preview"]
    verify  = ["environment:staging", "environment:production"]
  }
  nullable = false

  validation {
    condition     = alltrue([for subject in flatten(values(var.subjects)) : can(regex("^(pull_request|ref:refs/(heads|tags)/[^*?]+|environment:[^*?]+)$", subject))])
    error_message = "A subject is pull_request, ref:refs/heads/BRANCH, ref:refs/tags/TAG or environment:NAME, without wildcards."
  }

  validation {
    condition     = alltrue([for subject in var.subjects.apply : startswith(subject, "environment:")])
    error_message = "Only a GitHub environment, which can ask for a reviewer, may take the apply role."
  }
}

variable "protected_api_ids" {
  description = "Ids of the APIs that no preview may touch; production's, once it stands. Their tags protect them too."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.protected_api_ids : can(regex("^[a-z0-9]+$", id))])
    error_message = "protected_api_ids must be ids of APIs."
  }
}

variable "verified_api_ids" {
  description = "Ids of the APIs that the verify role may invoke; staging's and production's, once they stand. Empty: whichever its job narrows the session to."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.verified_api_ids : can(regex("^[a-z0-9]+$", id))])
    error_message = "verified_api_ids must be ids of APIs."
  }
}
