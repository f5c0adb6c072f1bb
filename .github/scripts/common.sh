# What the scripts beside this one share: the environments, Terraform in one of them, and how a job is told of results.
# shellcheck shell=bash

shopt -s extglob
script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

# usage: prints the comment at the head of the script that was called, and ends it.
usage() {
  sed -n '2,/^[^#]/ s/^# \{0,1\}//p' "$script" >&2
  exit 2
}

# enter ENVIRONMENT: from here on `tf` works on staging, production or a preview such as pr-7.
# Needs STATE_BUCKET, the bucket that terraform/bootstrap made.
enter() {
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

# output NAME: of what is deployed, as JSON; null where nothing is.
output() {
  tf output -json | jq --compact-output --arg name "$1" '.[$name].value'
}

# live_versions: what the public has, and keeps unless a plan or an apply means to promote. {} before the first apply.
live_versions() {
  output live_versions | jq --compact-output '. // {}'
}

# deployed_bundle: the variable that stands for the zip that is deployed; nothing where none is.
deployed_bundle() {
  output bundle_sha256 | jq --raw-output 'values | "-var=bundle_sha256=\(.)"'
}

# apply SETTINGS…
apply() {
  tf apply -no-color -auto-approve -lock-timeout=10m "${settings[@]}" "$@"
}

# plan FILE SETTINGS…: writes the plan as Markdown, in which live stays; 2 where there is something to change. It is made
# without the lock, which the plan role cannot take.
plan() {
  local file=$1 log=$TF_DATA_DIR/plan.txt live status=0
  shift
  live=$(live_versions) || return
  tf plan -no-color -lock=false -detailed-exitcode "${settings[@]}" -var "live_versions=$live" "$@" 2>&1 |
    tee "$log" >&2 || status=$?
  mkdir -p "$(dirname "$file")"
  section "$log" >"$file"
  return "$status"
}

# section FILE: the plan in it as Markdown, folded, and cut so that two fit into a comment of at most 65,536 characters.
section() {
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
sections() {
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
tell() {
  echo "$1=$2" | tee --append "${GITHUB_OUTPUT:-/dev/null}"
}

# say TEXT: a line for whoever looks at the run.
say() {
  echo "$1" | tee --append "${GITHUB_STEP_SUMMARY:-/dev/null}"
}

# alarm TITLE TEXT: what nobody who looks at the run may miss.
alarm() {
  echo "::error title=$1::$2"
  echo "**$1.** $2" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
}

# tell_addresses: what the steps after an apply need to know of it.
tell_addresses() {
  local name
  for name in invoke_url api_id candidate_invoke_url candidate_api_id; do
    tell "$name" "$(output "$name" | jq --raw-output '. // ""')"
  done
}
