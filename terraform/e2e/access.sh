# Access checks: the functions' permissions on the table, and the callers' access to the routes, in both layouts.
# shellcheck shell=bash

# Removes one permission after another outside Terraform, checks which routes break without a condition and with one,
# and repairs the policy with an apply. The condition holds for every item: no item has this tag.
every_permission_is_required() {
  local policy action broken_routes broken_with_condition address='module.function["items"].aws_iam_role_policy.function'
  policy=$(aws iam get-role-policy --role-name "$prefix-role" --policy-name table-and-logs --query PolicyDocument)
  while IFS='|' read -r action broken_routes broken_with_condition; do
    aws iam put-role-policy --role-name "$prefix-role" --policy-name table-and-logs --policy-document \
      "$(jq --arg action "$action" '.Statement[].Action -= [$action] | .Statement |= map(select(.Action != []))' <<<"$policy")"
    [[ $(every_route "$public" | sed -n 's/^500 //p') == "${broken_routes//,/$'\n'}" ]]
    [[ $(with_condition 'If-None-Match: "AAAAAAAAAAAAAAAAAAAAAAAA"' every_route "$public" | sed -n 's/^500 //p') == "${broken_with_condition//,/$'\n'}" ]]
  done <<'RIGHTS'
dynamodb:PutItem|PUT /items|PUT /items
dynamodb:GetItem|GET /items/{id}|PUT /items,GET /items/{id},DELETE /items/{id}
dynamodb:Scan|GET /items|GET /items
dynamodb:DeleteItem|DELETE /items/{id}|DELETE /items/{id}
kms:Decrypt|PUT /items,GET /items/{id},GET /items,DELETE /items/{id}|PUT /items,GET /items/{id},GET /items,DELETE /items/{id}
RIGHTS
  plan_is "update $address"
  apply_plan
  every_route_returns 200 "$public"
}

# An API can invoke a function only if the resource policy of the alias permits it.
invoke_permission_is_required() {
  aws lambda remove-permission --function-name "$prefix-function" --qualifier live --statement-id "Invoke-$prefix-api"
  every_route_returns 500 "$public"
  apply
  every_route_returns 200 "$public"
}

switch_layout() {
  while_polling "$public" apply -var "function_layout=$1"
  smoke "$public"
  plan_is_empty -var "function_layout=$1"
}

# Changes every kind of authorization to every other, in both layouts, in a separate deployment.
every_authorization_change() {
  local layout kind url jwt
  jwt="type=\"jwt\",issuer=\"$(<"$work/issuer/url")\",audience=[\"items\"]"
  local -A seen kinds=([none]='{type="none"}' [iam]='{type="iam"}' [jwt]="{$jwt}" [scoped]="{$jwt,scopes=[\"items:all\"]}")
  service=$work/authorization
  copy_service
  place_bundle first
  use_local_state
  settings=(-no-color -var "architecture=$architecture" -var "prefix=$prefix-access" -var alarms=false -var dashboard=false)
  for layout in single per_route; do
    settings+=(-var "function_layout=$layout")
    apply
    url=$(url_of api_id)
    expect_response '200 "Put item kept"' "$url" PUT /items '{"id":"kept"}'
    for kind in iam none jwt none scoped iam jwt iam scoped jwt scoped none; do
      # -refresh=false: no other step changes this deployment.
      apply -refresh=false -var "authorization=${kinds[$kind]}"
      "enforces_$kind" "$url"
      [[ -v seen[$kind] ]] || plan_is_empty -var "authorization=${kinds[$kind]}"
      seen[$kind]=yes
    done
  done
  destroy
}

enforces_none() {
  every_route_returns 200 "$1"
}

enforces_iam() {
  every_route_returns 403 "$1"
  with_signature every_route_returns 200 "$1"
}

enforces_jwt() {
  local token
  every_route_returns 401 "$1"
  for token in expired forged foreign; do
    with_token "$token" every_route_returns 401 "$1"
  done
  with_token unscoped every_route_returns 200 "$1"
  with_token good every_route_returns 200 "$1"
}

enforces_scoped() {
  every_route_returns 401 "$1"
  with_token unscoped every_route_returns 403 "$1"
  with_token good every_route_returns 200 "$1"
}
