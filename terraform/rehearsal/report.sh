# Keeps the account of what held, and ends the rehearsal with it.
# shellcheck shell=bash

failed=()

# holds WHAT COMMAND…: runs the command, stopping at its first failure, and notes whether it held.
# In the background, since bash forgets `set -e` inside a condition.
holds() {
  local what=$1 start=$SECONDS log outcome=yes
  shift
  log=$logs/$(printf '%02d' $((${#results[@]} + 1)))-${what//[^a-zA-Z0-9]/-}.log
  (set -ex && "$@") >"$log" 2>&1 &
  if ! wait $!; then
    outcome=NO
    broken=1
    failed+=("$log")
    printf '\n--- did not hold: %s (the end of %s)\n' "$what" "$log"
    tail -n 40 "$log"
  fi
  results+=("$outcome|$((SECONDS - start))|$what")
  printf '%-3s %4ds  %s\n' "$outcome" $((SECONDS - start)) "$what"
}

# needs WHAT COMMAND…: as holds, for what everything after it stands on.
needs() {
  holds "$@"
  [[ ${results[-1]} == yes* ]] || exit 1
}

report() {
  local result outcome seconds what log
  printf '\nheld  seconds  what\n'
  for result in "${results[@]}"; do
    IFS='|' read -r outcome seconds what <<<"$result"
    printf '%-4s  %7s  %s\n' "$outcome" "$seconds" "$what"
  done
  printf '%d seconds in all; logs in %s\n' "$SECONDS" "$logs"
  # Once more, and last: the end is what a shortened log keeps.
  for log in "${failed[@]}"; do
    printf '\n--- did not hold: the end of %s\n' "$log"
    tail -n 20 "$log"
  done
}
