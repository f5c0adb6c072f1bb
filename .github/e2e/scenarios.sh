# The scenarios of the pipeline, except for releases, which are in deploys.sh. Each runs jobs and checks the service.
# shellcheck shell=bash disable=SC2034,SC2154  # the variables belong to .github/e2e/run

# The commit of the run, and a newer one.
commit=$(printf '%040d' 1)
newer=$(printf '%040d' 2)

# run_job WORKFLOW JOB EVENT: runs the job; EVENT is JSON that is merged into the context that all runs share.
run_job() {
  jq --null-input --slurpfile variables "$work/variables.json" --argjson event "$3" --arg sha "$commit" \
    --arg checkout "$service" --arg artifacts "$work/artifacts" --arg responses "$GH_RESPONSES" '
    {checkout: $checkout, artifacts: $artifacts, responses: $responses, vars: $variables[0], inputs: {}, needs: {},
     github: {event_name: "push", ref: "refs/heads/main", repository: "owner/name", sha: $sha, run_attempt: "1", workflow: "e2e", token: "token",
       event: {repository: {private: false}}}} * $event' >"$work/context.json" || return
  python "$root/.github/e2e/job.py" "$1" "$2" "$work/context.json"
}

# set_response PATH JSON: sets the response of GitHub's API for the path.
set_response() {
  echo "$2" >"$GH_RESPONSES/${1//[^a-z0-9]/-}"
}

# main_is_at COMMIT: sets the newest commit of main. pull_request_is STATE COMMIT: sets the state of pull request 7.
main_is_at() {
  set_response repos/owner/name/git/ref/heads/main "{\"object\":{\"sha\":\"$1\"}}"
}

pull_request_is() {
  set_response repos/owner/name/pulls/7 "{\"state\":\"$1\",\"head\":{\"sha\":\"$2\"}}"
}

# exits_with CODE COMMAND…: succeeds if the command exits with this code. 1: the job failed. 3: skipped. 4: cancelled.
exits_with() {
  local status=0
  "${@:2}" || status=$?
  ((status == $1))
}

fails() {
  exits_with 1 "$@"
}

skips() {
  exits_with 3 "$@"
}

successful_needs() {
  printf '{"needs":{'
  printf '"%s":{"result":"success"},' "$@" | sed 's/,$//'
  printf '}}'
}

# pull_request_event ACTION [HEAD [ACTOR]]: prints an event of pull request 7, which this user caused.
pull_request_event() {
  jq --null-input --compact-output --arg action "$1" --arg head "${2:-owner/name}" --arg actor "${3:-somebody}" --arg sha "$commit" '
    {github: {event_name: "pull_request", ref: "refs/pull/7/merge", actor: $actor,
      event: {action: $action, number: 7, pull_request: {head: {repo: {full_name: $head}, sha: $sha}}}}}'
}

# opened_event NEEDS…: prints the event that opened pull request 7, in a run in which these jobs succeeded. The inputs are those
# that ci.yml passes to preview.yml.
opened_event() {
  jq --null-input --compact-output --slurpfile build "$work/artifacts/build.json" '$ARGS.positional | .[0] * .[1] * {inputs: $build[0]}' \
    --jsonargs "$(pull_request_event opened)" "$(successful_needs "$@")"
}

# isolated COMMAND…: runs the command with a separate checkout, artifacts and responses, in parallel with other scenarios.
isolated() {
  local shared=$work
  work=$work/$1 service=$work/$1/checkout GH_CALLS=$work/$1/calls GH_RESPONSES=$work/$1/responses
  mkdir -p "$GH_RESPONSES"
  ln -s "$shared/bundles" "$work/bundles"
  cp -r "$shared"/{artifacts,variables.json} "$work"
  copy_service
  cp -r "$root/.github" "$service"
  "$@"
}

# The scenarios of a preview, one after another.
previews() {
  use_bundle first
  second_push_comments
  preview_is_created
  preview_is_destroyed
  closed_pull_request_gets_no_preview
  sweep_destroys_leftover_previews
}

set_up_account() {
  apply_bootstrap
  (cd "$service" && .github/scripts/variables) |
    jq --raw-input --slurp 'split("\n") | map(select(. != "") | split("=") | {(.[0]): .[1]}) | add' >"$work/variables.json"
  bucket=$(state_bucket)
  state_bucket_rejects_http
  # Wildcards of IAM match a line feed in a path, but those of the emulator do not. This policy allows those requests.
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

# versions_are LIVE CANDIDATE: succeeds if production has these versions.
versions_are() {
  [[ $(version_of "$prefix" live) == "$1" && $(version_of "$prefix" candidate) == "$2" ]]
}

public_release_is() {
  [[ $(release_behind "$(url_of_api "$prefix-api")") == "$1" ]]
}

# The summary requires exactly the jobs that `changes` chose, which are all of them here, and all but one in the last case.
summary_requires_every_chosen_job() {
  local event result
  event=$(python -c 'import json, sys, yaml
needs = yaml.safe_load(open(sys.argv[1]))["jobs"]["summary"]["needs"]
print(json.dumps({"needs": {need: {"result": "success"} for need in needs}}))' "$root/.github/workflows/ci.yml")
  choose "$(jq --compact-output '.needs | keys' <<<"$event")"
  run_job ci summary "$event"
  for result in skipped cancelled failure; do
    fails run_job ci summary "$(jq --arg result "$result" '.needs.test.result = $result' <<<"$event")"
  done
  choose '[]'
  fails run_job ci summary "$(jq '.needs[].result = "skipped" | .needs.changes.result = "failure"' <<<"$event")"
  choose "$(jq --compact-output '.needs | del(.test) | keys' <<<"$event")"
  run_job ci summary "$(jq '.needs.test.result = "skipped"' <<<"$event")" | grep '^- test: not needed$'
  fails run_job ci summary "$event"
  choose '["preview"]'
}

# choose JOBS: leaves the outputs of the job changes.
choose() {
  jq --null-input --arg jobs "$1" --arg base "$newer" '{jobs: $jobs, base: $base}' >"$work/artifacts/changes.json"
}

# In a repository with the files of this one, each change of a file chooses the jobs whose result it can change.
changed_files_choose_jobs() {
  local file
  git clone --quiet "$root" "$work/changes"
  cp -r "$root/.github" "$work/changes"
  [[ $(jobs_after pull_request docs/queries.md) == workflows ]]
  [[ $(jobs_after pull_request README.md) == 'terraform test workflows' ]]
  [[ $(jobs_after pull_request function/src/item.rs) == 'build compatibility lint openapi preview service speed test workflows' ]]
  [[ $(jobs_after pull_request bundle/reproducible) == *' reproducible '* ]]
  [[ $(jobs_after pull_request Cargo.lock) == "$(jobs_after pull_request new-file)" ]]
  [[ $(jobs_after merge_group Cargo.lock) == 'build dependencies lint macos openapi pipeline reproducible service speed terraform test workflows' ]]
  [[ $(jobs_after push Cargo.lock) == 'dependencies lint openapi speed terraform test workflows' ]]
  # Nothing is known about the files of a run by hand, or after a push to a new branch.
  [[ $(jobs_of workflow_dispatch HEAD) == "$(jobs_of schedule HEAD)" && $(jobs_of schedule HEAD) == *' macos '* ]]
  [[ $(jobs_of push "$(printf '%040d' 0)") == "$(jobs_after push new-file)" ]]
  # The unit tests read these files.
  for file in $(grep --only-matching --no-filename --extended-regexp '"[A-Za-z./-]+/[A-Za-z.-]+\.(md|tf|json)"|"README.md"' "$root"/contract-tests/src/tests/definitions.rs | tr -d '"' | sort --unique); do
    [[ " $(jobs_after pull_request "$file")" == *' test '* ]]
  done
}

# jobs_after EVENT FILE: prints the jobs that are chosen after a change of this file.
jobs_after() {
  echo change >>"$work/changes/$2"
  git -C "$work/changes" add "$2"
  git -C "$work/changes" -c user.name=e2e -c user.email=e2e@localhost commit --quiet --message change -- "$2"
  jobs_of "$1" HEAD~1
}

# jobs_of EVENT BASE: prints the jobs that are chosen for the newest commit, compared with another one.
jobs_of() {
  local event
  event=$(jq --null-input --compact-output --arg checkout "$work/changes" --arg name "$1" --arg base "$2" --arg sha "$(git -C "$work/changes" rev-parse HEAD)" '
    {checkout: $checkout, github: {event_name: $name, sha: $sha, event: {before: $base}}}')
  run_job ci changes "$event" >&2
  jq --raw-output '.jobs | fromjson | join(" ")' "$work/artifacts/changes.json"
}

# ci.yml calls preview.yml, which runs the jobs plan, up, suite and comment.
preview_is_created() {
  use_bundle first
  choose '["preview"]'
  pull_request_is open "$commit"
  set_response "$comments" '[]'
  : >"$GH_CALLS"
  run_job ci preview "$(opened_event changes build)"
  smoke "$(url_of_api "$prefix-pr-7-api")"
  grep '<b>staging</b>: ' "$work/artifacts/plan-staging/plan-staging.md"
  grep --extended-regexp '^api --method POST repos/owner/name/issues/7/comments ' "$GH_CALLS"
  grep '^The contract suite passed at http' "$GH_RESPONSES/body"
  grep '<b>production</b>: ' "$GH_RESPONSES/body"

  # The comment on a preview that failed links the report.
  run_comment success failure skipped
  grep --fixed-strings '[the report of the suite](https://github.com/owner/name/actions/runs/1/artifacts/suite-of-preview)' "$GH_RESPONSES/body"

  # The comment reports a plan that failed before it wrote a file.
  rm -r "$work/artifacts/plan-staging" "$service/target/plan-staging.md"
  run_comment success success skipped
  grep --fixed-strings '**There is no plan** in plan-staging.md' "$GH_RESPONSES/body"
  grep '<b>production</b>: ' "$GH_RESPONSES/body"
}

comments='repos/owner/name/issues/7/comments?per_page=100'

# run_comment UP SUITE DOWN: runs the job comment after jobs with these results.
run_comment() {
  run_job preview comment "$(jq --null-input --compact-output --argjson event "$(pull_request_event synchronize)" --arg up "$1" --arg suite "$2" --arg down "$3" '
    $event * {needs: {plan: {result: $up}, up: {result: $up}, suite: {result: $suite}, down: {result: $down}}}')"
}

# The pull request is closed while its bundle is built, so `down` runs before `up`.
closed_pull_request_gets_no_preview() {
  pull_request_is closed "$commit"
  run_job preview down "$(pull_request_event closed)"
  fails run_job preview up "$(opened_event)"
  nothing_is_left_of 7
  : >"$GH_CALLS"
  run_comment failure skipped skipped
  [[ $(<"$GH_CALLS") != *comments* ]]
}

# After a second push, `up` of the first run fails or is cancelled, and only the second run comments.
second_push_comments() {
  set_response "$comments" '[]'
  pull_request_is open "$newer"
  fails run_job preview up "$(opened_event)"
  nothing_is_left_of 7
  : >"$GH_CALLS"
  run_comment cancelled skipped skipped
  [[ $(<"$GH_CALLS") != *comments* ]]
  # The newest run comments also if it is cancelled by hand.
  pull_request_is open "$commit"
  run_comment cancelled skipped skipped
  grep --fixed-strings '**The preview was cancelled**' "$GH_RESPONSES/body"
}

preview_is_destroyed() {
  run_job preview down "$(pull_request_event closed)"
  rm -r "$work"/artifacts/plan-* "$service"/target/plan-*
  set_response "$comments" '[{"id":41,"user":{"login":"somebody"},"body":"<!-- preview -->"},{"id":42,"user":{"login":"github-actions[bot]"},"body":"<!-- preview --> …"}]'
  : >"$GH_CALLS"
  run_comment skipped skipped success
  grep '^api --method PATCH repos/owner/name/issues/comments/42 ' "$GH_CALLS"
  grep '^The preview was destroyed.' "$GH_RESPONSES/body"
  nothing_is_left_of 7
}

nothing_is_left_of() {
  inventory >"$work/left"
  if grep "$prefix-pr-$1-" "$work/left"; then return 1; fi
  [[ -z $(aws s3api list-objects-v2 --bucket "$(state_bucket)" --prefix "preview/pr-$1/" --output json | jq --raw-output '.Contents[]?.Key') ]]
}

forks_get_no_preview() {
  choose '["preview"]'
  local needs event
  needs=$(successful_needs changes build)
  for event in "$(pull_request_event opened fork/name)" "$(pull_request_event opened owner/name 'dependabot[bot]')"; do
    skips run_job ci preview "$(jq --compact-output ". * $needs" <<<"$event")"
    skips run_job preview down "$(jq --compact-output '.github.event.action = "closed"' <<<"$event")"
  done
}

sweep_destroys_leftover_previews() {
  local schedule='{"github":{"event_name":"schedule"}}'
  pull_request_is open "$commit"
  run_job preview up "$(opened_event)"
  run_job preview sweep "$schedule"
  smoke "$(url_of_api "$prefix-pr-7-api")"
  pull_request_is closed "$commit"
  run_job preview sweep "$schedule"
  nothing_is_left_of 7
}

issues='repos/owner/name/issues?state=open&creator=github-actions%5Bbot%5D&per_page=100'

# cargo-deny is replaced by its output; .ci/run runs it.
advisories_are_reported() {
  mkdir -p "$work/deny"
  printf '#!/bin/sh\n' >"$work/deny/rustup"
  printf '#!/bin/sh\ncat "%s"\nexit 1\n' "$work/deny/output" >"$work/deny/cargo"
  chmod +x "$work"/deny/{cargo,rustup}
  set_response "$issues" '[{"number":4,"title":"Drift: the deployment differs from main"}]'
  printf 'error[vulnerability]: A buffer is read after it was freed\n   ├ ID: RUSTSEC-2026-0001\n\nadvisories FAILED\n' >"$work/deny/output"
  run_advisories
  grep '^issue create .*Advisories' "$GH_CALLS"
  grep 'RUSTSEC-2026-0001' "$GH_RESPONSES/body"

  set_response "$issues" '[{"number":6,"title":"Advisories: a dependency is reported"}]'
  run_advisories
  grep '^issue edit 6 ' "$GH_CALLS"

  # Without the database, nothing is known: the issue stays as it is, and the job fails.
  echo '[ERROR] failed to fetch advisory database' >"$work/deny/output"
  fails run_advisories | grep '^::error title=The advisories were not checked::'
  [[ $(<"$GH_CALLS") != *'issue '* ]]

  echo 'advisories ok' >"$work/deny/output"
  run_advisories
  grep '^issue close 6 ' "$GH_CALLS"
}

# run_advisories: runs the job of advisories.yml.
run_advisories() {
  : >"$GH_CALLS"
  PATH=$work/deny:$PATH run_job advisories report '{"github":{"event_name":"schedule"}}'
}

drift_is_reported() {
  set_response "$issues" '[]'
  run_drift
  [[ ! -s $work/artifacts/drift-staging/drift-staging.md && ! -s $work/artifacts/drift-production/drift-production.md && $(<"$GH_CALLS") != *'issue '* ]]

  aws logs put-retention-policy --log-group-name "/aws/lambda/$prefix-function" --retention-in-days 1
  run_drift
  grep '<b>production</b>: Plan: 0 to add, 1 to change' "$GH_RESPONSES/body"
  grep '^issue create ' "$GH_CALLS"

  set_response "$issues" '[{"number":5,"title":"Drift: the deployment differs from main"}]'
  run_drift
  grep '^issue edit 5 ' "$GH_CALLS"

  aws logs put-retention-policy --log-group-name "/aws/lambda/$prefix-function" --retention-in-days 90
  run_drift
  grep '^issue close 5 ' "$GH_CALLS"

  # Code that was changed by hand makes the plan fail: the issue reports that too.
  aws lambda update-function-code --function-name "$prefix-function" --zip-file "fileb://$work/bundles/first.zip" --publish
  fails run_drift
  grep '<b>production</b>: Error: ' "$GH_RESPONSES/body"
}

# run_drift: runs the jobs of drift.yml; succeeds if the comparison does. The report runs in any case.
run_drift() {
  local schedule='{"github":{"event_name":"schedule"}}' status=0
  : >"$GH_CALLS"
  run_job drift compare "$schedule" || status=$?
  run_job drift report "$(jq --compact-output '. * {needs: {compare: {result: "success"}}}' <<<"$schedule")"
  return "$status"
}

# destroy_event NAME: prints the event of a run of destroy.yml with this environment.
destroy_event() {
  jq --null-input --compact-output --arg name "$1" '{github: {event_name: "workflow_dispatch"}, inputs: {environment: $name}, needs: {approve: {result: "success"}}}'
}

destroy_runs_only_on_main() {
  skips run_job destroy approve "$(destroy_event staging | jq --compact-output '.github.ref = "refs/heads/other"')"
}

destroy_respects_protection() {
  run_job destroy approve "$(destroy_event production)"
  fails run_job destroy destroy "$(destroy_event production)" | tee "$work/output"
  grep 'deletion_protection is on' "$work/output"
  public_release_is second
}

staging_is_destroyed() {
  run_job destroy approve "$(destroy_event staging)"
  run_job destroy destroy "$(destroy_event staging)"
  inventory >"$work/left"
  # The bootstrap's roles stay.
  if grep --invert-match ' github-' "$work/left" | grep "$prefix-staging-"; then return 1; fi
}
