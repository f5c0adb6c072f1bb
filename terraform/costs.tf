# The most that a day of requests can cost, from the limits of the service: list prices of us-east-1, explained in README.md.
locals {
  # The maximum number of requests to each route in a second. API Gateway may count each route separately.
  route_rates = { for route in keys(local.routes) : route => lookup(var.route_throttling, route, var.throttling).rate }

  # A day in millions of seconds.
  day = 0.0864

  # Millions of requests, and of units of the table, in a day.
  max_requests    = min(sum(values(local.route_rates)), local.account_throttling.rate) * local.day
  max_read_units  = try(var.table_throughput.read * local.day, null)
  max_write_units = try(var.table_throughput.write * local.day, null)

  # Executions at once, which a slow table can keep busy; 1,000 is the default of an account. Millions of their seconds.
  max_executions = var.reserved_concurrency >= 0 ? var.reserved_concurrency * length(local.actions_by_function) : 1000
  max_seconds    = min(sum(values(local.route_rates)) * local.timeout, local.max_executions) * local.day

  # Millions of traces: for each function one request in a second, and 5 % of the others.
  max_traces = var.tracing ? local.max_requests * 0.05 + length(local.actions_by_function) * local.day : 0

  # The price of a million GB-seconds.
  gb_second = { arm64 = 13.3334, x86_64 = 16.6667 }[var.architecture]

  # GB of responses: a unit reads 4 KB, and a control character is six characters of JSON.
  max_response_gb = try(local.max_read_units * 4 * 6, null)

  max_cost_per_day = try(ceil(sum([
    (local.max_requests * 20 + local.max_response_gb / 512) * 1.00, # API Gateway: 512 KB count as a request, and a body has up to 10 MB
    local.max_requests * 0.20,                                      # Lambda, requests
    local.max_seconds * var.memory_size / 1024 * local.gb_second,   # Lambda, time
    local.max_write_units * 0.625 + local.max_read_units * 0.125,   # DynamoDB
    local.max_requests * 0.50,                                      # CloudWatch Logs, 1 KB for each request
    local.max_traces * 5.00,                                        # X-Ray
    local.max_response_gb * 0.09,                                   # data transfer to the internet
  ])), null)
}
