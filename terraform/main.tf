# The service: connects the table, the functions, the APIs and the alarms.
locals {
  # Route => the function that handles it in the per_route layout, and the table actions that it needs. A conditional
  # write reads the item first, to compare its tag.
  routes = {
    "PUT /items"         = { function = "put", actions = ["dynamodb:GetItem", "dynamodb:PutItem"] }
    "GET /items/{id}"    = { function = "get", actions = ["dynamodb:GetItem"] }
    "GET /items"         = { function = "list", actions = ["dynamodb:Scan"] }
    "DELETE /items/{id}" = { function = "delete", actions = ["dynamodb:DeleteItem", "dynamodb:GetItem"] }
  }

  function_by_route = { for key, route in local.routes : key => var.function_layout == "single" ? "items" : route.function }
  actions_by_function = {
    for function in toset(values(local.function_by_route)) : function => distinct(flatten([
      for key, route in local.routes : route.actions if local.function_by_route[key] == function
    ]))
  }

  # Function => the prefix of its name and its role's. In the single layout the names are the tutorial's: PREFIX-function and
  # PREFIX-role.
  name_prefixes = { for function in keys(local.actions_by_function) : function => function == "items" ? var.prefix : "${var.prefix}-${function}" }

  function_names = { for function, name_prefix in local.name_prefixes : function => "${name_prefix}-function" }

  # Relative to the root and the same for every build: the provider publishes a version whenever this path changes.
  bundle_path   = "../target/lambda/bootstrap-${var.architecture}.zip"
  bundle_sha256 = var.bundle_sha256 != null ? var.bundle_sha256 : try(filebase64sha256(local.bundle_path), null)

  # Lambda's timeout in seconds. The function itself responds half a second earlier.
  timeout = 10

  # Function => the alias that the public API and the candidate API call.
  live      = { for key, function in module.function : key => function.aliases["live"] }
  candidate = { for key, function in module.function : key => function.aliases["candidate"] }
}

# The functions that exist before the apply. Without this check, the apply would fail only after it has created a function.
data "aws_lambda_functions" "existing" {
  count = length(var.live_versions) == 0 ? 0 : 1

  lifecycle {
    postcondition {
      condition     = length(setsubtract([for function in keys(var.live_versions) : local.function_names[function]], self.function_names)) == 0
      error_message = "live_versions names a function that is not deployed yet and so has no versions: omit it in the first apply, and in the apply that switches function_layout."
    }
  }
}

module "table" {
  source = "./modules/table"

  name                   = var.table_name != null ? var.table_name : "${var.prefix}-items"
  deletion_protection    = var.deletion_protection
  point_in_time_recovery = var.point_in_time_recovery
  kms_key_arn            = var.table_kms_key_arn
  throughput             = var.table_throughput
}

module "function" {
  source   = "./modules/function"
  for_each = local.actions_by_function

  name                     = local.function_names[each.key]
  role_name                = "${local.name_prefixes[each.key]}-role"
  permissions_boundary_arn = var.permissions_boundary_arn
  table                    = { name = module.table.name, arn = module.table.arn, actions = each.value, kms_key_arn = var.table_kms_key_arn }
  bundle                   = { path = local.bundle_path, sha256 = local.bundle_sha256, commit = var.commit }
  architecture             = var.architecture
  memory_size              = var.memory_size
  timeout                  = local.timeout
  reserved_concurrency     = var.reserved_concurrency
  log_retention_days       = var.log_retention_days
  tracing                  = var.tracing
  live_version             = lookup(var.live_versions, each.key, null)
}

module "http_api" {
  source = "./modules/http-api"

  name               = "${var.prefix}-api"
  routes             = local.function_by_route
  functions          = local.live
  function_timeout   = local.timeout
  authorization      = var.authorization
  cors               = var.cors
  throttling         = var.throttling
  route_throttling   = var.route_throttling
  domain             = var.domain
  default_endpoint   = !var.disable_execute_api_endpoint
  access_log         = var.access_log
  log_retention_days = var.log_retention_days
}

# The candidate API: the same routes, only for signed requests, always with the newest version.
module "candidate_api" {
  source = "./modules/http-api"
  count  = var.candidate_api ? 1 : 0

  name               = "${var.prefix}-candidate-api"
  routes             = local.function_by_route
  functions          = local.candidate
  function_timeout   = local.timeout
  authorization      = { type = "iam" }
  throttling         = var.throttling
  route_throttling   = var.route_throttling
  access_log         = var.access_log
  log_retention_days = var.log_retention_days
}

module "observability" {
  source = "./modules/observability"

  prefix        = var.prefix
  api_id        = module.http_api.id
  functions     = local.live
  table         = { name = module.table.name, arn = module.table.arn, actions = distinct(flatten(values(local.routes)[*].actions)) }
  alarms        = var.alarms
  thresholds    = var.alarm_thresholds
  alarm_actions = var.alarm_actions
  dashboard     = var.dashboard
  route_metrics = var.route_metrics
  log_groups    = { for key, function in module.function : key => function.log_group_name }
}

# Terraform destroys dependent resources first. This resource depends on everything else, so it is destroyed first, and refuses
# while the table is protected. DynamoDB itself would refuse only at the end, when the rest of the service is gone.
resource "terraform_data" "protection" {
  input = var.deletion_protection

  provisioner "local-exec" {
    when    = destroy
    command = self.output ? "echo deletion_protection is on: switch it off in a separate apply first && exit 1" : "exit 0"
  }

  depends_on = [module.table, module.function, module.http_api, module.candidate_api, module.observability]
}
