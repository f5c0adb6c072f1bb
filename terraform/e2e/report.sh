# Runs the steps of an end-to-end run, records their results and prints the report.
# shellcheck shell=bash

failed=()
declare -A log_of=() pid_of=() begun_at=()

# holds STEP COMMAND…: runs the command up to its first failure, and records whether it passed.
holds() {
  begins "$@"
  ended "$1"
}

# needs STEP COMMAND…: like holds, for a step that all later steps need: if it fails, the run ends.
needs() {
  holds "$@"
  [[ ${results[-1]} == pass* ]] || exit 1
}

# begins STEP COMMAND…: starts a step; `ended STEP` waits for it. In the background, because bash ignores `set -e` inside a
# condition.
begins() {
  local step=$1 number
  shift
  next_step "$step"
  number=$(printf '%02d' $((${#log_of[@]} + 1)))
  log_of[$step]=$logs/$number-${step//[^a-zA-Z0-9]/-}.log
  begun_at[$step]=$SECONDS
  (set -ex && "$@") >"${log_of[$step]}" 2>&1 &
  pid_of[$step]=$!
}

# ended STEP: waits for the step, and records whether it passed.
ended() {
  local step=$1 log=${log_of[$1]} result=pass seconds
  local pid=${pid_of[$step]}
  unset "pid_of[$step]"
  if ! wait "$pid"; then
    result=FAIL
    broken=1
    failed+=("$log")
    printf '\n--- failed: %s (the end of %s)\n' "$step" "$log"
    tail -n 40 "$log"
  fi
  seconds=$((SECONDS - begun_at[$step]))
  results+=("$result|$seconds|$step")
  printf '%-4s %4ds  %s\n' "$result" "$seconds" "$step"
}

# stop_steps: kills the steps that are still running.
stop_steps() {
  ((${#pid_of[@]} == 0)) || kill "${pid_of[@]}" 2>/dev/null || true
}

report() {
  local row result seconds step log
  printf '\nresult  seconds  step\n'
  for row in "${results[@]}"; do
    IFS='|' read -r result seconds step <<<"$row"
    printf '%-6s  %7s  %s\n' "$result" "$seconds" "$step"
  done
  printf '%d seconds in total; logs in %s\n' "$SECONDS" "$logs"
  # The failures again, at the end, because a truncated CI log keeps its end.
  for log in "${failed[@]}"; do
    printf '\n--- failed: the end of %s\n' "$log"
    tail -n 20 "$log"
  done
}
