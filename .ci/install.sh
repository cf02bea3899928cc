#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing. Groups: build (default), test, bench, fuzz.
#
#   .ci/install.sh [GROUP…]
#
# Asks dpkg first, so that a machine with everything needs neither network nor root.
set -euo pipefail

declare -A packages=(
  [build]="build-essential cmake ninja-build ccache lld pkg-config curl ca-certificates libboost1.81-dev
           nlohmann-json3-dev libspdlog-dev libfmt-dev libcli11-dev libre2-dev libxml2-dev libssl-dev zlib1g-dev libhiredis-dev
           libboost-context1.81-dev libluajit2-5.1-dev lua-cjson libpython3-dev libjs-underscore dpkg-dev libzip-dev
           libcurl4-openssl-dev libsqlite3-dev libnghttp2-dev libprotobuf-dev protobuf-compiler libcrypt-dev"
  [test]="libgtest-dev redis-server sqlite3 nginx-light wrk openssl curl procps python3 python3-pytest python3-websockets python3-protobuf
          python3-grpcio python3-jsonschema protobuf-compiler-grpc golang-go nodejs npm default-jdk-headless maven faketime"
  [bench]="protobuf-compiler nginx-light libnginx-mod-http-lua haproxy wrk strace linux-perf util-linux python3 python3-matplotlib"
  [fuzz]="clang-14 libclang-rt-14-dev"
)

# Any of these will do, wherever it came from: what is asked for is the command.
declare -A commands=([golang-go]=go [nodejs]=node [npm]=npm [default-jdk-headless]=javac [maven]=mvn)

groups=("$@")
[[ ${#groups[@]} -gt 0 ]] || groups=(build)

missing=()
for group in "${groups[@]}"; do
  if [[ -z ${packages[$group]:-} ]]; then
    echo "install.sh: unknown group '$group'; known: ${!packages[*]}" >&2
    exit 2
  fi
  for package in ${packages[$group]}; do
    ! command -v "${commands[$package]:-no-such-command}" >/dev/null || continue
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
  done
done
fetch_sources() {  # what is built from Debian's source packages; nothing to do when it is in the cache
  [[ " ${groups[*]} " != *" build "* ]] || "$(dirname "${BASH_SOURCE[0]}")/fetch_duktape.sh" >/dev/null
}
if [[ ${#missing[@]} -eq 0 ]]; then
  fetch_sources
  exit
fi

if ! command -v apt-get >/dev/null; then
  echo "install.sh: this script knows Debian's apt-get alone. Please install: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "install.sh: root or sudo is needed for: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "Installing: ${missing[*]}"
install() {
  # RUNLEVEL=1 keeps init scripts from starting nginx and redis-server: the tests start their own, on their own ports.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -q --no-install-recommends "${missing[@]}"
}
# The package lists of a fresh machine are empty or old; refresh them only when the first try says so.
install >/tmp/tykpp-apt.$$ 2>&1 || { "${as_root[@]}" apt-get update -q && install; } || {
  cat "/tmp/tykpp-apt.$$" >&2
  rm -f "/tmp/tykpp-apt.$$"
  echo "install.sh: apt-get could not install: ${missing[*]}" >&2
  exit 1
}
rm -f "/tmp/tykpp-apt.$$"
fetch_sources
