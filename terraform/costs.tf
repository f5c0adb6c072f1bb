# The most that requests can cost in a day, from the limits of the service: list prices of us-east-1, explained in README.md.
locals {
  # The maximum number of requests to each route in a second. API Gateway may count each route separately.
  route_rates = { for route in keys(local.routes) : route => lookup(var.route_throttling, route, var.throttling).rate }

  # A day in millions of seconds.
  day = 0.0864

  # Millions of requests, and of units of the table, in a day.
  max_requests    = min(sum(values(local.route_rates)), var.account_throttling.rate) * local.day
  max_read_units  = try(var.table_throughput.read * local.day, null)
  max_write_units = try(var.table_throughput.write * local.day, null)

  # Million seconds of invokes: 100 ms for a list, 10 ms for other requests.
  max_seconds = sum([for route, rate in local.route_rates : rate * (route == "GET /items" ? 0.1 : 0.01)]) * local.day

  # The price of a million GB-seconds.
  gb_second = { arm64 = 13.3334, x86_64 = 16.6667 }[var.architecture]

  # GB of responses: a unit reads 4 KB, and a control character is six characters of JSON.
  max_response_gb = try(local.max_read_units * 4 * 6, null)

  max_cost_per_day = try(ceil(sum([
    (local.max_requests + local.max_response_gb / 512) * 1.00,    # API Gateway: 512 KB of a response count as a request
    local.max_requests * 0.20,                                    # Lambda, requests
    local.max_seconds * var.memory_size / 1024 * local.gb_second, # Lambda, time
    local.max_write_units * 0.625 + local.max_read_units * 0.125, # DynamoDB
    local.max_requests * 0.50,                                    # CloudWatch Logs, 1 KB for each request
    local.max_response_gb * 0.09,                                 # data transfer to the internet
  ])), null)
}
