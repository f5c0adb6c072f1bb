# Functions that the scripts beside this one share: environments, Terraform, and the outputs and messages of a step.
# shellcheck shell=bash

shopt -s extglob
trap 'exit 130' INT
trap 'exit 143' TERM
script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

# usage: prints the comment at the head of the called script and exits with 2.
usage() {
  sed -n '2,/^[^#]/ s/^# \{0,1\}//p' "$script" >&2
  exit 2
}

# init_environment ENVIRONMENT: initialises Terraform, so that `tf` works on staging, production or a preview such as pr-7.
# Needs STATE_BUCKET, the bucket that terraform/bootstrap created. In a run, new versions of the functions name its commit.
init_environment() {
  environment=$1
  local kind=$1 backend=()
  case $environment in
    staging | production) settings=(-var-file="environments/$environment.tfvars") ;;
    pr-[1-9]*([0-9]))
      kind=preview
      backend=(-backend-config="key=$(preview_state "$environment")")
      settings=(-var-file=environments/preview.tfvars -var "prefix=$(preview_prefix)-${environment#pr-}")
      ;;
    *) echo "error: unknown environment $environment: expected staging, production or pr-NUMBER" >&2 && exit 2 ;;
  esac
  [[ -z ${GITHUB_SHA:-} ]] || settings+=(-var "commit=$GITHUB_SHA")
  # A separate folder, so that the backend of the checkout stays as the operator initialised it.
  export TF_DATA_DIR=$PWD/target/environments/$environment TF_IN_AUTOMATION=1 TF_INPUT=0
  tf init -no-color -lockfile=readonly -reconfigure -backend-config="environments/$kind.s3.tfbackend" \
    -backend-config="bucket=${STATE_BUCKET:?must be set to the bucket of the Terraform states}" "${backend[@]}" >&2
}

# preview_state pr-NUMBER: prints the key of the preview's state.
preview_state() {
  echo "preview/$1/terraform.tfstate"
}

# preview_prefix: prints the prefix that all previews share. environments/preview.tfvars has it with the number 0.
preview_prefix() {
  sed -n 's/^prefix *= "\(.*\)-0"$/\1/p' terraform/environments/preview.tfvars
}

tf() {
  terraform -chdir=terraform "$@"
}

# forward_signals COMMAND…: runs the command and forwards the signals of a cancelled run to it: INT, and TERM 7.5 seconds
# later. GitHub sends them to the step's first process only, so the step must start its script with exec. After another 2.5
# seconds GitHub kills every process.
# Source: CancelAndKillProcessTree in https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs
forward_signals() {
  local child='' status=0 received=''
  trap 'received=130; signal_child INT' INT
  trap 'received=143; signal_child TERM' TERM
  # Job control, because bash starts a background command with INT ignored otherwise.
  set -m
  "$@" &
  child=$!
  set +m
  [[ -z $received ]] || signal_child TERM
  wait "$child" || status=$?
  # A signal ends `wait`, but not the command.
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [[ -z $received ]] || exit "$received"
  return "$status"
}

# signal_child SIGNAL: sends the signal to the command of forward_signals, if that still runs.
signal_child() {
  [[ -z $child ]] || kill "-$1" "$child" 2>/dev/null || true
}

# tf_locked COMMAND ARGUMENTS…: runs Terraform with the state lock, which it releases also if the run is cancelled.
tf_locked() {
  forward_signals terraform -chdir=terraform "$1" -no-color -lock-timeout=10m "${@:2}"
}

# output NAME: prints a Terraform output as JSON, or null if nothing is deployed.
output() {
  tf output -json | jq --compact-output --arg name "$1" '.[$name].value'
}

# live_versions: prints the versions that the public API has, from the state; {} before the first apply. A plan or an apply
# that must not promote passes them.
live_versions() {
  output live_versions | jq --compact-output '. // {}'
}

# bundle_variable: prints the option that selects the deployed bundle without its zip, or nothing if none is deployed.
bundle_variable() {
  output bundle_sha256 | jq --raw-output 'values | "-var=bundle_sha256=\(.)"'
}

# save_plan LIVE_VERSIONS SETTINGS…: plans the change to these versions and saves the plan for apply_saved_plan. If another
# run or an operator applies anything in between, Terraform refuses the saved plan. So anything that is checked between the
# two is still true at the apply.
save_plan() {
  tf_locked plan "${settings[@]}" -var "live_versions=$1" "${@:2}" -out="$TF_DATA_DIR/change"
}

apply_saved_plan() {
  tf_locked apply "$TF_DATA_DIR/change"
}

# live_versions_in_lambda: prints the live versions from Lambda itself, because the state may be out of date after an apply
# that failed half-way.
live_versions_in_lambda() {
  local names function name version
  names=$(output function_names | jq --raw-output 'to_entries[] | "\(.key) \(.value)"') || return
  while read -r function name; do
    version=$(aws lambda get-alias --function-name "$name" --name live --query FunctionVersion --output text) || return
    echo "$function $version"
  done <<<"$names" | jq --raw-input --null-input --compact-output '[inputs | split(" ") | {(.[0]): .[1]}] | add'
}

# write_plan FILE SETTINGS…: writes a plan that keeps the live versions, as Markdown; returns 2 if there are changes. It
# takes no lock, because the plan role may not take it.
write_plan() {
  local file=$1 log=$TF_DATA_DIR/plan.txt live status=0
  shift
  live=$(live_versions) || return
  tf plan -no-color -lock=false -detailed-exitcode "${settings[@]}" -var "live_versions=$live" "$@" 2>&1 |
    tee "$log" >&2 || status=$?
  mkdir -p "$(dirname "$file")"
  plan_section "$log" >"$file"
  return "$status"
}

# plan_section FILE: prints the plan in the file as Markdown, folded, and cut so that two plans fit into a comment of at most
# 65,536 characters.
plan_section() {
  local limit=28000 headline plan
  # An error takes precedence, because it may follow a plan.
  headline=$(grep --extended-regexp --max-count=1 '^(│ )?Error:' "$1" ||
    grep --extended-regexp --max-count=1 '^(Plan:|No changes)' "$1" || echo 'Only outputs change.')
  plan=$(grep --invert-match --extended-regexp ': (Refreshing state|Reading|Read complete)' "$1" || true)
  printf '<details><summary><b>%s</b>: %s</summary>\n\n%s\n' "$environment" "$headline" "$(code_block "${plan:0:limit}")"
  ((${#plan} <= limit)) || printf '\nCut here: the log of the job has the full plan.\n'
  printf '</details>\n\n'
}

# plan_sections FILE…: prints the files that plan or drift wrote, and a note for each missing one: a job that failed early
# leaves no file.
plan_sections() {
  local file
  for file in "$@"; do
    if [[ -e $file ]]; then
      cat "$file"
    else
      printf '**There is no plan** in %s: [the run](%s) says why.\n\n' "$(basename "$file")" "$(run_url)"
    fi
  done
}

# keep_issue TITLE INTRODUCTION CLOSING FINDINGS: keeps one issue with this title open while there are findings: opens it,
# updates it, and closes it with a comment when there are none.
keep_issue() {
  local title=$1 introduction=$2 closing=$3 findings=$4 body=target/issue.md number
  mkdir -p target
  number=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues?state=open&creator=github-actions%5Bbot%5D&per_page=100" \
    --jq ".[] | select(.title == \"$title\") | .number")
  number=${number%%$'\n'*}
  if [[ -n $findings ]]; then
    printf '%s\n\n%s\n' "$introduction" "$findings" >"$body"
    if [[ -n $number ]]; then
      gh issue edit "$number" --repo "$GITHUB_REPOSITORY" --body-file "$body"
    else
      gh issue create --repo "$GITHUB_REPOSITORY" --title "$title" --body-file "$body"
    fi
  elif [[ -n $number ]]; then
    gh issue close "$number" --repo "$GITHUB_REPOSITORY" --comment "$closing"
  fi
}

# suite_passed LOG: succeeds if at least one test of the suite passed and none failed. A run without tests also exits with 0.
suite_passed() {
  grep --quiet --extended-regexp '^test result: ok\. [1-9][0-9]* passed; 0 failed; 0 ignored;' "$1"
}

run_url() {
  echo "${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY/actions/runs/${GITHUB_RUN_ID:-}"
}

# set_output NAME VALUE: sets an output of the step.
set_output() {
  echo "$1=$2" | tee --append "${GITHUB_OUTPUT:-/dev/null}"
}

# build_image: prints the image that the bundle is built in. compiler_version: prints the version of its compiler, which
# every job of the pipeline uses.
build_image() {
  sed -n 's/^FROM //p' .github/build-image/Dockerfile
}

compiler_version() {
  build_image | sed 's/^rust:\([0-9.]*\)-.*/\1/'
}

# head_commit NUMBER: prints the newest commit of a pull request, or "closed".
head_commit() {
  gh api "repos/$GITHUB_REPOSITORY/pulls/$1" --jq 'if .state == "open" then .head.sha else .state end'
}

# rollback_hint LIVE_VERSIONS: prints the command that rolls the public API back to these versions. Everything else stays as
# in this commit.
rollback_hint() {
  if [[ $1 == '{}' ]]; then
    echo 'It is the first release, so there is no version to roll back to.'
  else
    echo "To roll it back: \`gh workflow run rollback --field commit=$GITHUB_SHA --field live_versions='$1'\`"
  fi
}

# report_hint: prints where the report of the suite is: at $REPORT, the URL of its artifact. Without that, for example if
# the runner was lost, it prints the URL of the run.
report_hint() {
  if [[ ${REPORT:-} ]]; then
    echo "See $REPORT for the report of the suite."
  else
    echo "No report of the suite was uploaded: see $(run_url) for the run."
  fi
}

# say TEXT: prints a line to the log and to the run's summary.
say() {
  echo "$1" | tee --append "${GITHUB_STEP_SUMMARY:-/dev/null}"
}

# code_block TEXT: prints the text as a code block in Markdown.
code_block() {
  # shellcheck disable=SC2016  # the backquotes are Markdown
  printf '```\n%s\n```\n' "$1"
}

# error TITLE TEXT: adds an error annotation to the run, and the same text to its summary.
error() {
  echo "::error title=$1::$2"
  echo "**$1.** $2" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
}

# set_address_outputs: sets the step's outputs to the URLs and the ids of both APIs, and to the new version of each function,
# such as {"http-crud-tutorial-function":"7"}.
set_address_outputs() {
  local outputs name
  outputs=$(tf output -json)
  set_output versions "$(jq --compact-output '.candidate_versions.value as $versions
    | .function_names.value | with_entries({key: .value, value: $versions[.key]})' <<<"$outputs")"
  for name in invoke_url api_id candidate_invoke_url candidate_api_id; do
    set_output "$name" "$(jq --raw-output --arg name "$name" '.[$name].value // ""' <<<"$outputs")"
  done
}
