# Releases: deploy a new bundle to the candidate, promote it, roll it back.
# shellcheck shell=bash

# bundle: makes the bundles of all releases from the zip $BUILT_BUNDLE of another job, or from one that it builds.
bundle() {
  [[ ${BUILT_BUNDLE:-} ]] || (cd "$root" && cargo zip --arch "$architecture")
  python "$here/e2e/bundles.py" "$root/${BUILT_BUNDLE:-target/lambda/$zip}" "$here/e2e/second_release.py" "$work/bundles"
}

# place_bundle NAME: puts this bundle where the next apply looks for the output of cargo zip.
place_bundle() {
  cp "$work/bundles/$1.zip" "$service/target/lambda/$zip"
}

# versions_are LIVE CANDIDATE: checks the versions behind the two aliases.
versions_are() {
  [[ $(version_behind live) == "$1" && $(version_behind candidate) == "$2" ]]
}

# releases_are LIVE CANDIDATE: checks which release answers at the two APIs.
releases_are() {
  [[ $(release_behind "$public") == "$1" && $(with_signature release_behind "$candidate") == "$2" ]]
}

# candidate_has_bundle NAME: checks that the newest version has the bytes of this bundle.
candidate_has_bundle() {
  [[ $(aws lambda get-function --function-name "$prefix-function" --qualifier candidate --query Configuration.CodeSha256 --output text) == \
    "$(openssl dgst -sha256 -binary "$work/bundles/$1.zip" | base64)" ]]
}

# Deploys the second bundle to the candidate only.
release_to_candidate() {
  versions_are 1 1
  releases_are first first
  place_bundle second
  while_polling "$public" apply -var "live_versions=$before" -var "commit=$second_commit"
  observed_releases_are first
  versions_are 1 2
  [[ $(description_of 1) == "commit $first_commit" && $(description_of 2) == "commit $second_commit" ]]
  candidate_has_bundle second
  releases_are first second
  with_signature smoke "$candidate"
  every_route_returns 403 "$candidate"
  plan_is_empty -var "live_versions=$before"
}

promote() {
  while_polling "$public" apply -var "live_versions=$(output candidate_versions)"
  observed_releases_are first second
  versions_are 2 2
  releases_are second second
  plan_is_empty -var "live_versions=$(output candidate_versions)"
}

roll_back() {
  local deployed=(-var "live_versions=$before" -var "bundle_sha256=$(output bundle_sha256 | jq --raw-output .)")
  rm "$service/target/lambda/$zip"
  while_polling "$public" apply "${deployed[@]}"
  observed_releases_are second first
  versions_are 1 2
  releases_are first second
  plan_is_empty "${deployed[@]}"
}

# The README's warning: without live_versions, an apply makes the newest version live.
plain_apply_promotes() {
  place_bundle second
  plan_is 'update module.function["items"].aws_lambda_alias.release["live"]'
}

failing_candidate_leaves_live() {
  place_bundle failing
  while_polling "$public" apply -var "live_versions=$before"
  observed_releases_are first
  versions_are 1 3
  [[ $(with_signature request "$candidate" GET /items) == 50* ]]
  every_route_returns 200 "$public"
}

# Deploys the bytes of the first release again. The provider updates the code first and publishes a version last: if setting
# the concurrency fails in between, no version has the new code. Every plan fails until one is published.
unpublished_version_blocks_plans() {
  place_bundle first
  refuses 'below its minimum value of [10]' apply -var reserved_concurrency=5
  versions_are 1 3
  refuses 'an apply failed before it published a version' plan_is_empty
  refuses 'an apply failed before it published a version' apply
  versions_are 1 3
  every_route_returns 200 "$public"
  aws lambda publish-version --function-name "$prefix-function"
  while_polling "$public" apply
  versions_are 4 4
  candidate_has_bundle first
  releases_are first first
  plan_is_empty
}
