# What the API is called, where its routes lead, who may call it and how often.
variable "name" {
  description = "Name of the API; its access logs go to /aws/vendedlogs/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,93}$", var.name))
    error_message = "An API's name here has 1 to 93 letters, digits, underscores and hyphens: it is part of a permission's id, which has 100."
  }
}

variable "routes" {
  description = "Route key, such as \"GET /items\" => key of the function that answers it."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.routes) : can(regex("^(GET|PUT|POST|PATCH|DELETE|HEAD) /", key))])
    error_message = "A route key is a method, a space and a path."
  }

  validation {
    condition     = alltrue([for function in values(var.routes) : contains(keys(var.functions), function)])
    error_message = "Every route must lead to one of the functions."
  }
}

variable "functions" {
  description = "Function => the alias that the API calls."
  type        = map(object({ function_name = string, alias = string, invoke_arn = string }))
  nullable    = false

  validation {
    condition     = alltrue([for function in values(var.functions) : contains(["live", "candidate"], function.alias)])
    error_message = "An API calls the alias live or candidate, never an unpublished function."
  }
}

variable "function_timeout" {
  description = "Seconds that a function may take."
  type        = number
  nullable    = false

  validation {
    condition     = var.function_timeout >= 1 && var.function_timeout <= 29
    error_message = "function_timeout must be from 1 to 29 seconds: the API waits no longer than 30."
  }
}

variable "authorization" {
  description = "Who may call: none, iam or jwt."
  type = object({
    type     = string
    issuer   = optional(string)
    audience = optional(list(string))
    scopes   = optional(list(string))
  })
  nullable = false

  validation {
    condition     = contains(["none", "iam", "jwt"], var.authorization.type)
    error_message = "authorization.type must be none, iam or jwt."
  }
}

variable "cors" {
  description = "What the API answers to a browser's preflight; null: nothing."
  type = object({
    allow_origins = list(string)
    allow_methods = list(string)
    allow_headers = list(string)
    max_age       = number
  })
  default = null

  validation {
    condition     = var.cors == null || try(length(var.cors.allow_origins) > 0, false)
    error_message = "cors.allow_origins must name at least one origin."
  }
}

variable "throttling" {
  description = "Requests per second, and at one moment, that the API lets through."
  type        = object({ rate = number, burst = number })
  nullable    = false

  validation {
    condition     = var.throttling.rate > 0 && var.throttling.burst > 0
    error_message = "throttling.rate and throttling.burst must be greater than 0: API Gateway answers 429 to everyone at 0."
  }
}

variable "access_log" {
  description = "Keep an access log."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that the access logs are kept."
  type        = number
  nullable    = false

  validation {
    condition     = var.log_retention_days > 0
    error_message = "log_retention_days must be greater than 0: logs that never expire cost ever more."
  }
}
