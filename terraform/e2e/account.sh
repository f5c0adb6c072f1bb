# What the account holds around the service: the bootstrap, the roles, the state and its lock, a preview.
# shellcheck shell=bash

bootstrap_settings=(-input=false -no-color -var region=us-east-1 -var 'repository={owner="owner",name="name",owner_id=1,id=2}')

apply_bootstrap() {
  bootstrap init -input=false -no-color -lockfile=readonly
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve
  bootstrap plan "${bootstrap_settings[@]}" -detailed-exitcode
}

# The emulator speaks HTTP alone, which the bucket's policy refuses to all but the account's root. Seen so, it is lifted.
no_state_in_the_clear() {
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

# A deployment that was made by hand has no boundary, and other tags.
adopt_manual_deployment() {
  aws iam delete-role-permissions-boundary --role-name "$prefix-role"
  aws apigatewayv2 tag-resource --resource-arn "arn:aws:apigateway:us-east-1::/apis/$(tf output -raw api_id)" --tags Environment=hand-made
  [[ $(boundary_of "$prefix-role") == None ]]
  apply_within_boundary
  plan_is_empty
}

# Before and after the bootstrap knows the ids of the APIs, as SETUP.md gives them last. One more API is another service's.
roles_are_isolated() {
  local api foreign_api check_roles
  api=$(tf output -raw api_id)
  foreign_api=$(aws apigatewayv2 create-api --name bank-api --protocol-type HTTP --query ApiId --output text)
  check_roles=("$here/e2e/roles.py" "$work/issuer" "$prefix" "$bucket" "$api,$foreign_api")
  bootstrap_output role_arns | python "${check_roles[@]}"
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var "api_ids={production=[\"$api\",\"$(tf output -raw candidate_api_id)\"]}"
  # It brings the bucket's policy back.
  aws s3api delete-bucket-policy --bucket "$bucket"
  bootstrap_output role_arns | python "${check_roles[@]}" ids
  aws apigatewayv2 delete-api --api-id "$foreign_api"
}

# Plans as the job of a pull request.
plan_role_can_plan() {
  assume_job_role pull_request production plan
  plan_is_empty -lock=false
}

# A preview comes and goes beside production, in the name of its own role.
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

# An operator holds the lock, then dies with it.
state_lock() {
  local holder lock_id
  mkfifo "$work/approval"
  # Terraform itself, for a function in the background would be a shell around it, and die alone.
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
