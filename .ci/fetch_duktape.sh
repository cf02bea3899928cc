#!/usr/bin/env bash
# Fetches the sources of Duktape from Debian, by package name, and unpacks them.
#
#   .ci/fetch_duktape.sh
#
# Prints the folder: $XDG_CACHE_HOME/tykpp/duktape (default ~/.cache). Needs neither root nor a change of the machine's
# apt configuration: its sources are read as source repositories into lists of our own, apt checks the signatures and
# checksums. What has been fetched once is used without network; TYKPP_DUKTAPE_SOURCE names another folder instead.
set -euo pipefail

readonly package=duktape
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/tykpp
readonly source=${TYKPP_DUKTAPE_SOURCE:-$cache/$package}
readonly wanted=src/duktape.c

if [[ -f $source/$wanted && -f $source/debian/changelog ]]; then
  echo "$source"
  exit 0
fi
if [[ -n ${TYKPP_DUKTAPE_SOURCE:-} ]]; then
  echo "fetch_duktape.sh: TYKPP_DUKTAPE_SOURCE=$source has no $wanted" >&2
  exit 1
fi
for tool in apt-get dpkg-source; do
  if ! command -v "$tool" >/dev/null; then
    echo "fetch_duktape.sh: $tool is missing; install apt and dpkg-dev, or unpack Debian's source package of $package" \
      "and name its folder in TYKPP_DUKTAPE_SOURCE" >&2
    exit 1
  fi
done

mkdir -p "$cache"
exec 9>"$cache/$package.lock"
flock 9  # two builds at once fetch once
if [[ -f $source/$wanted && -f $source/debian/changelog ]]; then
  echo "$source"
  exit 0
fi

work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/parts"

# The machine's own repositories, as source repositories: both formats of sources files.
collect() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ ! -r $file ]] || sed -nE 's/^deb(-src)?([[:space:]])/deb-src\2/p' "$file"
  done | sort -u >"$work/parts/machine.list"
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ ! -r $file ]] || { sed -E 's/^Types:.*/Types: deb-src/; /^#/d' "$file"; echo; }
  done >"$work/parts/machine.sources"
}
collect

options=(
  -q
  -o Dir::Etc::sourcelist=/dev/null
  -o "Dir::Etc::sourceparts=$work/parts"
  -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache=$work"
  -o "Dir::Cache::archives=$work/archives"
  -o APT::Sandbox::User="$(id -un)"
  -o Acquire::Languages=none
  -o Acquire::Retries=3
)
# A repository without sources is no failure: apt-get source tells whether the package was found.
apt-get "${options[@]}" update >"$work/log" 2>&1 || true
if ! (cd "$work" && apt-get "${options[@]}" source --download-only "$package" >>"$work/log" 2>&1); then
  cat "$work/log" >&2
  echo "fetch_duktape.sh: apt found no source package '$package'; unpack it yourself and name its folder in" \
    "TYKPP_DUKTAPE_SOURCE" >&2
  exit 1
fi
descriptions=("$work"/"$package"_*.dsc)
# apt has checked the files against the signed list; dpkg-source applies Debian's patches.
dpkg-source --no-check -x "${descriptions[0]}" "$work/tree" >>"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
if [[ ! -f $work/tree/$wanted ]]; then
  echo "fetch_duktape.sh: the source package of $package has no $wanted" >&2
  exit 1
fi
rm -rf "$source"
mv "$work/tree" "$source"
echo "$source"
