# Applies and plans the service as an operator would, in a copy of the configuration.
# shellcheck shell=bash

# Environment variables for Terraform: the credentials of a role; empty for the account's root.
terraform_env=()

tf() {
  env "${terraform_env[@]}" terraform -chdir="$service/terraform" "$@"
}

# The commits of the two releases: Terraform checks only their form.
first_commit=1111111111111111111111111111111111111111 second_commit=2222222222222222222222222222222222222222

# Production's settings. `run` adds the architecture of this machine, on which the emulator runs the functions.
settings=(-no-color -var-file=environments/production.tfvars)

apply() {
  tf apply -input=false "${settings[@]}" -auto-approve "$@"
}

destroy() {
  tf destroy -input=false "${settings[@]}" -auto-approve "$@"
}

plan_is_empty() {
  tf plan -input=false "${settings[@]}" -detailed-exitcode "$@"
}

# plan_is CHANGES SETTINGS…: checks that the plan has exactly these changes, one "ACTION ADDRESS" a line; saves the plan.
plan_is() {
  local expected=$1 planned
  shift
  tf plan -input=false "${settings[@]}" -out="$work/plan" "$@"
  planned=$(tf show -json "$work/plan" |
    jq --raw-output '.resource_changes[] | select(.mode == "managed" and .change.actions != ["no-op"]) | "\(.change.actions | join(" and ")) \(.address)"')
  [[ $planned == "$expected" ]]
}

apply_plan() {
  tf apply -input=false -no-color "$work/plan"
}

# refuses TEXT COMMAND…: checks that the command fails with this text in its output.
refuses() {
  local text=$1 message
  shift
  if message=$("$@" 2>&1); then
    echo "did not fail: $message"
    return 1
  fi
  # Terraform wraps its lines.
  tr -s '│\n ' ' ' <<<"$message" | grep --fixed-strings -- "$text"
}

output() {
  tf output -json "$1"
}

version_behind() {
  aws lambda get-alias --function-name "$(output function_names | jq --raw-output .items)" --name "$1" --query FunctionVersion --output text
}

# description_of VERSION: prints the description of a version of production's function.
description_of() {
  aws lambda get-function-configuration --function-name "$prefix-function" --qualifier "$1" --query Description --output text
}

# job TOKEN ENVIRONMENT TASK: prints, as environment variables, the credentials of a GitHub job that assumed a role of the
# bootstrap.
job() {
  aws sts assume-role-with-web-identity --role-arn "$(bootstrap_output role_arns | jq --raw-output ".$2.$3")" \
    --role-session-name "e2e-$1" --web-identity-token "$(<"$work/issuer/$1")" |
    jq --raw-output '.Credentials | "AWS_ACCESS_KEY_ID=\(.AccessKeyId)", "AWS_SECRET_ACCESS_KEY=\(.SecretAccessKey)", "AWS_SESSION_TOKEN=\(.SessionToken)"'
}

# assume_job_role TOKEN ENVIRONMENT TASK: gives Terraform the credentials of that job from now on.
assume_job_role() {
  mapfile -t terraform_env < <(job "$@")
}

bootstrap() {
  terraform -chdir="$service/terraform/bootstrap" "$@"
}

bootstrap_output() {
  bootstrap output -json "$1"
}

inventory() {
  python "$here/e2e/inventory.py"
}

# use_local_state: keeps the state on this disk, as on a first try.
use_local_state() {
  printf 'terraform {\n  backend "local" {}\n}\n' >"$service/terraform/backend_override.tf"
  tf init -input=false -no-color -lockfile=readonly -reconfigure
}

# copy_service: copies the configuration, so that the checkout's state and bundles stay untouched.
copy_service() {
  rm -rf "$service"
  mkdir -p "$service/target/lambda"
  (cd "$here" && tar --create --exclude .terraform --exclude ./tests --exclude '*.tfstate*' --exclude backend_override.tf .) |
    (mkdir "$service/terraform" && tar --extract --directory "$service/terraform")
}
