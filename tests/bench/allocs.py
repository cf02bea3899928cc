#!/usr/bin/env python3
"""Heap allocations and system calls of tykpp for one request, counted rather than timed.

    tests/bench/allocs.py [--scenarios get,plugin,10k,1m] [--json F] [--max SCENARIO.COUNT=N …]

Allocations: malloc_count.c is compiled and preloaded, its counters are read around a run of wrk. System calls: strace counts
them around a second run. Counts: allocs, bytes, reads, writes, calls (all system calls).
"""
import argparse
import contextlib
import json
import mmap
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
import bench  # noqa: E402
import setups  # noqa: E402
from harness import Load, free_port, raise_file_limit  # noqa: E402

READS = {"read", "readv", "recvfrom", "recvmsg", "splice"}
WRITES = {"write", "writev", "sendto", "sendmsg", "splice", "sendfile"}


class Counter:
    def __init__(self, work: Path):
        self.library, self.path = work / "malloc_count.so", work / "allocations"
        self.path.write_bytes(bytes(16))
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", str(Path(__file__).with_name("malloc_count.c")), "-o", str(self.library)],
                       check=True)
        with self.path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 16)

    def env(self) -> dict:
        return {"LD_PRELOAD": str(self.library), "MALLOC_COUNT_FILE": str(self.path)}

    def read(self):
        return struct.unpack("QQ", self.map[:16])


def system_calls(pid: int, url: str, seconds: int):
    """(counts by name, requests) while strace looks on."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as out:
        strace = subprocess.Popen(["strace", "-c", "-f", "-o", out.name, "-p", str(pid)], stderr=subprocess.PIPE)
        attached = strace.stderr.readline()
        if b"attached" not in attached:
            print(f"no system calls counted: {attached.decode().strip()}", file=sys.stderr)
            return {}, 1
        requests = Load(url, seconds, 16).result()["requests"]
        strace.send_signal(2)
        strace.wait(20)
        text = out.read()
    counts = {}
    for line in text.splitlines():
        found = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        if found and found[2] != "total":
            counts[found[2]] = int(found[1])
    return counts, requests


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="get,plugin,10k,1m")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--max", metavar="SCENARIO.COUNT=N", action="append", default=[])
    args = parser.parse_args()
    subprocess.run([bench.ROOT / ".ci/install.sh", "bench"], check=True)
    raise_file_limit()
    binary = os.environ.get("TYKPP_BIN", str(bench.ROOT / "build/release/tykpp"))
    plugin = str(Path(binary).resolve().parent / "plugins/native/add_foo_bar.so")
    work = Path(tempfile.mkdtemp(prefix="tykpp-allocs-"))
    work.chmod(0o755)
    results = {}
    try:
        with contextlib.ExitStack() as stack:
            upstream = free_port()
            stack.callback(setups.start_upstream(work, upstream).stop)
            counter = Counter(work)
            setup = setups.TykSetup("tykpp", work, free_port(), upstream, plugin)
            process = setup.start(binary, counter.env())
            stack.callback(process.stop)
            bench.wait_until_served(setup.url("get"), process)
            for scenario in args.scenarios.split(","):
                Load(setup.url(scenario), 1, 16).result()
                time.sleep(0.2)
                calls, size = counter.read()
                requests = Load(setup.url(scenario), args.seconds, 16).result()["requests"]
                calls_after, size_after = counter.read()
                counts, traced = system_calls(process.popen.pid, setup.url(scenario), args.seconds)
                results[scenario] = {
                    "allocs": (calls_after - calls) / requests, "bytes": (size_after - size) / requests,
                    "reads": sum(counts.get(n, 0) for n in READS) / traced,
                    "writes": sum(counts.get(n, 0) for n in WRITES) / traced,
                    "calls": sum(counts.values()) / traced,
                    "by_name": {n: round(c / traced, 3) for n, c in sorted(counts.items(), key=lambda x: -x[1]) if c > traced / 100}}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{'scenario':10} {'allocs':>8} {'bytes':>10} {'reads':>8} {'writes':>8} {'calls':>8}   each of them for one request")
    for scenario, r in results.items():
        names = ", ".join(f"{n} {c:.2f}" for n, c in r["by_name"].items())
        print(f"{scenario:10} {r['allocs']:8.2f} {r['bytes']:10.0f} {r['reads']:8.2f} {r['writes']:8.2f} {r['calls']:8.2f}   {names}")
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1) + "\n")
    above = []
    for text in args.max:
        name, _, limit = text.partition("=")
        scenario, _, count = name.partition(".")
        if results[scenario][count] > float(limit):
            above.append(f"{name} {results[scenario][count]:.2f}, at most {limit}")
    if above:
        print("above the limit: " + "; ".join(above))
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
