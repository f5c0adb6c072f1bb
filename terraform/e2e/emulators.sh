# Starts and stops the emulators of AWS, the proxy in front of them and the token issuer.
# shellcheck shell=bash

free_ports() {
  python3 -c 'import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))' "$1"
}

# start NAME COMMAND…: runs the command in the background, with its output in logs/NAME.log, until stop_emulators.
start() {
  local name=$1
  shift
  "$@" >"$logs/$name.log" 2>&1 &
  emulators+=($!)
}

# wait_for_url URL: waits until the URL answers. Tries it 31 times, a second apart, for at most 5 s each.
wait_for_url() {
  curl --silent --insecure --output /dev/null --max-time 5 --retry 30 --retry-delay 1 --retry-all-errors "$1" ||
    { echo "no response from $1: see $logs" && return 1; }
}

start_emulators() {
  local aws emulator cloudwatch issuer
  read -r aws emulator cloudwatch issuer < <(free_ports 4)
  export AWS_ENDPOINT_URL=http://127.0.0.1:$aws
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=
  unset AWS_PROFILE AWS_SESSION_TOKEN
  # The emulators are on this machine, so requests to them bypass a configured HTTP proxy.
  export no_proxy="${no_proxy-${NO_PROXY-}},localhost,127.0.0.1"

  start issuer python "$here/e2e/issuer.py" "$issuer" "$work/issuer"
  wait_for_url "https://127.0.0.1:$issuer/"

  # Only MiniStack trusts the certificate of the issuer.
  start ministack env GATEWAY_PORT="$emulator" AUTH=true MINISTACK_ACCOUNT_ID=123456789012 IOT_MTLS_ENABLED=0 \
    BIND_HOST=127.0.0.1 SSL_CERT_FILE="$work/issuer/certificate.pem" ministack
  start moto moto_server -H 127.0.0.1 -p "$cloudwatch"
  wait_for_url "http://127.0.0.1:$emulator/_ministack/health"
  wait_for_url "http://127.0.0.1:$cloudwatch/moto-api/data.json"
  start strict env PYTHONPATH="$here/e2e" python -m strict "$aws" "http://127.0.0.1:$emulator" "http://127.0.0.1:$cloudwatch"
  wait_for_url "$AWS_ENDPOINT_URL/_ministack/health"
  # An emulator ends if another process took its port first: then that process answers instead. Each process is checked by
  # itself, because bash's kill succeeds if one of several processes exists.
  local process
  for process in "${emulators[@]}"; do
    kill -0 "$process" || { echo "an emulator has exited: see $logs" && return 1; }
  done
}

# Runs the unit tests of the proxy.
test_strict_proxy() {
  PYTHONPATH=$here/e2e python -m unittest discover --start-directory "$here/e2e/strict" --top-level-directory "$here/e2e" 2>&1 | tee "$work/rules"
  # A run of zero tests would pass too.
  grep '^Ran [1-9]' "$work/rules"
}

stop_emulators() {
  ((${#emulators[@]} == 0)) || kill "${emulators[@]}" 2>/dev/null || true
  emulators=()
}
