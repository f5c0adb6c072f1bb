# Installs what the scripts here run on, into a folder under target.
# shellcheck shell=bash

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
