# The settings of an environment. The defaults suit a first try.
variable "prefix" {
  description = "Prefix of every resource's name: \"shop\" gives shop-items, shop-function, shop-role and shop-api. Deployments in the same account and region need different prefixes."
  type        = string
  default     = "http-crud-tutorial"
  nullable    = false

  validation {
    # 40 characters and "-candidate-api" or "-delete-function" fit into the 64 of Lambda and IAM.
    condition     = can(regex("^[a-z][a-z0-9-]{1,38}[a-z0-9]$", var.prefix)) && !strcontains(var.prefix, "--")
    error_message = "prefix must be 3 to 40 lower-case letters, digits and single hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "tags" {
  description = "Tags for every resource, in addition to Service = prefix."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !contains([for key in keys(var.tags) : lower(key)], "service")
    error_message = "The tag Service, in any case, is reserved for the prefix."
  }

  # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html, "Rules for tagging".
  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags has two keys that differ only in case: IAM treats them as the same key."
  }

  validation {
    condition     = alltrue([for key, value in var.tags : length(key) >= 1 && length(key) <= 128 && length(value) <= 256 && !startswith(lower(key), "aws:")])
    error_message = "A tag's key must have 1 to 128 characters and not begin with aws:, and its value at most 256 characters."
  }
}

variable "architecture" {
  description = "Processor architecture of the functions and of the bundle: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "function_layout" {
  description = "single: one function handles all routes. per_route: one function per route, whose role has only the table actions of that route."
  type        = string
  default     = "single"
  nullable    = false

  validation {
    condition     = contains(["single", "per_route"], var.function_layout)
    error_message = "function_layout must be single or per_route."
  }
}

variable "memory_size" {
  description = "Memory of each function in MB. Lambda gives a function CPU in proportion to its memory."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size must be a whole number from 128 to 10240."
  }
}

variable "reserved_concurrency" {
  description = "Concurrency reserved for each function, which is also its limit. -1: no reservation, the account's shared concurrency. 0 stops the service."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= -1 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency must be -1, 0 or a positive whole number."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary for the functions' roles. An apply role of terraform/bootstrap can create roles only with the boundary of its environment. null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "deletion_protection" {
  description = "Protect the table against deletion. Switch it off in a separate apply before a destroy."
  type        = bool
  default     = false
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Keep backups that can restore the table to any second of the last 35 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "table_name" {
  description = "Name of the table, if not PREFIX-items: a restore creates a table with another name."
  type        = string
  default     = null

  validation {
    condition     = var.table_name == null || try(startswith(var.table_name, "${var.prefix}-"), false)
    error_message = "table_name must begin with the prefix and a hyphen: the roles of terraform/bootstrap can deploy only such tables."
  }
}

variable "table_kms_key_arn" {
  description = "ARN of the KMS key that encrypts the table. The key's policy must delegate access to IAM of this account, as the default key policy does, and the key must be in table_kms_key_arns of terraform/bootstrap for its roles. null: a key that AWS owns, free of charge."
  type        = string
  default     = null

  validation {
    condition     = var.table_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.table_kms_key_arn))
    error_message = "table_kms_key_arn must be the ARN of a KMS key, not of an alias."
  }
}

variable "log_retention_days" {
  description = "Days to keep the functions' logs and the access logs."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch Logs accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and so on up to 3653."
  }
}

variable "access_log" {
  description = "Keep an access log of each API. Creating one needs permissions on every log delivery of the account, which previews do not have."
  type        = bool
  default     = true
  nullable    = false
}

variable "throttling" {
  description = "Rate (requests per second) and burst that each API accepts before it returns 429."
  type        = object({ rate = number, burst = number })
  default     = { rate = 500, burst = 1000 }
  nullable    = false

  validation {
    # For API Gateway, 0 means to reject every request.
    condition     = var.throttling.rate > 0 && var.throttling.burst > 0
    error_message = "throttling.rate and throttling.burst must be greater than 0: at 0, API Gateway answers every request with 429."
  }
}

variable "authorization" {
  description = "Authorization of the public API. none: everyone may call it; iam: requests must be signed by a principal with execute-api:Invoke; jwt: requests need a token of this issuer for one of these audiences and, if scopes are listed, with one of them."
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
    error_message = "issuer, audience and scopes are only for authorization of type jwt."
  }
}

variable "cors" {
  description = "CORS: the origins whose web pages may call the public API from a browser. Their scripts may send the headers in allow_headers and read those in expose_headers. The defaults are all headers that the API uses; another list replaces them. \"*\" stands for every header, but in allow_headers not for authorization. null: none."
  type = object({
    allow_origins  = list(string)
    allow_methods  = optional(list(string), ["GET", "PUT", "DELETE"])
    allow_headers  = optional(list(string), ["authorization", "content-type", "if-match", "if-none-match"])
    expose_headers = optional(list(string), ["etag", "retry-after"])
    max_age        = optional(number, 600)
  })
  default = null

  validation {
    condition     = var.cors == null || try(length(var.cors.allow_origins) > 0 && alltrue([for origin in var.cors.allow_origins : can(regex("^(\\*|https?://[^/]+)$", origin))]), false)
    error_message = "cors.allow_origins must list origins such as https://shop.example, without a path, or \"*\"."
  }

  # Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html, "allowHeaders" and
  # "exposeHeaders"; for "*" and authorization, https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
  validation {
    condition     = var.cors == null || try(alltrue([for header in concat(var.cors.allow_headers, var.cors.expose_headers) : can(regex("^(\\*|[A-Za-z0-9-]+)$", header))]), false)
    error_message = "cors.allow_headers and cors.expose_headers must list names of headers such as if-match, one in each string, or \"*\"."
  }

  validation {
    condition     = var.cors == null || try(var.cors.max_age >= 0 && var.cors.max_age <= 86400, false)
    error_message = "cors.max_age must be from 0 to 86400 seconds."
  }
}

variable "candidate_api" {
  description = "Create the candidate API: a second, IAM-protected API that calls the alias candidate, which is the newest version."
  type        = bool
  default     = false
  nullable    = false
}

variable "live_versions" {
  description = "Function => version behind the public API; the newest version for a function that is not listed. The outputs live_versions and candidate_versions have this form."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for function in keys(var.live_versions) : contains(keys(local.actions_by_function), function)])
    error_message = "live_versions names a function that this layout does not have: single has items; per_route has put, get, list and delete."
  }

  validation {
    condition     = alltrue([for version in values(var.live_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "live_versions must have published versions: whole numbers from 1."
  }
}

variable "bundle_sha256" {
  description = "SHA-256 of the deployed bundle, from the output bundle_sha256: with it, a plan, a promotion or a rollback needs no zip. null: the hash of the zip that cargo zip wrote."
  type        = string
  default     = null

  validation {
    condition     = var.bundle_sha256 == null || can(regex("^[A-Za-z0-9+/]{43}=$", var.bundle_sha256))
    error_message = "bundle_sha256 must be a SHA-256 in base64, like the output bundle_sha256."
  }
}

variable "alarms" {
  description = "Create the alarms."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_actions" {
  description = "ARNs, such as that of an SNS topic, that are notified when an alarm goes off and when it recovers. Empty: alarms are visible only in the console."
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
