# What the account holds around the service: the bootstrap, the roles, the state and its lock, a preview.
# shellcheck shell=bash

bootstrap_settings=(-input=false -no-color -var region=us-east-1 -var 'repository={owner="owner",name="name",owner_id=1,id=2}')

apply_bootstrap() {
  bootstrap init -input=false -no-color -lockfile=readonly
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve
  bootstrap plan "${bootstrap_settings[@]}" -detailed-exitcode
}

roles_are_for_their_jobs() {
  job production apply
  job preview preview
  job pull_request plan
  local token
  for token in preview pull_request fork; do
    refuses AccessDenied job "$token" apply
  done
  refuses AccessDenied job pull_request preview
}

# The emulator speaks HTTP alone, which the bucket's policy refuses to all but the account's root. Seen so, it is lifted.
no_state_in_the_clear() {
  local credentials
  mapfile -t credentials < <(job production apply)
  refuses 'explicit deny in a resource-based policy' env "${credentials[@]}" aws s3api list-objects-v2 --bucket "$bucket"
  aws s3api delete-bucket-policy --bucket "$bucket"
  env "${credentials[@]}" aws s3api list-objects-v2 --bucket "$bucket"
}

# The emulator takes what is done to an alias for listing them, knows neither iam:PermissionsBoundary nor
# iam:PassedToService, and judges three more actions without the name of what they act on. These alone a policy beside the
# roles' own lets through: whether the roles' own would is left to terraform test.
grant_what_the_emulator_cannot_judge() {
  local role names reads writes
  for role in plan apply preview; do
    names=$([[ $role == preview ]] && echo "$prefix-pr-*" || echo "$prefix-*")
    reads='{"Effect":"Allow","Action":["lambda:ListAliases"],"Resource":"arn:aws:lambda:us-east-1:123456789012:function:'$names'"},
      {"Effect":"Allow","Action":["dynamodb:ListTagsOfResource"],"Resource":"*"}'
    writes=',{"Effect":"Allow","Action":["iam:CreateRole","iam:PutRolePolicy","iam:PassRole"],"Resource":"arn:aws:iam::123456789012:role/'$names'"},
      {"Effect":"Allow","Action":["dynamodb:TagResource","lambda:CreateFunction"],"Resource":"*"}'
    [[ $role == plan ]] && writes=
    aws iam put-role-policy --role-name "github-$prefix-$role" --policy-name emulator \
      --policy-document '{"Version":"2012-10-17","Statement":['"$reads$writes"']}'
  done
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
  [[ $(aws iam get-role --role-name "$prefix-role" --query Role.PermissionsBoundary.PermissionsBoundaryArn --output text) == "$boundary" ]]
}

# The job of a pull request reads what is there, and no more.
plan_role() {
  becomes pull_request plan
  plans_nothing -lock=false
  refuses AccessDenied env "${operator[@]}" aws lambda delete-function --function-name "$prefix-function"
  refuses AccessDenied env "${operator[@]}" aws iam delete-role-policy --role-name "$prefix-role" --policy-name table-and-logs
  refuses AccessDenied env "${operator[@]}" aws dynamodb scan --table-name "$prefix-items"
  refuses AccessDenied env "${operator[@]}" aws s3 rm "s3://$bucket/production/terraform.tfstate"
}

# A preview comes and goes beside production, of which its job can neither see nor change anything.
preview() {
  local production=$public api
  api=$(tf output -raw api_id)
  # The emulator knows no tags of APIs: it is the id that keeps the preview away here.
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var "protected_api_ids=[\"$api\"]"
  # It brings the bucket's policy back.
  aws s3api delete-bucket-policy --bucket "$bucket"
  becomes preview preview
  operator+=("TF_DATA_DIR=$work/preview")
  settings=(-no-color -var-file=environments/preview.tfvars -var "architecture=$architecture" -var "prefix=$prefix-pr-7"
    -var "permissions_boundary_arn=$(bootstrap_output boundary_arns | jq --raw-output .preview)")
  init preview -backend-config=key=preview/pr-7/terraform.tfstate
  apply
  smoke "$(url_of api_id)"
  plans_nothing

  local as_preview=(refuses AccessDenied env "${operator[@]}" aws)
  "${as_preview[@]}" dynamodb delete-table --table-name "$prefix-items"
  "${as_preview[@]}" lambda update-alias --function-name "$prefix-function" --name live --function-version 1
  "${as_preview[@]}" iam put-role-policy --role-name "$prefix-role" --policy-name table-and-logs --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
  "${as_preview[@]}" iam create-role --role-name "$prefix-free" --assume-role-policy-document '{"Version":"2012-10-17","Statement":[]}'
  "${as_preview[@]}" apigatewayv2 delete-api --api-id "$api"
  refuses 403 env "${operator[@]}" aws s3 cp "s3://$bucket/production/terraform.tfstate" -
  refuses AccessDenied env "${operator[@]}" aws s3 cp "$service/terraform/main.tf" "s3://$bucket/production/terraform.tfstate"

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
  local role
  for role in plan apply preview; do
    aws iam delete-role-policy --role-name "github-$prefix-$role" --policy-name emulator
  done
  refuses BucketNotEmpty bootstrap destroy "${bootstrap_settings[@]}" -auto-approve
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var state_bucket_force_destroy=true
  bootstrap destroy "${bootstrap_settings[@]}" -auto-approve
  diff "$work/empty" <(inventory)
}
