# The watched resources, and the receivers of the alarms.
variable "prefix" {
  description = "Prefix of the alarms' names, and name of the dashboard."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]+$", var.prefix))
    error_message = "prefix must have only letters, digits, underscores and hyphens, like the name of a dashboard."
  }
}

variable "api_id" {
  description = "ID of the public API."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.api_id) > 0
    error_message = "api_id must not be empty."
  }
}

variable "functions" {
  description = "Function => its name and the alias that is watched, live."
  type        = map(object({ function_name = string, alias = string }))
  nullable    = false

  validation {
    condition     = alltrue([for function in values(var.functions) : function.alias == "live"])
    error_message = "functions must have the alias live: a failing candidate concerns the deployment and must not page an operator."
  }
}

variable "table" {
  description = "The table, and the actions that the functions use on it."
  type        = object({ name = string, arn = string, actions = list(string) })
  nullable    = false

  validation {
    condition     = alltrue([for action in var.table.actions : startswith(action, "dynamodb:")])
    error_message = "table.actions must be actions of DynamoDB."
  }
}

variable "alarms" {
  description = "Create the alarms."
  type        = bool
  nullable    = false
}

variable "thresholds" {
  description = "Thresholds of the alarms for five minutes: the percentage of failed requests or invokes, if there are at least min_errors of them; throttled requests; internal errors of the table; the p99 of the duration of an invoke in milliseconds."
  type        = object({ error_percent = number, min_errors = number, throttles = number, system_errors = number, p99_milliseconds = number })
  nullable    = false

  validation {
    condition     = alltrue([for threshold in values(var.thresholds) : try(threshold >= 0, false)]) && try(var.thresholds.error_percent < 100, false)
    error_message = "thresholds must not be negative, and error_percent must be less than 100: an alarm goes off above it."
  }
}

variable "alarm_actions" {
  description = "ARNs that are notified when an alarm goes off and when it recovers."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_actions : can(regex("^arn:[a-z-]+:[a-z0-9-]+:", arn))])
    error_message = "alarm_actions must be ARNs."
  }
}

variable "dashboard" {
  description = "Create the dashboard."
  type        = bool
  nullable    = false
}

variable "route_metrics" {
  description = "Publish metrics of each route from the log groups."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.route_metrics || length(var.log_groups) > 0
    error_message = "route_metrics needs log_groups."
  }
}

variable "log_groups" {
  description = "Function => the name of its log group."
  type        = map(string)
  default     = {}
  nullable    = false
}
