# Sends requests to the service, as its callers would.
# shellcheck shell=bash

# url_of OUTPUT: prints the emulator's URL of an API. The stage's URL points to AWS.
url_of() {
  echo "$AWS_ENDPOINT_URL/_aws/execute-api/$(tf output -raw "$1")/\$default"
}

# curl's options for the caller's credentials: none, a signature or a token.
credentials=()

# curl's options for the conditions of the request: none, or a header.
conditions=()

# send URL METHOD PATH BODY OPTION…: sends the request with curl and these further options. An empty BODY: no body.
send() {
  local url=$1 method=$2 path=$3 body=(${4:+--header 'content-type: application/json' --data "$4"})
  curl --silent --show-error --max-time 30 --request "$method" "${credentials[@]}" "${conditions[@]}" "${body[@]}" "${@:5}" "$url$path"
}

# request URL METHOD PATH [BODY]: prints the status and the body, JSON in canonical form.
request() {
  local response
  response=$(send "$1" "$2" "$3" "${4:-}" --write-out '\n%{http_code}')
  printf '%s %s\n' "${response##*$'\n'}" "$(jq --compact-output --sort-keys . <<<"${response%$'\n'*}" 2>/dev/null || echo "${response%$'\n'*}")"
}

# expect_response EXPECTED URL METHOD PATH [BODY]: checks the status and the body of the response.
expect_response() {
  local expected=$1 response
  shift
  response=$(request "$@")
  [[ $response == "$expected" ]]
}

# etag_of URL METHOD PATH [BODY]: prints the header ETag of the response.
etag_of() {
  send "$1" "$2" "$3" "${4:-}" --dump-header - --output /dev/null | tr -d '\r' | sed --quiet 's/^etag: *//Ip'
}

# smoke URL: puts, reads, lists and deletes an item, also under conditions, and checks the most common errors.
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
  respects_conditions "$url"
}

# respects_conditions URL: checks that an item is changed and deleted with its current tag, and not with an old one.
respects_conditions() {
  local url=$1 id=conditional-$RANDOM old current
  old=$(etag_of "$url" PUT /items "{\"id\":\"$id\",\"price\":1}")
  with_condition "If-None-Match: $old" expect_response '304 ' "$url" GET "/items/$id"
  current=$(with_condition "If-Match: $old" etag_of "$url" PUT /items "{\"id\":\"$id\",\"price\":2}")
  [[ $old == \"*\" && $current == \"*\" && $current != "$old" ]]
  with_condition "If-Match: $old" is_refused_by_condition "$url" PUT /items "{\"id\":\"$id\",\"price\":3}"
  with_condition "If-Match: $old" is_refused_by_condition "$url" DELETE "/items/$id"
  with_condition "If-Match: $current" expect_response "200 {\"Item\":{\"id\":\"$id\",\"price\":2}}" "$url" GET "/items/$id"
  with_condition "If-Match: $current" expect_response "200 \"Deleted item $id\"" "$url" DELETE "/items/$id"
}

is_refused_by_condition() {
  request "$@" | grep --extended-regexp '^412 \{"message":"[^"]'
}

# properties ARGUMENTS…: runs the properties of the suite $BUILT_SUITE, which build-suite packed in another job, or builds them.
properties() {
  if [[ ${BUILT_SUITE:-} ]]; then
    tar --extract --file "$root/$BUILT_SUITE" --directory "$work"
    "$work/suite/properties" "$@"
  else
    cargo test --package contract-tests --test properties -- "$@"
  fi
}

# contract_suite URL [CASES]: runs the contract suite against a deployed URL. One test at a time, because each test treats
# the items of other tests as those of another user. Twenty cases are about 300 requests in sequence, many for each route.
contract_suite() {
  CONTRACT_URL=$1 CONTRACT_REQUIRE=deployed CONTRACT_CASES=${2:-20} properties deployed:: --test-threads=1 | tee "$work/suite"
  # A run of zero tests would pass too.
  grep --extended-regexp '^test result: ok\. [1-9][0-9]* passed; 0 failed; 0 ignored;' "$work/suite"
}

# no_update_is_lost URL: eight clients raise one price 50 times each, which is 400 cases, and again while answers are lost.
no_update_is_lost() {
  CONTRACT_URL=$1 CONTRACT_REQUIRE=deployed CONTRACT_CASES=500 CONTRACT_RATE=1000 properties deployed::concurrency::no_update --test-threads=1 | tee "$work/raises"
  [[ $(grep --count --extended-regexp '^ +pass +deployed::concurrency::no_update_is_lost.* \(400 cases\)$' "$work/raises") == 2 ]]
}

# every_route URL: calls every route once, and prints "STATUS ROUTE" lines. The item that is read is not the one that is put
# and deleted.
every_route() {
  local url=$1 status
  status=$(request "$url" PUT /items '{"id":"every-route"}') && echo "${status%% *} PUT /items"
  status=$(request "$url" GET /items/kept) && echo "${status%% *} GET /items/{id}"
  status=$(request "$url" GET /items) && echo "${status%% *} GET /items"
  status=$(request "$url" DELETE /items/every-route) && echo "${status%% *} DELETE /items/{id}"
}

# every_route_returns STATUS URL: checks that all four routes return the status.
every_route_returns() {
  local statuses
  statuses=$(every_route "$2")
  [[ $(grep --count "^$1 " <<<"$statuses") == 4 ]]
}

# release_behind URL: deletes an item that does not exist, and prints the release that answers, or the status of an error. The
# second release adds a header.
release_behind() {
  send "$1" DELETE /items/missing '' --dump-header - --output /dev/null | tr -d '\r' |
    awk 'NR == 1 { status = $2 } tolower($1) == "x-release:" { release = $2 } END { print status == 200 ? release ? release : "first" : status }'
}

# while_polling URL COMMAND…: runs the command while it polls every route and the release behind the API, until at least
# one full round after the command. Fails if the command or a request fails.
while_polling() {
  local url=$1 poller outcome=0 rounds
  shift
  : >"$work/poll"
  : >"$work/releases_seen"
  # The loop ends with the script, if that is killed.
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

# observed_releases_are RELEASE…: checks that while_polling saw these releases, in this order, and no earlier one again.
observed_releases_are() {
  [[ $(uniq "$work/releases_seen") == "$(printf '%s\n' "$@")" ]]
}

with_signature() {
  local credentials=(--aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY")
  "$@"
}

# with_condition HEADER COMMAND…: runs the command with this header in its requests.
with_condition() {
  local conditions=(--header "$1")
  shift
  "$@"
}

with_token() {
  local credentials=(--header "authorization: Bearer $(<"$work/issuer/$1")")
  shift
  "$@"
}
