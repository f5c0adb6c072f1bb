# The API's name, routes, authorization, limits and log.
variable "name" {
  description = "Name of the API; its access logs go to /aws/vendedlogs/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,93}$", var.name))
    error_message = "name must have 1 to 93 letters, digits, underscores and hyphens: it is part of a permission's statement id, which has at most 100."
  }
}

variable "routes" {
  description = "Route key, such as \"GET /items\" => key of the function that handles it."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.routes) : can(regex("^(\\$default|(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /\\S*)$", key))])
    error_message = "A route key must be a method in upper case, a space and a path without spaces, or $default."
  }

  validation {
    condition     = alltrue([for function in values(var.routes) : contains(keys(var.functions), function)])
    error_message = "Every route must have one of the functions."
  }
}

variable "functions" {
  description = "Function => the alias that the API calls."
  type        = map(object({ function_name = string, alias = string, invoke_arn = string }))
  nullable    = false

  validation {
    condition     = alltrue([for function in values(var.functions) : contains(["live", "candidate"], function.alias)])
    error_message = "functions must have the alias live or candidate, never an unpublished version."
  }
}

variable "function_timeout" {
  description = "Timeout of the functions in seconds."
  type        = number
  nullable    = false

  validation {
    condition     = var.function_timeout >= 1 && var.function_timeout <= 29
    error_message = "function_timeout must be from 1 to 29 seconds: the API waits at most 30."
  }
}

variable "authorization" {
  description = "Authorization of the callers: none, iam or jwt."
  type = object({
    type     = string
    issuer   = optional(string)
    audience = optional(list(string))
    scopes   = optional(list(string))
  })
  nullable = false

  validation {
    condition     = try(var.authorization.type == "jwt" ? var.authorization.issuer != null && length(var.authorization.audience) > 0 : contains(["none", "iam"], var.authorization.type), false)
    error_message = "authorization.type must be none, iam, or jwt with an issuer and an audience."
  }
}

variable "cors" {
  description = "CORS settings, for browsers; null: none."
  type = object({
    allow_origins  = list(string)
    allow_methods  = list(string)
    allow_headers  = list(string)
    expose_headers = list(string)
    max_age        = number
  })
  default = null

  validation {
    condition     = var.cors == null || try(length(var.cors.allow_origins) > 0, false)
    error_message = "cors.allow_origins must list at least one origin."
  }
}

variable "throttling" {
  description = "Rate (requests per second) and burst that the API accepts."
  type        = object({ rate = number, burst = number })
  nullable    = false

  validation {
    condition     = try(var.throttling.rate > 0 && var.throttling.burst > 0 && floor(var.throttling.burst) == var.throttling.burst, false)
    error_message = "throttling.rate and throttling.burst must be greater than 0, because at 0 API Gateway answers every request with 429, and burst a whole number."
  }
}

variable "route_throttling" {
  description = "Route key => its rate and burst, instead of those in throttling."
  type        = map(object({ rate = number, burst = number }))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.route_throttling), keys(var.routes))) == 0
    error_message = "route_throttling must have only keys of routes: API Gateway refuses settings for a route that does not exist."
  }

  validation {
    condition     = alltrue([for limits in values(var.route_throttling) : try(limits.rate > 0 && limits.burst > 0 && floor(limits.burst) == limits.burst, false)])
    error_message = "The rate and the burst of a route must be greater than 0, because at 0 API Gateway answers every request with 429, and the burst a whole number."
  }
}

variable "domain" {
  description = "Domain of the API: its name, the ARN of its certificate, and the id of the hosted zone for its DNS record; null: none."
  type        = object({ name = string, certificate_arn = string, hosted_zone_id = optional(string) })
  default     = null

  validation {
    condition     = var.domain == null || try(can(regex("^[a-z0-9.-]+$", var.domain.name)) && can(regex("^arn:[a-z-]+:acm:", var.domain.certificate_arn)), false)
    error_message = "domain.name must be a host name in lower case, and domain.certificate_arn the ARN of a certificate in ACM."
  }
}

variable "default_endpoint" {
  description = "Keep the API reachable at the URL that API Gateway assigns."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.default_endpoint || var.domain != null
    error_message = "An API without a domain needs default_endpoint."
  }
}

variable "access_log" {
  description = "Keep an access log."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "Days to keep the access log."
  type        = number
  nullable    = false

  validation {
    condition     = var.log_retention_days > 0
    error_message = "log_retention_days must be greater than 0: the cost of logs that never expire keeps growing."
  }
}
