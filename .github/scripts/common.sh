# What the scripts beside this one share: the environments, Terraform in one of them, and how a job is told of results.
# shellcheck shell=bash

shopt -s extglob
trap 'exit 130' INT
trap 'exit 143' TERM
script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

# usage: prints the comment at the head of the script that was called, and ends it.
usage() {
  sed -n '2,/^[^#]/ s/^# \{0,1\}//p' "$script" >&2
  exit 2
}

# enter ENVIRONMENT: from here on `tf` works on staging, production or a preview such as pr-7.
# Needs STATE_BUCKET, the bucket that terraform/bootstrap made.
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
    *) echo "error: there is no environment $environment: staging, production or pr-NUMBER" >&2 && exit 2 ;;
  esac
  # A folder of its own: whatever backend the checkout is initialised with stays as it is.
  export TF_DATA_DIR=$PWD/target/environments/$environment TF_IN_AUTOMATION=1 TF_INPUT=0
  tf init -no-color -lockfile=readonly -reconfigure -backend-config="environments/$kind.s3.tfbackend" \
    -backend-config="bucket=${STATE_BUCKET:?is the bucket of the states}" "${backend[@]}" >&2
}
# preview_state pr-NUMBER: the key of its state.
preview_state() {
  echo "preview/$1/terraform.tfstate"
}

# The prefix that previews share: environments/preview.tfvars has it with the number 0.
preview_prefix() {
  sed -n 's/^prefix *= "\(.*\)-0"$/\1/p' terraform/environments/preview.tfvars
}

tf() {
  terraform -chdir=terraform "$@"
}

# forwarding COMMAND…: runs it, and passes on the signals of a cancelled run: INT, and TERM 7.5 seconds later. GitHub sends
# them to the step's first process only, and kills everything after 2.5 more. Needs a step that starts its script by exec.
# Source: CancelAndKillProcessTree in https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs
forward_signals() {
  local child='' status=0 received=''
  trap 'received=130; signal_child INT' INT
  trap 'received=143; signal_child TERM' TERM
  # With job control, or bash would let the command ignore INT.
  set -m
  "$@" &
  child=$!
  set +m
  [[ -z $received ]] || signal_child TERM
  wait "$child" || status=$?
  # A signal ends the wait, not the command.
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [[ -z $received ]] || exit "$received"
  return "$status"
}

# pass_on SIGNAL: to the command of forwarding, if it still runs.
signal_child() {
  [[ -z $child ]] || kill "-$1" "$child" 2>/dev/null || true
}

# locked COMMAND ARGUMENTS…: runs Terraform with the lock, which it gives back when the run is cancelled.
tf_locked() {
  forward_signals terraform -chdir=terraform "$1" -no-color -lock-timeout=10m "${@:2}"
}

# output NAME: of what is deployed, as JSON; null where nothing is.
output() {
  tf output -json | jq --compact-output --arg name "$1" '.[$name].value'
}

# live_versions: what the public has, and keeps unless a plan or an apply means to promote. {} before the first apply.
live_versions() {
  output live_versions | jq --compact-output '. // {}'
}

# deployed_bundle: the variable that stands for the zip that is deployed; nothing where none is.
bundle_variable() {
  output bundle_sha256 | jq --raw-output 'values | "-var=bundle_sha256=\(.)"'
}

# propose LIVE_VERSIONS SETTINGS…: plans the change to these versions, for carry_out. If another run or an operator applies
# anything in between, Terraform refuses the plan; what is looked at in between still holds when it is carried out.
save_plan() {
  tf_locked plan "${settings[@]}" -var "live_versions=$1" "${@:2}" -out="$TF_DATA_DIR/change"
}

apply_saved_plan() {
  tf_locked apply "$TF_DATA_DIR/change"
}

# live_now: function => version that the public has, as Lambda says it. After an apply that ended half-way the state may
# not know.
live_versions_in_lambda() {
  local names function name version
  names=$(output function_names | jq --raw-output 'to_entries[] | "\(.key) \(.value)"') || return
  while read -r function name; do
    version=$(aws lambda get-alias --function-name "$name" --name live --query FunctionVersion --output text) || return
    echo "$function $version"
  done <<<"$names" | jq --raw-input --null-input --compact-output '[inputs | split(" ") | {(.[0]): .[1]}] | add'
}

# plan FILE SETTINGS…: writes the plan as Markdown, in which live stays; 2 where there is something to change. It is made
# without the lock, which the plan role cannot take.
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

# section FILE: the plan in it as Markdown, folded, and cut so that two fit into a comment of at most 65,536 characters.
plan_section() {
  local limit=28000 headline plan
  # An error may follow a plan.
  headline=$(grep --extended-regexp --max-count=1 '^(│ )?Error:' "$1" ||
    grep --extended-regexp --max-count=1 '^(Plan:|No changes)' "$1" || echo 'Outputs alone change.')
  plan=$(grep --invert-match --extended-regexp ': (Refreshing state|Reading|Read complete)' "$1" || true)
  # shellcheck disable=SC2016  # the backquotes are Markdown's
  printf '<details><summary><b>%s</b>: %s</summary>\n\n```\n%s\n```\n' "$environment" "$headline" "${plan:0:limit}"
  ((${#plan} <= limit)) || printf '\nCut here: the log of the job has all of it.\n'
  printf '</details>\n\n'
}

# sections FILE…: what plan or drift wrote of each environment, or that there is nothing: a job that failed early left no file.
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

run_url() {
  echo "${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY/actions/runs/${GITHUB_RUN_ID:-}"
}

# tell NAME VALUE: an output of the step.
set_output() {
  echo "$1=$2" | tee --append "${GITHUB_OUTPUT:-/dev/null}"
}

# sha256 FILE
sha256() {
  openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
}

# build_image: the image that the bundle is built in. compiler_version: its compiler, which is the pipeline's everywhere.
build_image() {
  sed -n 's/^FROM //p' .github/build-image/Dockerfile
}

compiler_version() {
  build_image | sed 's/^rust:\([0-9.]*\)-.*/\1/'
}

# head_of NUMBER: the newest commit of a pull request; "closed" of one that is.
head_commit() {
  gh api "repos/$GITHUB_REPOSITORY/pulls/$1" --jq 'if .state == "open" then .head.sha else .state end'
}

# way_back LIVE_VERSIONS: how the public gets these versions back, with the rest as this commit has it.
rollback_hint() {
  if [[ $1 == '{}' ]]; then
    echo 'It is the first release: there is no version to go back to.'
  else
    echo "To roll it back: \`gh workflow run rollback --field commit=$GITHUB_SHA --field live_versions='$1'\`"
  fi
}

# say TEXT: a line for whoever looks at the run.
say() {
  echo "$1" | tee --append "${GITHUB_STEP_SUMMARY:-/dev/null}"
}

# alarm TITLE TEXT: what nobody who looks at the run may miss.
error() {
  echo "::error title=$1::$2"
  echo "**$1.** $2" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
}

# tell_addresses: what the steps after an apply need to know of it.
set_address_outputs() {
  local outputs name
  outputs=$(tf output -json)
  for name in invoke_url api_id candidate_invoke_url candidate_api_id; do
    set_output "$name" "$(jq --raw-output --arg name "$name" '.[$name].value // ""' <<<"$outputs")"
  done
}
