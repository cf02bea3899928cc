#!/usr/bin/env bash
# Makes a folder with the server and its libraries: build.sh OUT. It is started with OUT/run [ADDRESS]. Needs a JDK 17 and mvn.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${1:?build.sh OUT}"
out=$(cd "$1" && pwd)

mkdir -p "$out/source"
cp -r "$here/pom.xml" "$here/src" "$out/source/"
mvn --quiet --batch-mode -f "$out/source/pom.xml" -Dprotos="$(cd "$here/../../../proto" && pwd)" package
cat >"$out/run" <<END
#!/bin/sh
exec java -cp "$out/source/target/plugins-1.jar:$out/source/target/lib/*" example.Plugins "\$@"
END
chmod +x "$out/run"
