# The stories of the repository: each a run of a job, and what became of the service. Those of a release are in deploys.sh.
# shellcheck shell=bash disable=SC2034,SC2154  # the variables are the rehearsal's

# Commits: of the run, and of another that came after it.
commit=$(printf '%040d' 1)
newer=$(printf '%040d' 2)

# run_job WORKFLOW JOB EVENT: runs it; EVENT is JSON that is laid over what every run knows.
run_job() {
  jq --null-input --slurpfile variables "$work/variables.json" --argjson event "$3" --arg sha "$commit" \
    --arg checkout "$service" --arg artifacts "$work/artifacts" --arg answers "$GH_ANSWERS" '
    {checkout: $checkout, artifacts: $artifacts, answers: $answers, vars: $variables[0], inputs: {}, needs: {},
     github: {event_name: "push", ref: "refs/heads/main", repository: "owner/name", sha: $sha, run_attempt: "1", workflow: "rehearsal", token: "token",
       event: {repository: {private: false}}}} * $event' >"$work/context.json" || return
  python "$root/.github/e2e/job.py" "$1" "$2" "$work/context.json"
}

# answer PATH JSON: what GitHub's API says there from now on.
answer() {
  echo "$2" >"$GH_ANSWERS/${1//[^a-z0-9]/-}"
}

# main_is_at COMMIT, pull_request_is STATE COMMIT: number 7.
main_is_at() {
  answer repos/owner/name/git/ref/heads/main "{\"object\":{\"sha\":\"$1\"}}"
}

pull_request_is() {
  answer repos/owner/name/pulls/7 "{\"state\":\"$1\",\"head\":{\"sha\":\"$2\"}}"
}

# ends CODE COMMAND…: with what became of the job.
ends() {
  local status=0
  "${@:2}" || status=$?
  ((status == $1))
}

fails() {
  ends 1 "$@"
}

skips() {
  ends 3 "$@"
}

succeeded() {
  printf '{"needs":{'
  printf '"%s":{"result":"success"},' "$@" | sed 's/,$//'
  printf '}}'
}

# pull_request ACTION [HEAD [USER]]: the event of number 7.
pull_request() {
  jq --null-input --compact-output --arg action "$1" --arg head "${2:-owner/name}" --arg user "${3:-somebody}" --arg sha "$commit" '
    {github: {event_name: "pull_request", ref: "refs/pull/7/merge",
      event: {action: $action, number: 7, pull_request: {head: {repo: {full_name: $head}, sha: $sha}, user: {login: $user}}}}}'
}

# opened NEEDS…: number 7 was opened, and these jobs have succeeded.
opened() {
  jq --null-input --compact-output '$ARGS.positional | .[0] * .[1]' --jsonargs "$(pull_request opened)" "$(succeeded "$@")"
}

# apart COMMAND…: with a checkout, artifacts and answers of its own, so that it can run beside other stories.
apart() {
  local shared=$work
  work=$work/$1 service=$work/$1/checkout GH_CALLS=$work/$1/calls GH_ANSWERS=$work/$1/answers
  mkdir -p "$GH_ANSWERS"
  ln -s "$shared/bundles" "$work/bundles"
  cp -r "$shared"/{artifacts,variables.json} "$work"
  copy_service
  cp -r "$root/.github" "$service"
  "$@"
}

# All that may become of a preview, one after the other.
previews() {
  builds first
  second_push_comments
  preview_comes
  preview_goes
  preview_of_a_closed_one
  sweep_takes_what_is_left
}

set_up() {
  apply_bootstrap
  (cd "$service" && .github/scripts/variables) |
    jq --raw-input --slurp 'split("\n") | map(select(. != "") | split("=") | {(.[0]): .[1]}) | add' >"$work/variables.json"
  bucket=$(state_bucket)
  no_state_in_the_clear
  # The emulator's wildcards do not match a line feed in a path, as IAM's do: what they miss is let through.
  local environment
  for environment in staging production; do
    aws iam put-role-policy --role-name "github-$prefix-$environment-verify" --policy-name emulator --policy-document '{"Version":"2012-10-17","Statement":[
      {"Effect":"Allow","Action":"execute-api:Invoke","NotResource":"arn:aws:execute-api:*"}]}'
  done
}

state_bucket() {
  jq --raw-output .PRODUCTION_STATE_BUCKET "$work/variables.json"
}

id_of_api() {
  aws apigatewayv2 get-apis --output json | jq --raw-output --arg name "$1" '.Items[] | select(.Name == $name) | .ApiId'
}

url_of_api() {
  echo "$AWS_ENDPOINT_URL/_aws/execute-api/$(id_of_api "$1")/\$default"
}

version_of() {
  aws lambda get-alias --function-name "$1-function" --name "$2" --query FunctionVersion --output text
}

# versions_are LIVE CANDIDATE, in production.
versions_are() {
  [[ $(version_of "$prefix" live) == "$1" && $(version_of "$prefix" candidate) == "$2" ]]
}

public_release_is() {
  [[ $(release_behind "$(url_of_api "$prefix-api")") == "$1" ]]
}

summary_wants_every_job() {
  local green
  green=$(python -c 'import json, sys, yaml
needs = yaml.safe_load(open(sys.argv[1]))["jobs"]["summary"]["needs"]
print(json.dumps({"needs": {need: {"result": "success"} for need in needs}}))' "$root/.github/workflows/ci.yml")
  run_job ci summary "$green"
  local result
  for result in skipped cancelled failure; do
    fails run_job ci summary "$(jq --arg result "$result" '.needs.test.result = $result' <<<"$green")"
  done
}

plan_is_written() {
  run_job preview plan "$(opened build)"
  grep '<b>staging</b>: ' "$work/artifacts/plan-staging/plan-staging.md"
  grep '<b>production</b>: ' "$work/artifacts/plan-production/plan-production.md"
}

preview_comes() {
  builds first
  pull_request_is open "$commit"
  run_job preview up "$(opened build)"
  grep --fixed-strings 'execute-api' "$work/artifacts/up.json"
  run_job preview suite "$(opened build up)"
  smoke "$(url_of_api "$prefix-pr-7-api")"
  answer "$comments" '[]'
  : >"$GH_CALLS"
  commented success success skipped
  grep --extended-regexp '^api --method POST repos/owner/name/issues/7/comments ' "$GH_CALLS"
  grep '^The contract suite held at http' "$GH_ANSWERS/body"
  grep '<b>production</b>: ' "$GH_ANSWERS/body"

  # A plan that failed before it wrote anything is missed.
  rm -r "$work/artifacts/plan-staging" "$service/target/plan-staging.md"
  commented success success skipped
  grep --fixed-strings '**There is no plan** in plan-staging.md' "$GH_ANSWERS/body"
  grep '<b>production</b>: ' "$GH_ANSWERS/body"
}

comments='repos/owner/name/issues/7/comments?per_page=100'

# commented UP SUITE DOWN
commented() {
  run_job preview comment "$(jq --null-input --compact-output --argjson event "$(pull_request synchronize)" --arg up "$1" --arg suite "$2" --arg down "$3" '
    $event * {needs: {plan: {result: $up}, up: {result: $up}, suite: {result: $suite}, down: {result: $down}}}')"
}

# A pull request that is closed while its bundle is built: `down` runs before `up` does.
preview_of_a_closed_one() {
  pull_request_is closed "$commit"
  run_job preview down "$(pull_request closed)"
  fails run_job preview up "$(opened build)"
  nothing_is_left_of 7
  : >"$GH_CALLS"
  commented failure skipped skipped
  [[ $(<"$GH_CALLS") != *comments* ]]
}

# A second push cancels the first one's job that waits for the same preview, and is the one that comments.
second_push_comments() {
  answer "$comments" '[]'
  pull_request_is open "$newer"
  fails run_job preview up "$(opened build)"
  nothing_is_left_of 7
  : >"$GH_CALLS"
  commented cancelled skipped skipped
  [[ $(<"$GH_CALLS") != *comments* ]]
  # Cancelled by hand, the newest one says so.
  pull_request_is open "$commit"
  commented cancelled skipped skipped
  grep --fixed-strings '**The preview was cancelled**' "$GH_ANSWERS/body"
}

preview_goes() {
  run_job preview down "$(pull_request closed)"
  rm -r "$work"/artifacts/plan-* "$service"/target/plan-*
  answer "$comments" '[{"id":41,"user":{"login":"somebody"},"body":"<!-- preview -->"},{"id":42,"user":{"login":"github-actions[bot]"},"body":"<!-- preview --> …"}]'
  : >"$GH_CALLS"
  commented skipped skipped success
  grep '^api --method PATCH repos/owner/name/issues/comments/42 ' "$GH_CALLS"
  grep '^The preview is gone.' "$GH_ANSWERS/body"
  nothing_is_left_of 7
}

nothing_is_left_of() {
  inventory >"$work/left"
  if grep "$prefix-pr-$1-" "$work/left"; then return 1; fi
  [[ -z $(aws s3api list-objects-v2 --bucket "$(state_bucket)" --prefix "preview/pr-$1/" --output json | jq --raw-output '.Contents[]?.Key') ]]
}

strangers_get_no_preview() {
  local unbuilt='{"needs":{"build":{"result":"skipped"}}}' event
  for event in "$(pull_request opened fork/name)" "$(pull_request opened owner/name 'dependabot[bot]')"; do
    skips run_job preview build "$event"
    skips run_job preview plan "$(jq --compact-output ". * $unbuilt" <<<"$event")"
    skips run_job preview up "$(jq --compact-output ". * $unbuilt" <<<"$event")"
    skips run_job preview down "$(jq --compact-output '.github.event.action = "closed"' <<<"$event")"
  done
  run_job preview build "$(pull_request opened)"
}

sweep_takes_what_is_left() {
  local schedule='{"github":{"event_name":"schedule"}}'
  pull_request_is open "$commit"
  run_job preview up "$(opened build)"
  run_job preview sweep "$schedule"
  smoke "$(url_of_api "$prefix-pr-7-api")"
  pull_request_is closed "$commit"
  run_job preview sweep "$schedule"
  nothing_is_left_of 7
}

drift_is_reported() {
  local issues='repos/owner/name/issues?state=open&creator=github-actions%5Bbot%5D&per_page=100'
  answer "$issues" '[]'
  nightly
  [[ ! -s $work/artifacts/drift-staging/drift-staging.md && ! -s $work/artifacts/drift-production/drift-production.md && $(<"$GH_CALLS") != *'issue '* ]]

  aws logs put-retention-policy --log-group-name "/aws/lambda/$prefix-function" --retention-in-days 1
  nightly
  grep '<b>production</b>: Plan: 0 to add, 1 to change' "$GH_ANSWERS/body"
  grep '^issue create ' "$GH_CALLS"

  answer "$issues" '[{"number":5,"title":"Drift: what is deployed is not what main says"}]'
  nightly
  grep '^issue edit 5 ' "$GH_CALLS"

  aws logs put-retention-policy --log-group-name "/aws/lambda/$prefix-function" --retention-in-days 90
  nightly
  grep '^issue close 5 ' "$GH_CALLS"

  # Code that was changed by hand lets no plan through: that is told too.
  aws lambda update-function-code --function-name "$prefix-function" --zip-file "fileb://$work/bundles/first.zip" --publish
  fails nightly
  grep '<b>production</b>: Error: ' "$GH_ANSWERS/body"
}

# Succeeds if the comparison does; what it found is reported in any case.
nightly() {
  local schedule='{"github":{"event_name":"schedule"}}' status=0
  : >"$GH_CALLS"
  run_job drift compare "$schedule" || status=$?
  run_job drift report "$(jq --compact-output '. * {needs: {compare: {result: "success"}}}' <<<"$schedule")"
  return "$status"
}

# typed NAME AGAIN: what was typed into destroy.yml.
typed() {
  jq --null-input --compact-output '{github: {event_name: "workflow_dispatch"}, inputs: {environment: $ARGS.positional[0], again: $ARGS.positional[1]}, needs: {confirm: {result: "success"}, approve: {result: "success"}}}' --args "$@"
}

destroy_asks_twice() {
  fails run_job destroy confirm "$(typed staging production)"
  fails run_job destroy confirm "$(typed preview preview)"
  run_job destroy confirm "$(typed staging staging)"
}

destroy_respects_protection() {
  run_job destroy approve "$(typed production production)"
  fails run_job destroy destroy "$(typed production production)" | tee "$work/said"
  grep 'deletion_protection is on' "$work/said"
  public_release_is second
}

staging_is_destroyed() {
  run_job destroy approve "$(typed staging staging)"
  run_job destroy destroy "$(typed staging staging)"
  inventory >"$work/left"
  # The bootstrap's roles stay.
  if grep --invert-match ' github-' "$work/left" | grep "$prefix-staging-"; then return 1; fi
}
