# The last steps: a restored table, destroy, and the search for leftovers.
# shellcheck shell=bash

# restore_table NAME: follows the runbook. Stops the functions, restores the table under this name and imports it into
# the state. Then deletes the old table, as an operator would after looking at it.
restore_table() {
  local old=$prefix-items restored="table_name=$1"
  apply -var reserved_concurrency=0
  every_route_returns 503 "$public"
  aws dynamodb restore-table-to-point-in-time --source-table-name "$old" --target-table-name "$1" --use-latest-restorable-time
  for _ in {1..60}; do
    if table_is_active "$1"; then break; else sleep 1; fi
  done
  table_is_active "$1"
  # On a restore AWS keeps the KMS key; the emulator does not.
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

# Proves that no_resources_left can fail.
leftovers_are_detected() {
  aws logs create-log-group --log-group-name /left/behind
  [[ $(no_resources_left) == *'/left/behind' ]]
  aws logs delete-log-group --log-group-name /left/behind
  no_resources_left
}

# With a local state and all defaults, as on a first try. A name that is still in use would make the apply fail.
deploy_again() {
  settings=(-no-color -var "architecture=$architecture")
  terraform_env=()
  use_local_state
  apply
  smoke "$(url_of api_id)"
  destroy
  no_resources_left
}
