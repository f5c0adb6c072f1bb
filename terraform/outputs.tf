# Values for callers, tests and the next apply.
output "invoke_url" {
  description = "URL of the public API, at its domain if it has one; append /items."
  value       = module.http_api.invoke_url
}

output "api_id" {
  description = "ID of the public API."
  value       = module.http_api.id
}

output "domain_target" {
  description = "For a domain without hosted_zone_id: the name to which its DNS record must point, and the hosted zone of that name for an alias record of Route 53; null without a domain."
  value       = module.http_api.domain_target
}

output "candidate_invoke_url" {
  description = "URL of the candidate API, which takes only signed requests; null without a candidate API."
  value       = one(module.candidate_api[*].invoke_url)
}

output "candidate_api_id" {
  description = "ID of the candidate API; null without a candidate API."
  value       = one(module.candidate_api[*].id)
}

output "table_name" {
  description = "Name of the table."
  value       = module.table.name
}

output "function_names" {
  description = "Function => its name in Lambda."
  value       = { for key, function in module.function : key => function.name }
}

output "log_group_names" {
  description = "Function or API => its log group; null for an API without an access log."
  value = merge(
    { for key, function in module.function : key => function.log_group_name },
    { api = module.http_api.log_group_name },
    { for candidate in module.candidate_api : "candidate_api" => candidate.log_group_name },
  )
}

output "live_versions" {
  description = "Function => version behind the public API. Save it before a release: as the variable live_versions it rolls back."
  value       = { for key, alias in local.live : key => alias.version }
}

output "candidate_versions" {
  description = "Function => newest version. As the variable live_versions it promotes."
  value       = { for key, alias in local.candidate : key => alias.version }
}

output "max_cost_per_day" {
  description = "The most that a day of requests to the public API can cost, in dollars at list prices of us-east-1; null without both limits of table_throughput. See README.md, \"Costs\"."
  value       = local.max_cost_per_day
}

output "bundle_sha256" {
  description = "SHA-256 of the deployed bundle, for the variable bundle_sha256."
  value       = local.bundle_sha256
}
