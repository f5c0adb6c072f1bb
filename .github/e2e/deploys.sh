# The scenarios of a release, from the build to each possible end.
# shellcheck shell=bash disable=SC2034,SC2154  # the variables belong to .github/e2e/run

# build_artifacts: makes the bundles, and takes the suite $BUILT_SUITE of another job, or builds it.
build_artifacts() {
  bundle
  [[ ${BUILT_SUITE:-} ]] || (cd "$root" && .github/scripts/build-suite)
  mkdir -p "$work"/artifacts/{bundle,sbom,suite}
  cp "$suite" "$work/artifacts/suite"
}

# use_bundle NAME: leaves the artifacts and outputs of build.yml for this release.
use_bundle() {
  # The emulators run the bundle on this machine, so a bundle for this machine takes the place of the arm64 one.
  cp "$work/bundles/$1.zip" "$work/artifacts/bundle/bootstrap-arm64.zip"
  echo '{"bomFormat":"CycloneDX","serialNumber":"urn:uuid:0","specVersion":"1.5"}' >"$work/artifacts/sbom/bootstrap-arm64.cdx.json"
  write_build_outputs
}

# use_suite [SCRIPT]: leaves the suite that build.yml built. With a script, that replaces the suite, which lies beside it as
# `real`.
use_suite() {
  local folder=$work/suites/suite
  rm -rf "$folder"
  mkdir -p "$folder"
  tar --extract --file "$suite" --directory "$work/suites"
  if (($# > 0)); then
    mv "$folder/properties" "$folder/real"
    printf '#!/usr/bin/env bash\n%s\n' "$1" >"$folder/properties"
    chmod +x "$folder/properties"
  fi
  pack_suite
}

pack_suite() {
  tar --create --file "$work/artifacts/suite/suite.tar" --directory "$work/suites" suite
  write_build_outputs
}

# on_live_suite SCRIPT: leaves a suite that runs the script against the public API, and passes against any other API.
on_live_suite() {
  use_suite "[[ \$CONTRACT_URL != *$(id_of_api "$prefix-api")* ]] || { $1; }
    echo 'test result: ok. 1 passed; 0 failed; 0 ignored;'"
}

# write_build_outputs: writes the outputs of build.yml: the ids of the artifacts, as job.py computes them.
write_build_outputs() {
  local name
  for name in bundle sbom suite; do
    openssl dgst -sha256 -r "$work/artifacts/$name"/* | jq --raw-input --arg name "$name-id" '{($name): .[:64]}'
  done | jq --slurp add >"$work/artifacts/build.json"
}

# run_deploy [EVENT]: runs the jobs attest, approve and production of deploy.yml.
run_deploy() {
  run_job deploy attest "$(successful_needs build)"
  run_job deploy approve "$(successful_needs staging-suite)"
  run_job deploy production "$(jq --null-input --compact-output '$ARGS.positional | add' --jsonargs "$(successful_needs build attest approve)" "${1:-{\}}")"
}

# approved_needs NEEDS…: prints the context of a run that was approved in its first attempt, after these jobs succeeded.
approved_needs() {
  successful_needs "$@" | jq --compact-output '. * {inputs: {"approved-attempt": "1"}}'
}

# unsuccessful_jobs_are RESULTS: succeeds if exactly these jobs of the release did not succeed, with these results.
unsuccessful_jobs_are() {
  cat "$work/output"
  [[ $(sed -n '/^--- /d; s/^\(candidate\|candidate-suite\|promote\|live-suite\|roll-back\): \(.*\)/\1 \2/p' "$work/output" | grep --invert-match ' success$' | paste --serial --delimiters ,) == "$1" ]]
}

staging_deploys() {
  main_is_at "$commit"
  use_bundle first
  run_job deploy attest "$(successful_needs build)"
  run_job deploy staging "$(successful_needs build attest)"
  run_job deploy staging-suite "$(successful_needs build staging)" | tee "$work/output"
  # The summary has the latencies of the suite, and what Lambda reported.
  grep '^## Contract tests: pass$' "$work/output"
  grep '^### Latency, in milliseconds$' "$work/output"
  grep '^| PUT /items | [1-9]' "$work/output"
  grep --extended-regexp "^\| $prefix-staging-function \| 1 \| [1-9]" "$work/output"
  smoke "$(url_of_api "$prefix-staging-api")"
}

# Lines in the two forms that Lambda documents: version 7 logs as JSON, version 6 as text. The step of staging has those of the
# emulator. Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
reports_are_summarised() {
  [[ $(summary_of 7) == '| items | 7 | 2 | 1 | 61.3 / 61.3 | 3.1 / 12.3 | 4 / 74 | 36 of 256 MB |' ]]
  [[ $(summary_of 6) == '| items | 6 | 2 | 1 | 55.1 / 55.1 | 1.1 / 3 | 2 / 59 | 37 of 256 MB |' ]]
  [[ -z $(summary_of 5) ]]
}

summary_of() {
  jq --raw-output --arg function items --arg version "$1" --from-file "$root/.github/scripts/lambda-reports.jq" "$root/.github/e2e/lambda-reports.json"
}

# Main's suite passes against the API of this commit. A mutant fails, and so does an intended change, until it has its label.
main_suite_judges_the_api() {
  local artifacts=repos/owner/name/actions/artifacts rejected='::error title=The contract changes::'
  python -m zipfile --create "$GH_RESPONSES/zip" "$work/artifacts/suite/suite.tar"
  mv "$GH_RESPONSES/zip" "$GH_RESPONSES/$(tr --complement 'a-z0-9\n' - <<<"$artifacts/3/zip")"
  # Others are those of a fork's branch main, of another commit of main, and an expired one.
  set_response "$artifacts?name=suite&per_page=100" "$(jq --null-input --arg base "$newer" --arg other "$commit" '
    def artifact($id; $sha; $head): {id: $id, expired: ($id == 2), created_at: "2026-05-0\($id)", workflow_run: {head_branch: "main", head_sha: $sha, repository_id: 1, head_repository_id: $head}};
    {artifacts: [artifact(5; $base; 9), artifact(4; $other; 1), artifact(3; $base; 1), artifact(2; $base; 1)]}')"
  set_response repos/owner/name/issues/7/labels '[{"name":"bug"}]'
  choose '["compatibility"]'
  use_bundle first
  use_suite
  run_compatibility >"$work/output"
  grep '^The API keeps the contract of main' "$work/output"

  serve_mutant 'PUT merges'
  fails run_compatibility >"$work/output"
  grep --fixed-strings "$rejected" "$work/output"
  # The summary follows the log, and has the script too.
  sed -n '/^## Contract tests: fail$/,$p' "$work/output" | grep ' curl .* -X PUT '

  serve_mutant 'DELETE of a missing item fails'
  fails run_compatibility | grep --fixed-strings "$rejected"
  set_response repos/owner/name/issues/7/labels '[{"name":"bug"},{"name":"contract-change"}]'
  run_compatibility >"$work/output"
  grep '^The label contract-change announces the change' "$work/output"
  grep '^curl .* -X DELETE ' "$work/output"

  printf '#!/bin/sh\necho "error: no port" >&2\nexit 1\n' >"$work/suites/suite/local"
  pack_suite
  fails run_compatibility | grep '^::error title=The API did not start::error: no port'
  use_suite
}

# serve_mutant NAME: leaves a suite whose API is this mutant.
serve_mutant() {
  use_suite
  # shellcheck disable=SC2016  # expanded by the script
  printf '#!/bin/sh\nexec "$(dirname "$0")/contract-tests" faulty "%s"\n' "$1" >"$work/suites/suite/local"
  pack_suite
}

run_compatibility() {
  run_job ci compatibility "$(opened_event changes build)"
}

first_release() {
  run_deploy >"$work/output"
  unsuccessful_jobs_are 'roll-back skipped'
  versions_are 1 1
  [[ $(description_of 1) == "commit $commit" ]]
  public_release_is first
}

# After step 7 of SETUP.md, which gives the ids of the APIs to the bootstrap, a verify role invokes only these APIs.
suite_reaches_listed_apis() {
  local verify
  bootstrap apply "${bootstrap_settings[@]}" -auto-approve -var "api_ids={production=[\"$(id_of_api "$prefix-api")\",\"$(id_of_api "$prefix-candidate-api")\"]}"
  # The apply of the bootstrap has restored the bucket's policy.
  bucket=$(state_bucket)
  state_bucket_rejects_http
  mapfile -t verify < <(job production-suite production verify)
  verify+=(CONTRACT_AUTH=iam)
  cd "$service" || return
  env "${verify[@]}" CONTRACT_URL="$(url_of_api "$prefix-candidate-api")" .github/scripts/suite short
  refuses 'not authorized to perform: execute-api:Invoke' \
    env "${verify[@]}" CONTRACT_URL="$(url_of_api "$prefix-staging-candidate-api")" .github/scripts/suite short
}

second_release() {
  use_bundle second
  run_deploy >"$work/output"
  unsuccessful_jobs_are 'roll-back skipped'
  versions_are 2 2
  public_release_is second
}

# After a late approval, or in a re-run, each job that deploys fails before it changes anything.
superseded_run_deploys_nothing() {
  local job
  use_bundle failing
  main_is_at "$newer"
  for job in 'deploy staging' 'deploy approve' 'release candidate' 'destroy approve'; do
    # shellcheck disable=SC2086  # two words
    fails run_job $job "$(approved_needs build attest staging-suite)" >"$work/output"
    cat "$work/output"
    grep --fixed-strings "::error title=Superseded::This run is for the commit $commit, but main is at $newer" "$work/output"
  done
  main_is_at "$commit"

  # A job that is re-run without the others has only the approval of the first attempt.
  for job in candidate promote; do
    fails run_job release "$job" "$(approved_needs candidate candidate-suite | jq --compact-output '. * {github: {run_attempt: "2"}}')" |
      grep '^::error title=Not approved::The approval was given to attempt 1, but this is attempt 2'
  done
  versions_are 2 2
}

# Any job of a run can replace an artifact. A job that downloads a replaced one fails.
replaced_artifacts_are_refused() {
  pull_request_is open "$commit"
  use_bundle second
  cp "$work/bundles/failing.zip" "$work/artifacts/bundle/bootstrap-arm64.zip"
  local job
  for job in 'deploy attest' 'deploy staging' 'preview plan' 'preview up'; do
    # shellcheck disable=SC2086  # two words
    fails run_job $job "$(opened_event build attest)" >"$work/output"
    cat "$work/output"
    grep '^None of the provided artifact IDs were found' "$work/output"
  done
  fails run_job deploy production "$(successful_needs build attest approve)" >"$work/output"
  unsuccessful_jobs_are 'candidate failure,candidate-suite skipped,promote skipped,live-suite skipped,roll-back skipped'

  # The bytes match, but they have no attestation.
  use_bundle failing
  fails run_job deploy staging "$(successful_needs build attest)" >"$work/output"
  grep '^failure: Verify the provenance' "$work/output"

  use_bundle second
  cp "$work/artifacts/bundle/bootstrap-arm64.zip" "$work/artifacts/suite/suite.tar"
  fails run_job deploy staging-suite "$(successful_needs build staging)" >"$work/output"
  grep '^None of the provided artifact IDs were found' "$work/output"
  use_suite
  versions_are 2 2
}

# A tampered suite tries every role with a token, which it requests if its step or a parent process can.
tampered_suite_gets_no_apply_role() {
  use_suite "$(<"$root/.github/e2e/tampered-suite")"
  export ROLES
  ROLES=$(jq --raw-output '.[] | select(contains(":role/"))' "$work/variables.json")
  assumes_only_role staging-verify deploy staging-suite "$(successful_needs build staging)"
  assumes_only_role production-verify release candidate-suite "$(successful_needs candidate)"
  assumes_only_role production-verify release live-suite "$(successful_needs candidate promote)"
  echo '{"url":"https://preview"}' >"$work/artifacts/up.json"
  assumes_only_role '' preview suite "$(opened_event up)"
  use_suite
}

# assumes_only_role ROLE WORKFLOW JOB EVENT: succeeds if the tampered suite in the job assumes only this role, and has its
# credentials.
assumes_only_role() {
  fails run_job "${@:2:2}" "$(jq --compact-output --slurpfile build "$work/artifacts/build.json" '. * {inputs: $build[0]}' <<<"$4")" >"$work/output"
  cat "$work/output"
  grep '^the tampered suite ran$' "$work/output"
  [[ $(sed -n "s|^took .*:role/github-$prefix-||p" "$work/output") == "$1" ]]
  if [[ $1 ]]; then grep "^given: .*:assumed-role/github-$prefix-$1/" "$work/output"; else grep '^given: nothing$' "$work/output"; fi
}

failing_candidate_stops() {
  use_bundle failing
  fails run_deploy >"$work/output"
  unsuccessful_jobs_are 'candidate-suite failure,promote skipped,live-suite skipped,roll-back skipped'
  versions_are 2 3
  public_release_is second
}

# links_report TITLE: succeeds if the output has an error with this title that links the report of the live suite.
links_report() {
  grep "^::error title=$1::.*See https://github.com/owner/name/actions/runs/1/artifacts/suite-of-live for the report" "$work/output"
}

# The release keeps the contract only for callers of the candidate API, so a property fails on live.
broken_live_rolls_back() {
  python "$root/.github/e2e/fails_when_live.py" "$here/e2e/second_release.py" "$(url_of_api "$prefix-api")" "$work/bundles"
  use_bundle fails_when_live
  fails run_deploy >"$work/output"
  unsuccessful_jobs_are 'live-suite failure'
  links_report 'production was rolled back'
  ls "$work"/artifacts/suite-of-live/attempts/1/{log,report.html,junit.xml}
  versions_are 2 4
  public_release_is second
}

# The apply moves the alias and then fails.
partial_promotion_rolls_back() {
  use_bundle second
  on_live_suite 'exit 101'
  mkdir -p "$work/half-way"
  cat >"$work/half-way/terraform" <<SCRIPT
#!/usr/bin/env bash
$(command -v terraform) "\$@" || exit
case \$* in
  *' plan '*'live_versions={"items":"5"}'*) touch $work/half-way/promotes ;;
  *' plan '*) rm -f $work/half-way/promotes ;;
  *' apply '*) [[ ! -e $work/half-way/promotes ]] ;;
esac
SCRIPT
  chmod +x "$work/half-way/terraform"
  PATH=$work/half-way:$PATH fails run_deploy >"$work/output"
  unsuccessful_jobs_are 'promote failure,live-suite skipped'
  # There is no report, because the suite did not run.
  grep '^::error title=production was rolled back::Live is {"items":"2"} again; it was {"items":"5"}\. .*see https://github.com/owner/name/actions/runs/1 for the run' "$work/output"
  versions_are 2 5
}

suite_timeout_rolls_back() {
  on_live_suite 'exec sleep 60'
  SUITE_TIMEOUT=5s fails run_deploy >"$work/output"
  unsuccessful_jobs_are 'live-suite failure'
  grep '^::error title=production was rolled back::' "$work/output"
  versions_are 2 5
}

cancelled_suite_rolls_back() {
  on_live_suite "echo 'a case'; exec sleep 60"
  exits_with 4 run_deploy '{"cancel":{"step":"Short contract suite","line":"a case"}}' >"$work/output"
  unsuccessful_jobs_are 'live-suite cancelled'
  links_report 'production was rolled back'
  versions_are 2 5
}

# The signal reaches Terraform, which stops cleanly and releases the lock.
cancelled_promotion_leaves_no_lock() {
  exits_with 4 run_deploy '{"cancel":{"step":"Promote","line":"Refreshing state"}}' >"$work/output"
  unsuccessful_jobs_are 'promote cancelled,live-suite skipped'
  grep '^Interrupt received' "$work/output"
  [[ -z $(aws s3api list-objects-v2 --bucket "$(state_bucket)" --prefix production/ --output json | jq --raw-output '.Contents[]?.Key | select(endswith(".tflock"))') ]]
  versions_are 2 5
}

# An operator rolls back from another checkout, between the plan of a promotion and its apply. The promotion fails, and the
# versions of the rollback stay.
concurrent_rollback_is_kept() {
  cp -r "$service" "$work/other-checkout"
  mkdir -p "$work/between"
  cat >"$work/between/terraform" <<SCRIPT
#!/usr/bin/env bash
if [[ "\$*" == *' apply '* && \$PWD != $work/other-checkout ]]; then
  (cd "$work/other-checkout" && .github/scripts/roll-back production '{"items":"1"}')
fi
exec $(command -v terraform) "\$@"
SCRIPT
  chmod +x "$work/between/terraform"
  PATH=$work/between:$PATH fails run_job release promote "$(approved_needs candidate candidate-suite)" >"$work/output" 2>&1
  cat "$work/output"
  grep 'Saved plan is stale' "$work/output"
  versions_are 1 5
  fails run_job release promote "$(approved_needs candidate candidate-suite)" | grep '^::error title=Nothing was promoted::'
  fails run_release_roll_back | grep '^::error title=Nothing was rolled back::'
  versions_are 1 5
}

# run_release_roll_back: runs the job roll-back of a release whose live suite failed.
run_release_roll_back() {
  run_job release roll-back '{"needs":{"candidate":{"result":"success"},"promote":{"result":"success"},"live-suite":{"result":"failure"}}}'
}

# An error of Lambda is not taken for a live version.
failed_rollback_is_reported() {
  mkdir -p "$work/failing-aws"
  cat >"$work/failing-aws/aws" <<SCRIPT
#!/usr/bin/env bash
[[ "\$*" != *get-alias* ]] && exec $(command -v aws) "\$@"
echo 'An error occurred (TooManyRequestsException)' >&2 && exit 254
SCRIPT
  chmod +x "$work/failing-aws/aws"
  PATH=$work/failing-aws:$PATH fails run_release_roll_back | grep '^::error title=production could not be rolled back::'
}

# A rollback with the inputs that the promotion printed.
manual_rollback_accepts_only_commits_of_main() {
  run_rollback_approval not-a-commit fails
  set_response "repos/owner/name/compare/$newer...main" '{"status":"diverged"}'
  run_rollback_approval "$newer" fails
  set_response "repos/owner/name/compare/$commit...main" '{"status":"ahead"}'
  run_rollback_approval "$commit"
  fails run_rollback 7 | grep 'Expected versions such as'
  run_rollback '{"items":"2"}' >"$work/output"
  grep "^checked out $commit" "$work/output"
  versions_are 2 5
}

# run_rollback LIVE_VERSIONS: runs the job roll-back of rollback.yml on the newest commit of main.
run_rollback() {
  run_job rollback roll-back "$(jq --null-input --compact-output --arg versions "$1" --arg commit "$commit" --arg newer "$newer" '
    {github: {event_name: "workflow_dispatch", sha: $newer}, inputs: {live_versions: $versions, commit: $commit}, needs: {approve: {result: "success"}}}')"
}

# run_rollback_approval COMMIT [fails]: runs the job approve of rollback.yml.
run_rollback_approval() {
  "${@:2}" run_job rollback approve "{\"github\":{\"event_name\":\"workflow_dispatch\"},\"inputs\":{\"commit\":\"$1\"}}"
}

# The suite is inconclusive once, then passes. Its items are left behind, which is not a failure of the release.
one_inconclusive_suite_keeps_the_release() {
  on_live_suite "[[ -e $work/ran-once ]] || { touch $work/ran-once; exit 2; }; exec target/suite/real \"\$@\""
  printf '#!/bin/sh\nexit 1\n' >"$work/suites/suite/contract-tests"
  pack_suite
  run_deploy >"$work/output"
  unsuccessful_jobs_are 'roll-back skipped'
  grep '^The short contract suite was inconclusive at .*: running the short suite once more' "$work/output"
  grep '^::error title=Items are left behind::' "$work/output"
  ls "$work"/artifacts/suite-of-live/attempts/{1,2}/log "$work"/artifacts/suite-of-live/attempts/2/{report.html,junit.xml}
  versions_are 5 5
}

two_inconclusive_suites_leave_the_release_unverified() {
  on_live_suite 'exit 2'
  run_rollback '{"items":"2"}'
  fails run_deploy >"$work/output"
  unsuccessful_jobs_are 'live-suite failure,roll-back skipped'
  links_report 'production is not verified'
  grep --fixed-strings "gh workflow run rollback --field commit=$commit --field live_versions='{\"items\":\"2\"}'" "$work/output"
  versions_are 5 5
  public_release_is second
  use_suite
}
