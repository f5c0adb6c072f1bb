# Who and what is let through: the function to its table, callers to the routes, in either layout.
# shellcheck shell=bash

# without ACTION ROUTE: takes one action away behind Terraform's back, and has it mended.
without() {
  local action=$1 route=$2 policy address='module.function["items"].aws_iam_role_policy.function' expected
  policy=$(aws iam get-role-policy --role-name "$prefix-role" --policy-name table-and-logs --query PolicyDocument)
  aws iam put-role-policy --role-name "$prefix-role" --policy-name table-and-logs --policy-document \
    "$(jq --arg action "$action" '.Statement[0].Action -= [$action]' <<<"$policy")"
  expected=$(for each in 'PUT /items' 'GET /items/{id}' 'GET /items' 'DELETE /items/{id}'; do
    if [[ $each == "$route" ]]; then echo "500 $each"; else echo "200 $each"; fi
  done)
  [[ $(every_route "$public") == "$expected" ]]
  plans_only "update $address"
  apply_plan
  every_route_is 200 "$public"
}

layout() {
  meanwhile "$public" apply -var "function_layout=$1"
  smoke "$public"
  plans_nothing -var "function_layout=$1"
}

iam_access() {
  local access='authorization={type="iam"}'
  apply -var "$access"
  every_route_is 403 "$public"
  signed smoke "$public"
  plans_nothing -var "$access"
}

jwt_access() {
  local access token
  access="authorization={type=\"jwt\",issuer=\"$(<"$work/issuer/url")\",audience=[\"items\"],scopes=[\"items:all\"]}"
  apply -var "$access"
  bearing good smoke "$public"
  every_route_is 401 "$public"
  for token in expired forged foreign; do
    bearing "$token" every_route_is 401 "$public"
  done
  bearing unscoped every_route_is 403 "$public"
  # The emulator answers a payload format that JWT authorizers have not: the one change that a plan shows here, and not on AWS.
  plans_only 'update module.http_api.aws_apigatewayv2_authorizer.jwt[0]' -var "$access"
  tf show -json "$work/plan" | jq --exit-status '[.resource_changes[] | select(.change.actions != ["no-op"]) | .change
    | (.before | keys[]) as $key | select(.before[$key] != .after[$key]) | $key] == ["authorizer_payload_format_version"]'
}

open_access() {
  apply
  smoke "$public"
  plans_nothing
}
