#!/usr/bin/env bash
# Makes a folder with the server and everything it needs: build.sh OUT. It is started with OUT/run [ADDRESS].
# Uses the system's grpc module and protoc where they are installed, and a virtual environment filled by pip elsewhere.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${1:?build.sh OUT}"
out=$(cd "$1" && pwd)
protos=$here/../../../proto
python=${PYTHON:-/usr/bin/python3}

if "$python" -c 'import grpc' 2>/dev/null && plugin=$(command -v grpc_python_plugin) && command -v protoc >/dev/null; then
  protoc -I "$protos" --python_out="$out" --grpc_python_out="$out" --plugin=protoc-gen-grpc_python="$plugin" "$protos"/*.proto
else
  "$python" -m venv "$out/venv"
  python=$out/venv/bin/python
  "$python" -m pip install --quiet -r "$here/requirements.txt"
  "$python" -m grpc_tools.protoc -I "$protos" --python_out="$out" --grpc_python_out="$out" "$protos"/*.proto
fi
cp "$here/server.py" "$out/"
printf '#!/bin/sh\nexec %q %q "$@"\n' "$python" "$out/server.py" >"$out/run"
chmod +x "$out/run"
