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
take_over() {
  aws iam delete-role-permissions-boundary --role-name "$prefix-role"
  aws apigatewayv2 tag-resource --resource-arn "arn:aws:apigateway:us-east-1::/apis/$(tf output -raw api_id)" --tags Environment=hand-made
  [[ $(boundary_of "$prefix-role") == None ]]
  apply_within_boundary
  plans_nothing
}

# Before and after the bootstrap knows the ids of the APIs, as SETUP.md gives them last. One more API is another service's.
roles_keep_to_themselves() {
  local api stranger tried
  api=$(tf output -raw api_id)
  stranger=$(aws apigatewayv2 create-api --name bank-api --protocol-type HTTP --query ApiId --output text)
  tried=("$here/e2e/roles.py" "$work/issuer" "$prefix" "$bucket" "$api,$stranger")
  bootstrap_output role_arns | python "${tried[@]}"
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var "api_ids={production=[\"$api\",\"$(tf output -raw candidate_api_id)\"]}"
  # It brings the bucket's policy back.
  aws s3api delete-bucket-policy --bucket "$bucket"
  bootstrap_output role_arns | python "${tried[@]}" ids
  aws apigatewayv2 delete-api --api-id "$stranger"
}

# Plans as the job of a pull request.
plan_role() {
  becomes pull_request production plan
  plans_nothing -lock=false
}

# A preview comes and goes beside production, in the name of its own role.
preview() {
  local production=$public
  becomes preview preview apply
  operator+=("TF_DATA_DIR=$work/preview")
  settings=(-no-color -var-file=environments/preview.tfvars -var "architecture=$architecture" -var "prefix=$prefix-pr-7"
    -var "permissions_boundary_arn=$(bootstrap_output boundary_arns | jq --raw-output .preview)")
  init preview -backend-config=key=preview/pr-7/terraform.tfstate
  apply
  smoke "$(url_of api_id)"
  plans_nothing
  destroy
  every_route_is 200 "$production"
}

# An operator holds the lock, then dies with it.
lock() {
  local holder lock_id
  mkfifo "$work/approval"
  # Terraform itself, for a function in the background would be a shell around it, and die alone.
  env "${operator[@]}" terraform -chdir="$service/terraform" apply "${settings[@]}" -var memory_size=512 <"$work/approval" >"$work/holder" &
  holder=$!
  exec 9>"$work/approval"
  for _ in {1..300}; do
    if grep --quiet 'Enter a value' "$work/holder"; then break; else sleep 0.2; fi
  done
  grep 'Enter a value' "$work/holder"
  refuses 'Lock Info: ID:' plans_nothing
  kill -KILL "$holder"
  exec 9>&-
  rm "$work/approval"
  refuses 'Lock Info: ID:' plans_nothing
  lock_id=$(aws s3 cp "s3://$bucket/production/terraform.tfstate.tflock" - | jq --raw-output .ID)
  tf force-unlock -force "$lock_id"
  plans_nothing
}

remove_bootstrap() {
  refuses BucketNotEmpty bootstrap destroy "${bootstrap_settings[@]}" -auto-approve
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var state_bucket_force_destroy=true
  bootstrap destroy "${bootstrap_settings[@]}" -auto-approve
  diff "$work/empty" <(inventory)
}
