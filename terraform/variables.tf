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
    # A policy that AWS manages has aws instead of an account.
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/([\\w+=,.@-]+/)*[\\w+=,.@-]{1,128}$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy, such as arn:aws:iam::123456789012:policy/NAME."
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
    condition     = var.table_name == null || try(startswith(var.table_name, "${var.prefix}-") && can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.table_name)), false)
    error_message = "table_name must begin with the prefix and a hyphen, because the roles of terraform/bootstrap can deploy only such tables, and have at most 255 letters, digits, underscores, dots and hyphens."
  }

  validation {
    condition     = !var.alarms || try(length(var.table_name) <= 230, true)
    error_message = "table_name may have at most 230 characters if alarms is true: the alarms' names begin with it."
  }
}

variable "table_kms_key_arn" {
  description = "ARN of the KMS key that encrypts the table. The key's policy must delegate access to IAM of this account, as the default key policy does, and the key must be in table_kms_key_arns of terraform/bootstrap for its roles. null: a key that AWS owns, free of charge."
  type        = string
  default     = null

  validation {
    condition     = var.table_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.table_kms_key_arn))
    error_message = "table_kms_key_arn must be the ARN of a KMS key, not of an alias: arn:aws:kms:REGION:ACCOUNT:key/ID."
  }

  validation {
    condition     = var.table_kms_key_arn == null || try(split(":", var.table_kms_key_arn)[3] == data.aws_region.current.id, false)
    error_message = "table_kms_key_arn must be a key of the service's region, ${data.aws_region.current.id}."
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
  description = "Rate (requests per second) and burst of the routes without an entry in route_throttling; beyond them, an API returns 429. API Gateway may count each route separately."
  type        = object({ rate = number, burst = number })
  default     = { rate = 500, burst = 1000 }
  nullable    = false

  validation {
    # For API Gateway, 0 means to reject every request.
    condition     = try(var.throttling.rate > 0 && var.throttling.burst > 0 && floor(var.throttling.burst) == var.throttling.burst, false)
    error_message = "throttling.rate and throttling.burst must be greater than 0, because at 0 API Gateway answers every request with 429, and burst a whole number."
  }

  validation {
    condition     = try(var.throttling.rate <= local.account_throttling.rate && var.throttling.burst <= local.account_throttling.burst, true)
    error_message = "throttling is beyond what the account has: at most a rate of ${local.account_throttling.rate} and a burst of ${local.account_throttling.burst}. If AWS has raised the account's limits, set account_throttling to them."
  }
}

variable "route_throttling" {
  description = "Route => its rate and burst on each API, instead of those in throttling. By default the list has the lowest rate, because one request can read 1 MB and send 6 MB."
  type        = map(object({ rate = number, burst = number }))
  default     = { "GET /items" = { rate = 10, burst = 20 } }
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.route_throttling), keys(local.routes))) == 0
    error_message = "route_throttling may have only the routes of the service: ${join(", ", keys(local.routes))}."
  }

  validation {
    condition     = alltrue([for limits in values(var.route_throttling) : try(limits.rate > 0 && limits.burst > 0 && floor(limits.burst) == limits.burst, false)])
    error_message = "The rate and the burst in route_throttling must be greater than 0, because at 0 API Gateway answers every request with 429, and burst a whole number."
  }

  validation {
    condition     = alltrue([for limits in values(var.route_throttling) : try(limits.rate <= local.account_throttling.rate && limits.burst <= local.account_throttling.burst, true)])
    error_message = "route_throttling is beyond what the account has: at most a rate of ${local.account_throttling.rate} and a burst of ${local.account_throttling.burst}. If AWS has raised the account's limits, set account_throttling to them."
  }
}

variable "account_throttling" {
  description = "The account's limits for all APIs of the region, which throttling and route_throttling cannot exceed. null: AWS's default for the region."
  type        = object({ rate = number, burst = number })
  default     = null

  validation {
    condition     = var.account_throttling == null || try(var.account_throttling.rate > 0 && var.account_throttling.burst > 0, false)
    error_message = "account_throttling.rate and account_throttling.burst must be greater than 0."
  }
}

# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
locals {
  regions_with_lower_limits = [
    "af-south-1", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "ca-west-1", "eu-central-2",
    "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1",
  ]
  default_account_throttling = (
    contains(local.regions_with_lower_limits, data.aws_region.current.id) ? { rate = 2500, burst = 1250 } : { rate = 10000, burst = 5000 }
  )
  account_throttling = var.account_throttling != null ? var.account_throttling : local.default_account_throttling
}

variable "table_throughput" {
  description = "Maximum read and write units per second of the table; beyond them DynamoDB throttles, and the API answers 503. They bound the cost of the table. The default is the capacity of one partition. null: no maximum."
  type        = object({ read = optional(number), write = optional(number) })
  default     = { read = 3000, write = 1000 }
  nullable    = false

  # Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_OnDemandThroughput.html
  validation {
    condition     = alltrue([for units in values(var.table_throughput) : units == null || try(units >= 1 && floor(units) == units, false)])
    error_message = "table_throughput.read and table_throughput.write must be whole numbers from 1, or null for no maximum."
  }

  # Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html
  validation {
    condition     = alltrue([for units in values(var.table_throughput) : try(units < var.account_table_throughput, true)])
    error_message = "table_throughput must be below the account's limit for a table, ${var.account_table_throughput}, or null for no maximum. If AWS has raised the account's limit, set account_table_throughput to it."
  }
}

variable "account_table_throughput" {
  description = "The account's limit of read and of write units per second for a table, which table_throughput cannot reach. The default is AWS's."
  type        = number
  default     = 40000
  nullable    = false

  validation {
    condition     = var.account_table_throughput > 0
    error_message = "account_table_throughput must be greater than 0."
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
    condition     = try(contains(["none", "iam", "jwt"], var.authorization.type), false)
    error_message = "authorization.type must be none, iam or jwt."
  }

  validation {
    condition     = var.authorization.type != "jwt" || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\\s?#]*)?$", var.authorization.issuer))
    error_message = "authorization of type jwt needs an https issuer without spaces, a query or a fragment, such as https://id.example/pool."
  }

  # Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html for the numbers, and
  # https://www.rfc-editor.org/rfc/rfc6749#section-3.3 for the characters of a scope.
  validation {
    condition     = var.authorization.type != "jwt" || (length(var.authorization.audience) >= 1 && length(var.authorization.audience) <= 50 && alltrue([for audience in var.authorization.audience : can(regex("^\\S(.*\\S)?$", audience))]))
    error_message = "authorization of type jwt needs 1 to 50 audiences, none of them empty or with spaces around it."
  }

  validation {
    condition     = length(var.authorization.scopes) <= 10 && alltrue([for scope in var.authorization.scopes : can(regex("^[!#-\\[\\]-~]{1,64}$", scope))])
    error_message = "authorization.scopes may list at most 10 scopes, one in each string, of at most 64 characters, without spaces, quotation marks or backslashes."
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
    expose_headers = optional(list(string), ["apigw-requestid", "etag", "retry-after"])
    max_age        = optional(number, 600)
  })
  default = null

  # A browser sends an origin in lower case and without the default port. Source for the wildcards:
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
  validation {
    condition = var.cors == null || try(length(var.cors.allow_origins) > 0 && alltrue([
      for origin in var.cors.allow_origins : can(regex("^(\\*|https?://\\*|https?://([a-z0-9._-]+|\\[[0-9a-f:]+\\])(:[0-9]+)?)$", origin)) && !can(regex("^(http://.*:80|https://.*:443)$", origin))
    ]), false)
    error_message = "cors.allow_origins must list origins as browsers send them, such as https://shop.example or http://localhost:8080: in lower case, without a path or a default port. The only wildcards are \"*\", \"https://*\" and \"http://*\"."
  }

  validation {
    condition = var.cors == null || try(length(var.cors.allow_methods) > 0 && alltrue([
      for method in var.cors.allow_methods : contains(["*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"], method)
    ]), false)
    error_message = "cors.allow_methods must list methods in upper case, such as GET, or \"*\"."
  }

  # Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html, "allowHeaders" and
  # "exposeHeaders"; for "*" and authorization, https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
  validation {
    condition     = var.cors == null || try(alltrue([for header in concat(var.cors.allow_headers, var.cors.expose_headers) : can(regex("^(\\*|[A-Za-z0-9_-]+)$", header))]), false)
    error_message = "cors.allow_headers and cors.expose_headers must list names of headers such as if-match, one in each string, or \"*\"."
  }

  validation {
    condition     = var.cors == null || try(var.cors.max_age >= -1 && var.cors.max_age <= 86400 && floor(var.cors.max_age) == var.cors.max_age, false)
    error_message = "cors.max_age must be a whole number of seconds up to 86400, or -1, with which browsers keep no answer."
  }
}

variable "domain" {
  description = "The public API's own domain, such as api.shop.example: its certificate in ACM, which must be issued and in the service's region, and the hosted zone in Route 53 for its DNS record; without a zone, create a record to the output domain_target yourself. null: none."
  type = object({
    name            = string
    certificate_arn = string
    hosted_zone_id  = optional(string)
  })
  default = null

  validation {
    condition     = var.domain == null || try(can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$", var.domain.name)) && length(var.domain.name) <= 253, false)
    error_message = "domain.name must be a host name in lower case, such as api.shop.example, without a scheme or a path, and without a wildcard, because the output invoke_url is the URL of one host."
  }

  validation {
    condition     = var.domain == null || can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$", var.domain.certificate_arn))
    error_message = "domain.certificate_arn must be the ARN of a certificate in ACM: arn:aws:acm:REGION:ACCOUNT:certificate/ID."
  }

  # Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html
  validation {
    condition     = var.domain == null || try(split(":", var.domain.certificate_arn)[3] == data.aws_region.current.id, true)
    error_message = "domain.certificate_arn must be a certificate of the service's region, ${data.aws_region.current.id}."
  }

  validation {
    condition     = try(var.domain.hosted_zone_id, null) == null || can(regex("^Z[A-Z0-9]{1,31}$", var.domain.hosted_zone_id))
    error_message = "domain.hosted_zone_id must be the id of a hosted zone in Route 53, such as Z0123456789ABCDEFGHIJ, without /hostedzone/."
  }
}

variable "disable_execute_api_endpoint" {
  description = "Make the public API reachable only at its domain, and not at the URL that API Gateway assigns. Set it in an apply after the one that creates the domain: this URL is switched off before the domain exists."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.disable_execute_api_endpoint || var.domain != null
    error_message = "disable_execute_api_endpoint needs a domain: without one, the API would not be reachable at all."
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

variable "commit" {
  description = "Commit of the bundle, for the descriptions of the versions that are published with it. null: none. Another commit with the same bundle changes nothing."
  type        = string
  default     = null

  validation {
    condition     = var.commit == null || can(regex("^[0-9a-f]{7,64}(-dirty)?$", var.commit))
    error_message = "commit must be the hash of a commit, as git rev-parse HEAD prints it."
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

variable "alarm_thresholds" {
  description = "The alarms' thresholds for five minutes: the percentage of requests that fail with 5xx, or of invokes that crash or time out, if there are at least min_errors of them; the throttled requests to Lambda or the table; the internal errors of the table; and the p99 of the duration of an invoke in milliseconds, of at least 100 invokes."
  type = object({
    error_percent    = optional(number, 1)
    min_errors       = optional(number, 3)
    throttles        = optional(number, 10)
    system_errors    = optional(number, 10)
    p99_milliseconds = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarm_thresholds.error_percent < 100
    error_message = "alarm_thresholds.error_percent must be less than 100: an alarm goes off above it."
  }

  validation {
    condition     = alltrue([for threshold in values(var.alarm_thresholds) : threshold >= 0])
    error_message = "No threshold in alarm_thresholds may be negative."
  }

  validation {
    condition     = var.alarm_thresholds.p99_milliseconds < local.timeout * 1000
    error_message = "alarm_thresholds.p99_milliseconds must be less than the functions' timeout, ${local.timeout * 1000}: an alarm goes off above it."
  }
}

variable "alarm_actions" {
  description = "ARNs, such as that of an SNS topic, that are notified when an alarm goes off and when it recovers. Empty: alarms are visible only in the console."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_actions : can(regex("^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:[^\\s]+$", arn))])
    error_message = "alarm_actions must be ARNs, such as arn:aws:sns:REGION:ACCOUNT:TOPIC."
  }

  validation {
    condition     = alltrue([for arn in var.alarm_actions : try(contains(["aiops", "autoscaling", "lambda", "sns", "ssm", "ssm-incidents"], split(":", arn)[2]), true)])
    error_message = "alarm_actions must be ARNs of SNS, Lambda, Systems Manager, Auto Scaling or CloudWatch investigations: an alarm cannot notify other services. For a queue, write the ARN of an SNS topic to which it is subscribed."
  }

  # The ARNs of some services have no region.
  validation {
    condition     = alltrue([for arn in var.alarm_actions : try(contains(["", data.aws_region.current.id], split(":", arn)[3]), true)])
    error_message = "alarm_actions must be of the service's region, ${data.aws_region.current.id}: an alarm cannot notify another region."
  }

  # Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
  validation {
    condition     = length(var.alarm_actions) <= 5
    error_message = "alarm_actions may list at most 5 ARNs."
  }
}

variable "dashboard" {
  description = "Create the dashboard."
  type        = bool
  default     = true
  nullable    = false
}

variable "route_metrics" {
  description = "Publish metrics of each route from the functions' logs: responses by status, duration and attempts to call DynamoDB. Each is a custom metric, which AWS charges for: see README.md."
  type        = bool
  default     = false
  nullable    = false
}

variable "tracing" {
  description = "Trace invokes with X-Ray: Lambda samples one request a second and 5 % of the others. The function's role gets the permissions only then."
  type        = bool
  default     = false
  nullable    = false
}
