# What the function runs, what it may touch and how much of Lambda it may take.
variable "name" {
  description = "Name of the function; its log group is /aws/lambda/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.name))
    error_message = "A function's name has 1 to 64 letters, digits, underscores and hyphens."
  }
}

variable "role_name" {
  description = "Name of the function's role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.role_name))
    error_message = "A role's name has 1 to 64 letters, digits, underscores and hyphens."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role; null sets none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "table" {
  description = "The table that the function works on, the actions that it takes there, and the KMS key of the table; null: the key that AWS owns."
  type        = object({ name = string, arn = string, actions = list(string), kms_key_arn = optional(string) })
  nullable    = false

  validation {
    condition     = length(var.table.actions) > 0 && alltrue([for action in var.table.actions : can(regex("^dynamodb:[A-Za-z]+$", action))])
    error_message = "table.actions must name single DynamoDB actions, without a wildcard."
  }

  validation {
    condition     = !strcontains(var.table.arn, "*")
    error_message = "table.arn must be the ARN of one table."
  }
}

variable "bundle" {
  description = "The zip to run and its SHA-256 in base64. Only the hash says whether there is something to deploy; null means that there is no zip."
  type        = object({ path = string, sha256 = string })
  nullable    = false

  validation {
    condition     = endswith(var.bundle.path, ".zip")
    error_message = "bundle.path must name a zip."
  }
}

variable "architecture" {
  description = "Processor that the bundle was built for."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "memory_size" {
  description = "Memory in MB."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size must be from 128 to 10240."
  }
}

variable "timeout" {
  description = "Seconds that one invoke may take."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 29
    error_message = "timeout must be from 1 to 29 seconds: the API waits no longer than 30."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent executions set aside for, and allowed to, the function; -1 shares the account's."
  type        = number
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= -1
    error_message = "reserved_concurrency must be -1 or more."
  }
}

variable "log_retention_days" {
  description = "Days that the logs are kept."
  type        = number
  nullable    = false

  validation {
    condition     = var.log_retention_days > 0
    error_message = "log_retention_days must be greater than 0: logs that never expire cost ever more."
  }
}

variable "live_version" {
  description = "Version behind the alias live; null: the newest."
  type        = string
  default     = null

  validation {
    condition     = var.live_version == null || can(regex("^[1-9][0-9]*$", var.live_version))
    error_message = "live_version must be a published version: a whole number from 1 up."
  }
}
