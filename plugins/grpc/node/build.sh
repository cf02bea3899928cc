#!/usr/bin/env bash
# Makes a folder with the server and its packages: build.sh OUT. It is started with OUT/run [ADDRESS]. Needs node 18 and npm.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${1:?build.sh OUT}"
out=$(cd "$1" && pwd)

cp "$here"/package.json "$here"/package-lock.json "$here"/server.js "$out/"
mkdir -p "$out/proto"
cp "$here"/../../../proto/*.proto "$out/proto/"
npm --prefix "$out" ci --silent --no-audit --no-fund
printf '#!/bin/sh\nexec node %q "$@"\n' "$out/server.js" >"$out/run"
chmod +x "$out/run"
