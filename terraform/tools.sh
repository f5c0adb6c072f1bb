# Brings what the scripts here run on, under target.
# shellcheck shell=bash disable=SC2154  # root: the scripts', where the repository lies

# The provider is a big download, and one will do for every root and script.
export TF_PLUGIN_CACHE_DIR=${TF_PLUGIN_CACHE_DIR:-$root/target/terraform-providers}
mkdir -p "$TF_PLUGIN_CACHE_DIR"

# venv FOLDER REQUIREMENTS: puts the pinned packages first in PATH; installed once, and again when the pins change.
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
