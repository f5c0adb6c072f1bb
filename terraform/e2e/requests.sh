# Asks the service, as its callers would.
# shellcheck shell=bash

# The emulator's address of an API; the stage's own URL names AWS.
url_of() {
  echo "$AWS_ENDPOINT_URL/_aws/execute-api/$(tf output -raw "$1")/\$default"
}

# What a request is sent with beside the request itself: nothing, a signature or a token.
credentials=()

# request URL METHOD PATH [BODY]: prints the status and the body, JSON in one canonical form.
request() {
  local url=$1 method=$2 path=$3 body=(${4:+--header 'content-type: application/json' --data "$4"}) response
  response=$(curl --silent --show-error --max-time 30 --request "$method" "${credentials[@]}" "${body[@]}" --write-out '\n%{http_code}' "$url$path")
  printf '%s %s\n' "${response##*$'\n'}" "$(jq --compact-output --sort-keys . <<<"${response%$'\n'*}" 2>/dev/null || echo "${response%$'\n'*}")"
}

# expect_response EXPECTED URL METHOD PATH [BODY]
expect_response() {
  local expected=$1 response
  shift
  response=$(request "$@")
  [[ $response == "$expected" ]]
}

# One item's life and the failures that every caller meets first.
smoke() {
  local url=$1 id=smoke-$RANDOM
  expect_response "200 \"Put item $id\"" "$url" PUT /items "{\"id\":\"$id\",\"name\":\"Smoke\",\"price\":12.5}"
  expect_response "200 {\"Item\":{\"id\":\"$id\",\"name\":\"Smoke\",\"price\":12.5}}" "$url" GET "/items/$id"
  request "$url" GET /items | sed 's/^200 //' | jq --exit-status --arg id "$id" '.Count == (.Items | length) and any(.Items[]; .id == $id)'
  expect_response "200 \"Deleted item $id\"" "$url" DELETE "/items/$id"
  expect_response '404 {"message":"Item not found"}' "$url" GET "/items/$id"
  expect_response '404 {"message":"Not Found"}' "$url" POST /items '{}'
  local body
  for body in '{' '[]' '{"price":1}' '{"id":""}' '{"id":"a","colour":"red"}' '{"id":"a","price":"1"}'; do
    request "$url" PUT /items "$body" | grep --extended-regexp '^400 \{"message":"[^"]'
  done
}

# The contract suite against a deployed URL: the definition of a service that works. One test at a time: to each of them
# the items of another are a stranger's. Twenty cases are some 300 requests in sequence: each route many times.
contract_suite() {
  CONTRACT_URL=$1 CONTRACT_REQUIRE=deployed CONTRACT_CASES=20 cargo test --package contract-tests --test properties -- deployed:: --test-threads=1 | tee "$work/suite"
  # No test at all would pass too.
  grep --extended-regexp '^test result: ok\. [1-9][0-9]* passed; 0 failed; 0 ignored;' "$work/suite"
}

# Every route once: "STATUS ROUTE" lines. The item that is read and the one that is deleted are not the one that is put.
every_route() {
  local url=$1 status
  status=$(request "$url" PUT /items '{"id":"every-route"}') && echo "${status%% *} PUT /items"
  status=$(request "$url" GET /items/kept) && echo "${status%% *} GET /items/{id}"
  status=$(request "$url" GET /items) && echo "${status%% *} GET /items"
  status=$(request "$url" DELETE /items/every-route) && echo "${status%% *} DELETE /items/{id}"
}

# every_route_returns STATUS URL
every_route_returns() {
  local statuses
  statuses=$(every_route "$2")
  [[ $(grep --count "^$1 " <<<"$statuses") == 4 ]]
}

# Which release answers: the second one says so in a header of its own.
release_behind() {
  curl --silent --show-error --max-time 30 --dump-header - --output /dev/null "${credentials[@]}" "$1/items" | tr -d '\r' |
    awk 'NR == 1 { status = $2 } tolower($1) == "x-release:" { release = $2 } END { print status == 200 ? release ? release : "first" : status }'
}

# while_polling URL COMMAND…: polls every route, and which release answers, until a whole round after the command; no request
# may fail.
while_polling() {
  local url=$1 poller outcome=0 rounds
  shift
  : >"$work/poll"
  : >"$work/releases_seen"
  # Bounded by the rehearsal itself, should that be ended meanwhile.
  (set +x && while kill -0 $$; do every_route "$url" >>"$work/poll" && release_behind "$url" >>"$work/releases_seen"; done) &
  poller=$!
  "$@" || outcome=$?
  rounds=$(wc --lines <"$work/releases_seen")
  while kill -0 "$poller" && (($(wc --lines <"$work/releases_seen") < rounds + 2)); do sleep 0.1; done
  kill "$poller"
  wait "$poller" || true
  ((outcome == 0))
  echo "$(grep --count '^200 ' "$work/poll") of $(wc --lines <"$work/poll") requests answered 200"
  [[ -s $work/poll ]] && ! grep --invert-match '^200 ' "$work/poll"
}

# observed_releases_are RELEASE…: which releases answered the public meanwhile, in this order and never again one before.
observed_releases_are() {
  [[ $(uniq "$work/releases_seen") == "$(printf '%s\n' "$@")" ]]
}

with_signature() {
  local credentials=(--aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY")
  "$@"
}

with_token() {
  local credentials=(--header "authorization: Bearer $(<"$work/issuer/$1")")
  shift
  "$@"
}
