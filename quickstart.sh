#!/usr/bin/env bash
# From a fresh Debian 12 to a running gateway: installs what is missing, builds build/release/tykpp, starts it with
# conf/tyk.conf and the definitions of apps/, sends one request through the native plugin of apps/httpbin.json to a
# local upstream, shows what happened, and leaves the gateway running until Ctrl-C.
#
#   ./quickstart.sh [--port N] [--exit]
#
#   --port N   the gateway's port (default: listen_port of conf/tyk.conf, 8080)
#   --exit     stop after the demonstration; the exit status tells whether it worked
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

port=8080
echo_port=8089  # the target_url of the definitions in apps/
leave=no
while [[ $# -gt 0 ]]; do
  case $1 in
    --port) port=${2:?--port needs a number}; shift 2 ;;
    --port=*) port=${1#--port=}; shift ;;
    --exit) leave=yes; shift ;;
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) echo "quickstart.sh: unknown option '$1' (see --help)" >&2; exit 2 ;;
  esac
done
if [[ ! $port =~ ^[0-9]+$ ]] || ((port < 1 || port > 65535)); then
  echo "quickstart.sh: '$port' is not a port" >&2
  exit 2
fi

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

for p in "$port" "$echo_port"; do
  if listening "$p"; then
    echo "quickstart.sh: port $p is taken by another program." >&2
    if [[ $p == "$port" ]]; then
      echo "Stop that program, or choose another port: ./quickstart.sh --port 9000" >&2
    else
      echo "The demonstration's upstream needs it (target_url in apps/*.json): stop that program and try again." >&2
    fi
    exit 1
  fi
done

.ci/install.sh build
say "Building build/release/tykpp (the first time takes minutes)"
[[ -f build/release/build.ninja ]] || cmake --preset release >/dev/null
cmake --build --preset release

tykpp=build/release/tykpp
gateway=
upstream=
work=$(mktemp -d)
stop() {
  trap - EXIT INT TERM
  # The gateway first: it drains what it has, and its upstream must still be there for that.
  for pid in $gateway $upstream; do
    kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap 'stop' EXIT
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM

await() {  # await PID PORT NAME LOG: until the program answers, or has ended
  for _ in $(seq 200); do
    if ! kill -0 "$1" 2>/dev/null; then
      echo "quickstart.sh: $3 ended before it was ready:" >&2
      tail -n 20 "$4" >&2
      exit 1
    fi
    listening "$2" && return
    sleep 0.05
  done
  echo "quickstart.sh: $3 does not listen on port $2 after 10 s:" >&2
  tail -n 20 "$4" >&2
  exit 1
}

# conf/tyk.conf reads its secret from the environment, so that no copy of this repository shares one.
secret=${TYK_SECRET_ADMIN:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
export TYK_SECRET_ADMIN=$secret

"$tykpp" echo --port "$echo_port" >"$work/echo.log" 2>&1 &
upstream=$!
await "$upstream" "$echo_port" "tykpp echo" "$work/echo.log"
"$tykpp" --conf conf/tyk.conf --port "$port" 2> >(tee "$work/gateway.log" >&2) &
gateway=$!
await "$gateway" "$port" tykpp "$work/gateway.log"

base=http://127.0.0.1:$port
if ! curl -sSv --max-time 10 "$base/httpbin/get?hello=world" >"$work/body" 2>"$work/head"; then
  cat "$work/head" >&2
  exit 1
fi
indent() { tr -d '\r' | sed 's/^/    /'; }
say "1. The request:  GET $base/httpbin/get?hello=world"
sed -n 's/^> //p' "$work/head" | grep -v '^.$' | indent
say "2. What the upstream saw (127.0.0.1:$echo_port says so in its answer; Foo: Bar comes from the plugin AddFooBar)"
sed -n '/"headers"/,/}/p' "$work/body" | indent
say "3. The answer"
sed -n 's/^< //p' "$work/head" | grep -v '^.$' | indent
indent <"$work/body"
echo
if ! grep -q '^< HTTP/1.1 200' "$work/head" || ! grep -Eq '"Foo": *(\[ *)?"Bar"' "$work/body"; then
  echo "quickstart.sh: the answer is not what it should be: 200 and the header Foo: Bar." >&2
  exit 1
fi
if [[ $leave == yes ]]; then
  say "It works."
  exit 0
fi
say "tykpp is running on port $port; Ctrl-C stops it. Try in another terminal:"
cat <<END
    curl $base/httpbin/anything                     # through the plugin
    curl $base/balanced/x                           # two targets in turn
    curl $base/oas-echo/x                           # a Tyk OAS definition
    curl $base/hello                                # health, and definitions that could not be loaded
    curl -H 'X-Tyk-Authorization: $secret' $base/tyk/apis
Edit a file in apps/ and it is reloaded. The plugin: plugins/native/add_foo_bar.cpp

END
wait "$gateway"
