# New bundles on their way to the public and back.
# shellcheck shell=bash

bundle() {
  (cd "$root" && cargo zip --arch "$architecture")
  python "$here/e2e/bundles.py" "$root/target/lambda/$zip" "$here/e2e/second_release.py" "$work/bundles"
}

# deploys NAME: the next apply finds this bundle where cargo zip leaves it.
deploys() {
  cp "$work/bundles/$1.zip" "$service/target/lambda/$zip"
}

# versions_are LIVE CANDIDATE: what the aliases, and so the APIs, lead to.
versions_are() {
  [[ $(version_behind live) == "$1" && $(version_behind candidate) == "$2" ]]
}

# releases_are LIVE CANDIDATE: what callers of the two APIs meet.
releases_are() {
  [[ $(release_behind "$public") == "$1" && $(signed release_behind "$candidate") == "$2" ]]
}

# candidate_holds NAME: the newest version has the bytes of this bundle.
candidate_holds() {
  [[ $(aws lambda get-function --function-name "$prefix-function" --qualifier candidate --query Configuration.CodeSha256 --output text) == \
    "$(openssl dgst -sha256 -binary "$work/bundles/$1.zip" | base64)" ]]
}

# Brings the second bundle to the candidate alone.
release() {
  versions_are 1 1
  releases_are first first
  deploys second
  meanwhile "$public" apply -var "live_versions=$before"
  callers_met first
  versions_are 1 2
  candidate_holds second
  releases_are first second
  signed smoke "$candidate"
  every_route_is 403 "$candidate"
  plans_nothing -var "live_versions=$before"
}

promote() {
  meanwhile "$public" apply -var "live_versions=$(output candidate_versions)"
  callers_met first second
  versions_are 2 2
  releases_are second second
  plans_nothing -var "live_versions=$(output candidate_versions)"
}

roll_back() {
  local deployed=(-var "live_versions=$before" -var "bundle_sha256=$(output bundle_sha256 | jq --raw-output .)")
  rm "$service/target/lambda/$zip"
  meanwhile "$public" apply "${deployed[@]}"
  callers_met second first
  versions_are 1 2
  releases_are first second
  plans_nothing "${deployed[@]}"
}

# What the README warns of: the variable is the release, and without it the newest goes live.
plain_apply_promotes() {
  deploys second
  plans_only 'update module.function["items"].aws_lambda_alias.release["live"]'
}

failing_candidate() {
  deploys failing
  meanwhile "$public" apply -var "live_versions=$before"
  callers_met first
  versions_are 1 3
  [[ $(signed ask "$candidate" GET /items) == 50* ]]
  every_route_is 200 "$public"
}

# The same bytes as the first release. Code is updated first, and published last: where concurrency is refused in between, no
# version has the new code. Nothing goes on until one is published.
unpublished_release() {
  deploys first
  refuses 'below its minimum value of [10]' apply -var reserved_concurrency=5
  versions_are 1 3
  refuses 'an apply failed before it published one' plans_nothing
  refuses 'an apply failed before it published one' apply
  versions_are 1 3
  every_route_is 200 "$public"
  aws lambda publish-version --function-name "$prefix-function"
  meanwhile "$public" apply
  versions_are 4 4
  candidate_holds first
  releases_are first first
  plans_nothing
}
