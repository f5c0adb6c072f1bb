# Installs the tools of the scripts under target.
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
