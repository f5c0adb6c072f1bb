# Keeps the account of what held, and ends the rehearsal with it.
# shellcheck shell=bash

failed=()
declare -A log_of=() pid_of=() begun_at=()

# holds WHAT COMMAND…: runs the command, stopping at its first failure, and notes whether it held.
holds() {
  begins "$@"
  ended "$1"
}

# needs WHAT COMMAND…: as holds, for a step that everything after it stands on.
needs() {
  holds "$@"
  [[ ${results[-1]} == yes* ]] || exit 1
}

# begins WHAT COMMAND…: starts a step, for which `ended WHAT` waits. In the background, because bash forgets `set -e` inside a
# condition.
begins() {
  local what=$1 number
  shift
  number=$(printf '%02d' $((${#log_of[@]} + 1)))
  log_of[$what]=$logs/$number-${what//[^a-zA-Z0-9]/-}.log
  begun_at[$what]=$SECONDS
  (set -ex && "$@") >"${log_of[$what]}" 2>&1 &
  pid_of[$what]=$!
}

# ended WHAT: waits for the step, and notes whether it held.
ended() {
  local what=$1 log=${log_of[$1]} outcome=yes seconds
  local pid=${pid_of[$what]}
  unset "pid_of[$what]"
  if ! wait "$pid"; then
    outcome=NO
    broken=1
    failed+=("$log")
    printf '\n--- did not hold: %s (the end of %s)\n' "$what" "$log"
    tail -n 40 "$log"
  fi
  seconds=$((SECONDS - begun_at[$what]))
  results+=("$outcome|$seconds|$what")
  printf '%-3s %4ds  %s\n' "$outcome" "$seconds" "$what"
}

# stop_steps: ends the steps that were not waited for.
stop_steps() {
  ((${#pid_of[@]} == 0)) || kill "${pid_of[@]}" 2>/dev/null || true
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
