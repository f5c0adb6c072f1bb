# The table's name, protection, recovery, limits and encryption.
variable "name" {
  description = "Name of the table."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.name))
    error_message = "name must have 3 to 255 letters, digits, underscores, dots and hyphens."
  }
}

variable "deletion_protection" {
  description = "Protect the table against deletion."
  type        = bool
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Keep backups that can restore the table to any second of the last 35 days."
  type        = bool
  nullable    = false
}

variable "throughput" {
  description = "Maximum read and write units per second; null: no maximum."
  type        = object({ read = optional(number), write = optional(number) })
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for units in values(var.throughput) : units == null || try(units >= 1 && floor(units) == units, false)])
    error_message = "throughput.read and throughput.write must be whole numbers from 1, or null for no maximum."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the table; null: a key that AWS owns."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not of an alias."
  }
}
