# Steps around the service: the bootstrap, the roles, the state and its lock, a preview.
# shellcheck shell=bash

bootstrap_settings=(-input=false -no-color -var region=us-east-1 -var 'repository={owner="owner",name="name",owner_id=1,id=2}')

apply_bootstrap() {
  bootstrap init -input=false -no-color -lockfile=readonly
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve
  bootstrap plan "${bootstrap_settings[@]}" -detailed-exitcode
}

# Checks that the bucket's policy denies HTTP to every caller but the account's root. Then deletes the policy, because
# the emulator has only HTTP.
state_bucket_rejects_http() {
  local credentials
  mapfile -t credentials < <(job production production apply)
  refuses 'explicit deny in a resource-based policy' env "${credentials[@]}" aws s3api list-objects-v2 --bucket "$bucket"
  aws s3api delete-bucket-policy --bucket "$bucket"
  env "${credentials[@]}" aws s3api list-objects-v2 --bucket "$bucket"
}

# init ENVIRONMENT SETTINGS…
init() {
  local environment=$1
  shift
  tf init -input=false -no-color -lockfile=readonly -reconfigure -backend-config="environments/$environment.s3.tfbackend" \
    -backend-config="bucket=$bucket" -backend-config=use_path_style=true "$@"
}

apply_within_boundary() {
  apply
  [[ $(boundary_of "$prefix-role") == "$boundary" ]]
}

boundary_of() {
  aws iam get-role --role-name "$1" --query Role.PermissionsBoundary.PermissionsBoundaryArn --output text
}

# Makes the deployment look handmade, without a boundary and with another tag, and applies it as the apply role.
adopt_manual_deployment() {
  aws iam delete-role-permissions-boundary --role-name "$prefix-role"
  aws apigatewayv2 tag-resource --resource-arn "arn:aws:apigateway:us-east-1::/apis/$(tf output -raw api_id)" --tags Environment=hand-made
  [[ $(boundary_of "$prefix-role") == None ]]
  apply_within_boundary
  plan_is_empty
}

# Checks the roles before and after the bootstrap has the ids of the APIs, which step 7 of SETUP.md adds. Another API,
# bank-api, belongs to another service.
roles_are_isolated() {
  local api foreign_api check_roles
  api=$(tf output -raw api_id)
  foreign_api=$(aws apigatewayv2 create-api --name bank-api --protocol-type HTTP --query ApiId --output text)
  check_roles=("$here/e2e/roles.py" "$work/issuer" "$prefix" "$bucket" "$api,$foreign_api")
  bootstrap_output role_arns | python "${check_roles[@]}"
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var "api_ids={production=[\"$api\",\"$(tf output -raw candidate_api_id)\"]}"
  # The apply restored the bucket's policy.
  aws s3api delete-bucket-policy --bucket "$bucket"
  bootstrap_output role_arns | python "${check_roles[@]}" ids
  aws apigatewayv2 delete-api --api-id "$foreign_api"
}

# Plans with the role of a pull request's job.
plan_role_can_plan() {
  assume_job_role pull_request production plan
  plan_is_empty -lock=false
}

# Deploys and destroys a preview beside production, with the preview's role.
preview_lifecycle() {
  local production=$public
  assume_job_role preview preview apply
  terraform_env+=("TF_DATA_DIR=$work/preview")
  settings=(-no-color -var-file=environments/preview.tfvars -var "architecture=$architecture" -var "prefix=$prefix-pr-7"
    -var "permissions_boundary_arn=$(bootstrap_output boundary_arns | jq --raw-output .preview)")
  init preview -backend-config=key=preview/pr-7/terraform.tfstate
  apply
  smoke "$(url_of api_id)"
  plan_is_empty
  destroy
  every_route_returns 200 "$production"
}

# A run holds the lock, then is killed before it releases the lock.
state_lock() {
  local holder lock_id
  mkfifo "$work/approval"
  # Not the function tf: in the background it would be a shell around Terraform, and the kill would reach only the shell.
  env "${terraform_env[@]}" terraform -chdir="$service/terraform" apply "${settings[@]}" -var memory_size=512 <"$work/approval" >"$work/holder" &
  holder=$!
  exec 9>"$work/approval"
  for _ in {1..300}; do
    if grep --quiet 'Enter a value' "$work/holder"; then break; else sleep 0.2; fi
  done
  grep 'Enter a value' "$work/holder"
  refuses 'Lock Info: ID:' plan_is_empty
  kill -KILL "$holder"
  exec 9>&-
  rm "$work/approval"
  refuses 'Lock Info: ID:' plan_is_empty
  lock_id=$(aws s3 cp "s3://$bucket/production/terraform.tfstate.tflock" - | jq --raw-output .ID)
  tf force-unlock -force "$lock_id"
  plan_is_empty
}

remove_bootstrap() {
  refuses BucketNotEmpty bootstrap destroy "${bootstrap_settings[@]}" -auto-approve
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var state_bucket_force_destroy=true
  bootstrap destroy "${bootstrap_settings[@]}" -auto-approve
  diff "$work/empty" <(inventory)
}
