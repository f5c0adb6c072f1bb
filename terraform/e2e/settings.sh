# Settings of an operator: the limits of a route, a domain, metrics and traces.
# shellcheck shell=bash

# Sends 200 lists, faster than the 10 in a second that pass after a burst of 20. Another route is not affected.
list_is_throttled() {
  local statuses
  statuses=$(printf '%s\n' {1..200} | xargs --max-procs=8 --replace curl --silent --output /dev/null --write-out '%{http_code}\n' "$public/items" | sort | uniq --count)
  echo "$statuses"
  expect_response '200 {"Item":{"id":"kept"}}' "$public" GET /items/kept
  [[ $(awk '{ print $2 }' <<<"$statuses") == $'200\n429' ]]
}

# make_zone NAME: makes a hosted zone, and prints its id.
make_zone() {
  aws route53 create-hosted-zone --name "$1" --caller-reference "$RANDOM" --query HostedZone.Id --output text | sed 's|.*/||'
}

# at_domain COMMAND…: runs the command with the strict proxy as its HTTP proxy, which sends requests to a domain to the API
# that the domain leads to.
at_domain() {
  http_proxy=$AWS_ENDPOINT_URL "$@"
}

# as_root COMMAND…: runs the command with the credentials of the account's root, because the roles can read only one zone.
as_root() {
  local terraform_env=()
  "$@"
}

domain_leads_to_the_api() {
  local certificate target other_zone url=http://$domain with_domain
  certificate=$(aws acm request-certificate --domain-name "$domain" --query CertificateArn --output text)
  with_domain=(-var "domain={name=\"$domain\",certificate_arn=\"$certificate\",hosted_zone_id=\"$zone\"}")
  apply "${with_domain[@]}"
  every_route_returns 200 "$public"
  at_domain smoke "$url"
  with_domain+=(-var disable_execute_api_endpoint=true)
  apply "${with_domain[@]}"
  [[ $(tf output -raw invoke_url) == "https://$domain" ]]
  target=$(output domain_target | jq --raw-output .name)
  [[ $(aws route53 list-resource-record-sets --hosted-zone-id "$zone" --query "ResourceRecordSets[?Type=='A'].[Name,AliasTarget.DNSName]" --output text) == "$domain."$'\t'"$target"* ]]
  plan_is_empty "${with_domain[@]}"
  every_route_returns 404 "$public"
  at_domain contract_suite "$url" 5
  other_zone=$(make_zone other.example)
  as_root refuses 'it must be the public zone' plan_is_empty "${with_domain[@]/$zone/$other_zone}"
  aws route53 delete-hosted-zone --id "$other_zone"
  apply
  every_route_returns 200 "$public"
  [[ $(at_domain request "$url" GET /items/kept) == 404* ]]
}

metrics_and_traces() {
  local group=/aws/lambda/$prefix-function configured=(-var route_metrics=true -var tracing=true)
  [[ $(metric_filters "$group") == '' && $(tracing_mode) == PassThrough && $(allows_tracing) == false ]]
  apply "${configured[@]}"
  [[ $(metric_filters "$group") == 'Duration DynamoDBAttempts Responses' && $(tracing_mode) == Active && $(allows_tracing) == true ]]
  smoke "$public"
  log_lines_have_the_fields "$group"
  plan_is_empty "${configured[@]}"
  apply
  [[ $(metric_filters "$group") == '' && $(tracing_mode) == PassThrough && $(allows_tracing) == false ]]
}

# metric_filters GROUP: prints the names of the metrics that are read from a log group.
metric_filters() {
  aws logs describe-metric-filters --log-group-name "$1" --query 'sort(metricFilters[].metricTransformations[].metricName)' --output text | tr '\t' ' '
}

# log_lines_have_the_fields GROUP: checks that each line of a request has the fields from which the metrics are read.
log_lines_have_the_fields() {
  local fields
  fields=$(aws logs describe-metric-filters --log-group-name "$1" | jq --compact-output '[.metricFilters[].metricTransformations[] | .metricValue, .dimensions[] | select(startswith("$.")) | .[2:]] | unique')
  [[ $fields == '["dynamodbAttempts","milliseconds","route","status"]' ]]
  aws logs filter-log-events --log-group-name "$1" |
    jq --argjson fields "$fields" --exit-status '[.events[].message | fromjson? | select(.status? >= 100)] | length > 0 and all(.[]; [.[$fields[]]] | all(. != null))'
}

tracing_mode() {
  aws lambda get-function-configuration --function-name "$prefix-function" --query TracingConfig.Mode --output text
}

allows_tracing() {
  aws iam get-role-policy --role-name "$prefix-role" --policy-name table-and-logs --query PolicyDocument |
    jq '[.Statement[].Action[]] | contains(["xray:PutTraceSegments"])'
}

# A new stack, with a prefix and a state of its own.
missing_function_is_refused() {
  terraform_env+=("TF_DATA_DIR=$work/new-stack")
  init production -backend-config=key=production/new-stack/terraform.tfstate
  refuses 'names a function that is not deployed yet' apply -var "prefix=$prefix-new" -var 'live_versions={items="999"}'
  refuses ResourceNotFoundException aws lambda get-function --function-name "$prefix-new-function"
}
