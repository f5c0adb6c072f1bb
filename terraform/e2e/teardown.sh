# A table brought back, and everything taken away.
# shellcheck shell=bash

# As the runbook has it: the functions are stopped, the table is restored under another name and adopted into the state.
# The old one goes, as it would once looked at.
restore_table() {
  local old=$prefix-items restored="table_name=$1"
  apply -var reserved_concurrency=0
  every_route_returns 503 "$public"
  aws dynamodb restore-table-to-point-in-time --source-table-name "$old" --target-table-name "$1" --use-latest-restorable-time
  for _ in {1..60}; do
    if table_is_active "$1"; then break; else sleep 1; fi
  done
  table_is_active "$1"
  # AWS keeps the key on a restore; the emulator does not.
  aws dynamodb update-table --table-name "$1" --sse-specification "Enabled=true,SSEType=KMS,KMSMasterKeyId=$key"
  tf state rm module.table.aws_dynamodb_table.items
  tf import "${settings[@]}" -var "$restored" -var reserved_concurrency=0 module.table.aws_dynamodb_table.items "$1"
  apply -var "$restored"
  [[ $(output table_name) == "\"$1\"" ]]
  every_route_returns 200 "$public"
  plan_is_empty -var "$restored"
  aws dynamodb update-table --table-name "$old" --no-deletion-protection-enabled
  aws dynamodb delete-table --table-name "$old"
  every_route_returns 200 "$public"
}

table_is_active() {
  [[ $(aws dynamodb describe-table --table-name "$1" --query Table.TableStatus --output text) == ACTIVE ]]
}

destroy_is_refused() {
  refuses 'deletion_protection is on' destroy
  plan_is ''
  smoke "$public"
}

unprotect_and_destroy() {
  apply -var deletion_protection=false
  destroy -var deletion_protection=false
}

no_resources_left() {
  diff "$work/before" <(inventory)
}

# A check that cannot fail proves nothing.
leftovers_are_detected() {
  aws logs create-log-group --log-group-name /left/behind
  [[ $(no_resources_left) == *'/left/behind' ]]
  aws logs delete-log-group --log-group-name /left/behind
  no_resources_left
}

# With the state on this disk and every default, as a first try would be: a name still taken would show.
deploy_again() {
  settings=(-no-color -var "architecture=$architecture")
  terraform_env=()
  use_local_state
  apply
  smoke "$(url_of api_id)"
  destroy
  no_resources_left
}
