#!/bin/sh
# Starts the server; the first time it makes what the server imports: run.sh [ADDRESS].
# Uses the system's grpc module and protoc where they are, and a virtual environment filled by pip elsewhere.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
[ -x venv/bin/python ] && python=venv/bin/python
if [ ! -f coprocess_object_pb2.py ]; then
  if "$python" -c 'import grpc' 2>/dev/null && plugin=$(command -v grpc_python_plugin) && command -v protoc >/dev/null; then
    protoc -I proto --python_out=. --grpc_python_out=. --plugin=protoc-gen-grpc_python="$plugin" proto/*.proto
  else
    "$python" -m venv venv
    python=venv/bin/python
    "$python" -m pip install --quiet grpcio grpcio-tools
    "$python" -m grpc_tools.protoc -I proto --python_out=. --grpc_python_out=. proto/*.proto
  fi
fi
exec "$python" server.py "$@"
