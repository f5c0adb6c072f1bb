# What an environment may choose; every default suits a first try.
variable "prefix" {
  description = "Start of every resource's name: \"shop\" makes shop-items, shop-function, shop-role and shop-api. Two deployments in one account and region need two prefixes."
  type        = string
  default     = "http-crud-tutorial"
  nullable    = false

  validation {
    # 40 + "-candidate-api" or "-delete-function" stays within Lambda's and IAM's 64 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{1,38}[a-z0-9]$", var.prefix)) && !strcontains(var.prefix, "--")
    error_message = "prefix must be 3 to 40 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "tags" {
  description = "Tags for every resource, beside Service = prefix."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !contains([for key in keys(var.tags) : lower(key)], "service")
    error_message = "The tag Service is the prefix, in whatever case."
  }

  # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html, "Rules for tagging".
  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags has two keys that differ only in case, which IAM takes for one."
  }

  validation {
    condition     = alltrue([for key, value in var.tags : length(key) >= 1 && length(key) <= 128 && length(value) <= 256 && !startswith(lower(key), "aws:")])
    error_message = "The key of a tag has 1 to 128 characters and does not begin with aws:, and its value has at most 256."
  }
}

variable "architecture" {
  description = "Processor of the functions, and which bundle is deployed: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "function_layout" {
  description = "single: one function answers all routes. per_route: one function per route, each role with that route's one table action."
  type        = string
  default     = "single"
  nullable    = false

  validation {
    condition     = contains(["single", "per_route"], var.function_layout)
    error_message = "function_layout must be single or per_route."
  }
}

variable "memory_size" {
  description = "Memory of each function in MB. Lambda's share of the processor grows with it."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size must be a whole number from 128 to 10240."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent executions set aside for, and allowed to, each function; -1 shares the account's. 0 stops the service."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= -1 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency must be -1 or a whole number from 0 up."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary for the functions' roles; the apply role of terraform/bootstrap may create no role without its own. null sets none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the table. Switch it off in an apply of its own before a destroy."
  type        = bool
  default     = false
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Keep the table restorable to any second of the last 35 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "table_name" {
  description = "Name of the table where it is not PREFIX-items: after a restore, which makes a table of another name."
  type        = string
  default     = null

  validation {
    condition     = var.table_name == null || try(startswith(var.table_name, "${var.prefix}-"), false)
    error_message = "table_name must begin with the prefix and a hyphen: the roles of terraform/bootstrap deploy no other."
  }
}

variable "table_kms_key_arn" {
  description = "KMS key that encrypts the table, whose own policy lets IAM of this account decide, as the default key policy does; the deploying roles need it among table_kms_key_arns of terraform/bootstrap. null: the key that AWS owns, free of charge."
  type        = string
  default     = null

  validation {
    condition     = var.table_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.table_kms_key_arn))
    error_message = "table_kms_key_arn must be the ARN of a KMS key, not of an alias."
  }
}

variable "log_retention_days" {
  description = "Days that the functions' logs and the access logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and so on up to 3653."
  }
}

variable "access_log" {
  description = "Keep an access log of each API. Setting one up takes rights on every log delivery of the account, which previews do not get."
  type        = bool
  default     = true
  nullable    = false
}

variable "throttling" {
  description = "Requests per second, and at one moment, that each API lets through before it answers 429."
  type        = object({ rate = number, burst = number })
  default     = { rate = 500, burst = 1000 }
  nullable    = false

  validation {
    # API Gateway takes 0 for "refuse everything".
    condition     = var.throttling.rate > 0 && var.throttling.burst > 0
    error_message = "throttling.rate and throttling.burst must be greater than 0: API Gateway answers 429 to everyone at 0."
  }
}

variable "authorization" {
  description = "Who may call the public API. none: anyone; iam: requests signed by a principal with execute-api:Invoke; jwt: bearers of a token of this issuer, for one of these audiences, with one of these scopes if any are named."
  type = object({
    type     = string
    issuer   = optional(string)
    audience = optional(list(string), [])
    scopes   = optional(list(string), [])
  })
  default  = { type = "none" }
  nullable = false

  validation {
    condition     = contains(["none", "iam", "jwt"], var.authorization.type)
    error_message = "authorization.type must be none, iam or jwt."
  }

  validation {
    condition     = var.authorization.type != "jwt" || (can(regex("^https://[^?#]+$", var.authorization.issuer)) && length(var.authorization.audience) > 0)
    error_message = "authorization of type jwt needs an https issuer and at least one audience."
  }

  validation {
    condition     = var.authorization.type == "jwt" || (var.authorization.issuer == null && length(var.authorization.audience) == 0 && length(var.authorization.scopes) == 0)
    error_message = "issuer, audience and scopes belong to authorization of type jwt."
  }
}

variable "cors" {
  description = "Which web pages may call the public API from a browser. null: none."
  type = object({
    allow_origins = list(string)
    allow_methods = optional(list(string), ["GET", "PUT", "DELETE"])
    allow_headers = optional(list(string), ["authorization", "content-type"])
    max_age       = optional(number, 600)
  })
  default = null

  validation {
    condition     = var.cors == null || try(length(var.cors.allow_origins) > 0 && alltrue([for origin in var.cors.allow_origins : can(regex("^(\\*|https?://[^/]+)$", origin))]), false)
    error_message = "cors.allow_origins must list origins such as https://shop.example, without a path, or \"*\"."
  }

  validation {
    condition     = var.cors == null || try(var.cors.max_age >= 0 && var.cors.max_age <= 86400, false)
    error_message = "cors.max_age must be from 0 to 86400 seconds."
  }
}

variable "candidate_api" {
  description = "Create the second, IAM-protected API that calls the candidate alias, the newest version."
  type        = bool
  default     = false
  nullable    = false
}

variable "live_versions" {
  description = "Function => version behind the public API; a function not named here has its newest. The outputs live_versions and candidate_versions have this form."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for function in keys(var.live_versions) : contains(keys(local.actions_by_function), function)])
    error_message = "live_versions names a function that this layout does not have: single has items; per_route has put, get, list and delete."
  }

  validation {
    condition     = alltrue([for version in values(var.live_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "live_versions takes published versions: whole numbers from 1 up."
  }
}

variable "bundle_sha256" {
  description = "Hash of the deployed bundle, as the output bundle_sha256 gives it: plan, promotion and rollback then need no zip. null: hash the zip that cargo zip wrote."
  type        = string
  default     = null

  validation {
    condition     = var.bundle_sha256 == null || can(regex("^[A-Za-z0-9+/]{43}=$", var.bundle_sha256))
    error_message = "bundle_sha256 must be a SHA-256 in base64, as the output bundle_sha256 gives it."
  }
}

variable "alarms" {
  description = "Create the alarms."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_actions" {
  description = "ARNs that an alarm tells of going off and of recovering, such as an SNS topic. None: alarms show in the console alone."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_actions : startswith(arn, "arn:")])
    error_message = "alarm_actions must be ARNs."
  }
}

variable "dashboard" {
  description = "Create the dashboard."
  type        = bool
  default     = true
  nullable    = false
}
