# Installs the tools of the scripts under target, and says on stderr which step a script is at.
# shellcheck shell=bash disable=SC2154  # root: the repository's folder, set by the scripts

# The provider is a large download, so the roots and scripts share one copy, unless TF_PLUGIN_CACHE_DIR names another.
export TF_PLUGIN_CACHE_DIR=${TF_PLUGIN_CACHE_DIR:-$root/target/terraform-providers}
mkdir -p "$TF_PLUGIN_CACHE_DIR"

# venv FOLDER REQUIREMENTS: puts the pinned packages first in PATH; installs them again only if the pins change.
venv() {
  local folder=$1 requirements=$2
  if ! cmp -s "$requirements" "$folder/requirements.txt"; then
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$folder/"
  fi
  PATH=$folder/bin:$PATH
}

# announce SCRIPT TEXT: says what the script does and how long that takes. Its steps are its lines that begin with one of
# these functions; report.sh has all but the first.
announce() {
  script=$1 step_number=0
  steps=$(grep --count --extended-regexp '^(next_step|holds|needs|begins) ' "$root/$script")
  echo "$script: $2" >&2
}

# next_step NAME: says that the next step begins.
next_step() {
  step_number=$((step_number + 1))
  echo "$script: $step_number of $steps, $1" >&2
}
