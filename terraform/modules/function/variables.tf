# The function's code, permissions and limits.
variable "name" {
  description = "Name of the function; its log group is /aws/lambda/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.name))
    error_message = "name must have 1 to 64 letters, digits, underscores and hyphens."
  }
}

variable "role_name" {
  description = "Name of the function's role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.role_name))
    error_message = "role_name must have 1 to 64 letters, digits, underscores and hyphens."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "table" {
  description = "The function's table, the actions that the function may use on it, and the table's KMS key; null: a key that AWS owns."
  type        = object({ name = string, arn = string, actions = list(string), kms_key_arn = optional(string) })
  nullable    = false

  validation {
    condition     = try(length(var.table.actions) > 0 && alltrue([for action in var.table.actions : can(regex("^dynamodb:[A-Za-z]+$", action))]), false)
    error_message = "table.actions must list DynamoDB actions without wildcards."
  }

  validation {
    condition     = can(regex("^arn:[a-z-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+$", var.table.arn))
    error_message = "table.arn must be the ARN of one table."
  }
}

variable "bundle" {
  description = "The zip to deploy, its SHA-256 in base64 and its commit. Only a new hash causes a deployment; null: there is no zip."
  type        = object({ path = string, sha256 = string, commit = optional(string) })
  nullable    = false

  validation {
    condition     = try(endswith(var.bundle.path, ".zip"), false) && (var.bundle.sha256 == null || can(regex("^[A-Za-z0-9+/]{43}=$", var.bundle.sha256)))
    error_message = "bundle.path must end in .zip, and bundle.sha256 must be a SHA-256 in base64."
  }
}

variable "architecture" {
  description = "Processor architecture of the bundle."
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
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size must be a whole number from 128 to 10240."
  }
}

variable "timeout" {
  description = "Timeout of an invoke in seconds."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 29 && floor(var.timeout) == var.timeout
    error_message = "timeout must be a whole number of seconds from 1 to 29: the API waits at most 30."
  }
}

variable "reserved_concurrency" {
  description = "Concurrency reserved for the function, which is also its limit; -1: the account's shared concurrency."
  type        = number
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= -1 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency must be -1, 0 or a positive whole number."
  }
}

variable "log_retention_days" {
  description = "Days to keep the logs."
  type        = number
  nullable    = false

  validation {
    condition     = var.log_retention_days > 0
    error_message = "log_retention_days must be greater than 0: the cost of logs that never expire keeps growing."
  }
}

variable "tracing" {
  description = "Trace invokes with X-Ray."
  type        = bool
  default     = false
  nullable    = false
}

variable "live_version" {
  description = "Version behind the alias live; null: the newest."
  type        = string
  default     = null

  validation {
    condition     = var.live_version == null || can(regex("^[1-9][0-9]*$", var.live_version))
    error_message = "live_version must be a published version: a whole number from 1."
  }
}
