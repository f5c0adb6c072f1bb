# A table brought back, and everything taken away.
# shellcheck shell=bash

# As the runbook has it: the functions are stopped, the table is restored under another name and adopted into the state.
# The old one goes, as it would once looked at.
restore() {
  local old=$prefix-items restored="table_name=$1"
  apply -var reserved_concurrency=0
  every_route_is 503 "$public"
  aws dynamodb restore-table-to-point-in-time --source-table-name "$old" --target-table-name "$1" --use-latest-restorable-time
  for _ in {1..60}; do
    if is_active "$1"; then break; else sleep 1; fi
  done
  is_active "$1"
  # AWS keeps the key on a restore; the emulator does not.
  aws dynamodb update-table --table-name "$1" --sse-specification "Enabled=true,SSEType=KMS,KMSMasterKeyId=$key"
  tf state rm module.table.aws_dynamodb_table.items
  tf import "${settings[@]}" -var "$restored" -var reserved_concurrency=0 module.table.aws_dynamodb_table.items "$1"
  apply -var "$restored"
  [[ $(output table_name) == "\"$1\"" ]]
  every_route_is 200 "$public"
  plans_nothing -var "$restored"
  aws dynamodb update-table --table-name "$old" --no-deletion-protection-enabled
  aws dynamodb delete-table --table-name "$old"
  every_route_is 200 "$public"
}

is_active() {
  [[ $(aws dynamodb describe-table --table-name "$1" --query Table.TableStatus --output text) == ACTIVE ]]
}

protected() {
  refuses 'deletion_protection is on' destroy
  plans_only ''
  smoke "$public"
}

remove() {
  apply -var deletion_protection=false
  destroy -var deletion_protection=false
}

nothing_is_left() {
  diff "$work/before" <(inventory)
}

# A check that cannot fail proves nothing.
leftovers_show() {
  aws logs create-log-group --log-group-name /left/behind
  [[ $(nothing_is_left) == *'/left/behind' ]]
  aws logs delete-log-group --log-group-name /left/behind
  nothing_is_left
}

# With the state on this disk and every default, as a first try would be: a name still taken would show.
once_more() {
  settings=(-no-color -var "architecture=$architecture")
  operator=()
  keep_state_here
  apply
  smoke "$(url_of api_id)"
  destroy
  nothing_is_left
}
