#!/usr/bin/env bash
# Fuzzes with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   tests/fuzz/run.sh [TARGET|all] [SECONDS] [merge]      (default: all targets, 60 seconds each)
#
# A target is the stem of tests/fuzz/*_fuzz.cpp. Inputs that reach new code are kept in build/fuzz/found/<target>; with
# `merge`, the smallest set of them goes into tests/fuzz/corpus/<target>. An input that crashes is left in tests/fuzz/crashes/<target> (and is a bug: move it into the
# corpus together with the repair). Exit status 1 when a target crashed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

wanted=${1:-all}
seconds=${2:-60}
merge=${3:-}
if [[ ! $seconds =~ ^[0-9]+$ ]]; then
  echo "run.sh: '$seconds' is no number of seconds" >&2
  exit 2
fi
targets=()
for source in tests/fuzz/*_fuzz.cpp; do
  name=$(basename "$source" .cpp)
  if [[ -f $source && ($wanted == all || $wanted == "$name" || $wanted == "${name%_fuzz}") ]]; then targets+=("$name"); fi
done
if [[ ${#targets[@]} -eq 0 ]]; then
  echo "run.sh: no target '$wanted'; there are: $(cd tests/fuzz && ls -- *_fuzz.cpp 2>/dev/null | sed 's/\.cpp$//' | tr '\n' ' ')" >&2
  exit 2
fi

.ci/install.sh build test fuzz
[[ -f build/fuzz/build.ninja ]] || cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]}"

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
crashed=()
for name in "${targets[@]}"; do
  corpus=tests/fuzz/corpus/$name
  crashes=tests/fuzz/crashes/$name
  fresh=build/fuzz/found/$name
  mkdir -p "$corpus" "$crashes" "$fresh"
  dictionary=()
  [[ ! -f tests/fuzz/$name.dict ]] || dictionary=("-dict=tests/fuzz/$name.dict")
  echo "== $name: $seconds s, $(find "$corpus" -type f | wc -l) inputs to start from"
  # New inputs go to the first folder; the committed corpus is read only.
  "build/fuzz/tests/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    "${dictionary[@]}" -artifact_prefix="$crashes/" "$fresh" "$corpus" 2>&1 \
    | tee "build/fuzz/$name.log" | grep -E 'stat::|ERROR|SUMMARY|Test unit written|DONE' || true
  if grep -qE '^(==[0-9]+==ERROR|SUMMARY)' "build/fuzz/$name.log"; then
    crashed+=("$name")
  elif [[ $merge == merge ]]; then
    "build/fuzz/tests/$name" -merge=1 -max_len=65536 "$corpus" "$fresh" >>"build/fuzz/$name.log" 2>&1
  fi
  rmdir "$crashes" 2>/dev/null || true
done
rmdir tests/fuzz/crashes 2>/dev/null || true
if [[ ${#crashed[@]} -gt 0 ]]; then
  echo "crashed: ${crashed[*]} (see tests/fuzz/crashes)" >&2
  exit 1
fi
echo "no crash in: ${targets[*]}"
