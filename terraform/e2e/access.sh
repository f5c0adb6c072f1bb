# Who and what is let through: the function to its table, callers to the routes, in either layout.
# shellcheck shell=bash

# Takes one right after the other away behind Terraform's back, sees which routes break, and has it mended.
without_each_right() {
  local policy without broken address='module.function["items"].aws_iam_role_policy.function'
  policy=$(aws iam get-role-policy --role-name "$prefix-role" --policy-name table-and-logs --query PolicyDocument)
  while read -r without broken; do
    aws iam put-role-policy --role-name "$prefix-role" --policy-name table-and-logs --policy-document \
      "$(jq --arg action "$without" '.Statement[].Action -= [$action] | .Statement |= map(select(.Action != []))' <<<"$policy")"
    [[ $(every_route "$public" | sed -n 's/^500 //p') == "${broken//,/$'\n'}" ]]
  done <<'RIGHTS'
dynamodb:PutItem PUT /items
dynamodb:GetItem GET /items/{id}
dynamodb:Scan GET /items
dynamodb:DeleteItem DELETE /items/{id}
kms:Decrypt PUT /items,GET /items/{id},GET /items,DELETE /items/{id}
RIGHTS
  plans_only "update $address"
  apply_plan
  every_route_is 200 "$public"
}

# An API reaches a function only with the permission of the alias's own policy.
without_permission() {
  aws lambda remove-permission --function-name "$prefix-function" --qualifier live --statement-id "Invoke-$prefix-api"
  every_route_is 500 "$public"
  apply
  every_route_is 200 "$public"
}

layout() {
  meanwhile "$public" apply -var "function_layout=$1"
  smoke "$public"
  plans_nothing -var "function_layout=$1"
}

# Goes from every kind of authorization to every other, in both layouts, in a deployment of its own.
every_change_of_authorization() {
  local layout kind url jwt
  jwt="type=\"jwt\",issuer=\"$(<"$work/issuer/url")\",audience=[\"items\"]"
  local -A seen kinds=([none]='{type="none"}' [iam]='{type="iam"}' [jwt]="{$jwt}" [scoped]="{$jwt,scopes=[\"items:all\"]}")
  service=$work/authorization
  copy_service
  deploys first
  keep_state_here
  settings=(-no-color -var "architecture=$architecture" -var "prefix=$prefix-access" -var alarms=false -var dashboard=false)
  for layout in single per_route; do
    settings+=(-var "function_layout=$layout")
    apply
    url=$(url_of api_id)
    answers '200 "Put item kept"' "$url" PUT /items '{"id":"kept"}'
    for kind in iam none jwt none scoped iam jwt iam scoped jwt scoped none; do
      # No other run changes this deployment.
      apply -refresh=false -var "authorization=${kinds[$kind]}"
      "lets_in_$kind" "$url"
      [[ -v seen[$kind] ]] || plans_nothing -var "authorization=${kinds[$kind]}"
      seen[$kind]=yes
    done
  done
  destroy
}

lets_in_none() {
  every_route_is 200 "$1"
}

lets_in_iam() {
  every_route_is 403 "$1"
  signed every_route_is 200 "$1"
}

lets_in_jwt() {
  local token
  every_route_is 401 "$1"
  for token in expired forged foreign; do
    bearing "$token" every_route_is 401 "$1"
  done
  bearing unscoped every_route_is 200 "$1"
  bearing good every_route_is 200 "$1"
}

lets_in_scoped() {
  every_route_is 401 "$1"
  bearing unscoped every_route_is 403 "$1"
  bearing good every_route_is 200 "$1"
}
