#!/usr/bin/env bash
# Makes a folder with the server: build.sh OUT. It is started with OUT/run [ADDRESS].
# Needs go (1.23 or later) and protoc; the generators of code come from the Go module proxy.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${1:?build.sh OUT}"
out=$(cd "$1" && pwd)
protos=$here/../../../proto

mkdir -p "$out/src"
cp "$here"/go.mod "$here"/go.sum "$here"/main.go "$out/src/"
cd "$out/src"
GOBIN=$out/bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.6
GOBIN=$out/bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1
PATH=$out/bin:$PATH protoc -I "$protos" --go_out=. --go-grpc_out=. "$protos"/*.proto
go build -o "$out/run" .
