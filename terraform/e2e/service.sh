# Applies and plans the service, in a copy of its own, as an operator would.
# shellcheck shell=bash

# Whose credentials Terraform has, as environment variables.
terraform_env=()

tf() {
  env "${terraform_env[@]}" terraform -chdir="$service/terraform" "$@"
}

# Production, but for the processor of the machine that the emulator runs on.
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

# plan_is WHAT SETTINGS…: the plan changes exactly this, an action and an address a line; the plan is kept.
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

# refuses TEXT COMMAND…: the command fails and says why.
refuses() {
  local text=$1 message
  shift
  if message=$("$@" 2>&1); then
    echo "not refused: $message"
    return 1
  fi
  # Terraform breaks its lines where it likes.
  tr -s '│\n ' ' ' <<<"$message" | grep --fixed-strings -- "$text"
}

output() {
  tf output -json "$1"
}

version_behind() {
  aws lambda get-alias --function-name "$(output function_names | jq --raw-output .items)" --name "$1" --query FunctionVersion --output text
}

# job TOKEN ENVIRONMENT TASK: the credentials of a GitHub job that takes a role of the bootstrap, as environment variables.
job() {
  aws sts assume-role-with-web-identity --role-arn "$(bootstrap_output role_arns | jq --raw-output ".$2.$3")" \
    --role-session-name "rehearsal-$1" --web-identity-token "$(<"$work/issuer/$1")" |
    jq --raw-output '.Credentials | "AWS_ACCESS_KEY_ID=\(.AccessKeyId)", "AWS_SECRET_ACCESS_KEY=\(.SecretAccessKey)", "AWS_SESSION_TOKEN=\(.SessionToken)"'
}

# assume_job_role TOKEN ENVIRONMENT TASK: what Terraform does from now on, it does as that job.
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

# use_local_state: the state lies beside the copy, as for a first try.
use_local_state() {
  printf 'terraform {\n  backend "local" {}\n}\n' >"$service/terraform/backend_override.tf"
  tf init -input=false -no-color -lockfile=readonly -reconfigure
}

# A copy, so that neither the rehearsal's state nor its bundles touch the checkout's.
copy_service() {
  rm -rf "$service"
  mkdir -p "$service/target/lambda"
  (cd "$here" && tar --create --exclude .terraform --exclude ./tests --exclude '*.tfstate*' --exclude backend_override.tf .) |
    (mkdir "$service/terraform" && tar --extract --directory "$service/terraform")
}
