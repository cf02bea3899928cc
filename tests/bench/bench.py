#!/usr/bin/env python3
"""tykpp beside nginx and haproxy, in one run on one machine.

    tests/bench/bench.py [--scenarios get,plugin,…] [--rounds 5] [--seconds 4] [--json F] [--plot F.svg] [--max NAME=N …]

Every gateway has one worker and is pinned to core 0; wrk (64 connections) and the upstream (nginx) run on core 1. What
counts is the CPU time of the gateway's processes for a request, from /proc: it does not depend on how fast wrk is. In each
round nginx is measured beside every gateway, and the ratio to nginx of the same round is taken; the median of the rounds
is reported. `TYK_BIN=/path/to/tyk` adds a Tyk Gateway (it needs redis-server), `TYKPP_BIN` names another tykpp.

Scenarios: get (small answer), 10k, 1m (bodies), plugin (a native plugin sets a header; the others just proxy),
native_isolated (the same plugin in a process of its own, whose CPU time is a figure beside),
go, go_inside (a Go plugin sets a header and copies another, in a process of its own and in the gateway's; needs go),
js, lua, python (a script sets a header and copies another; nginx just proxies, nginx-lua does the same work),
grpc (a plugin server in Go, on the core of the load, sets a header and a parameter; needs go and protoc),
identity (clients are asked who they are: key with a rate, quota as well, jwt with RS256; the same with Redis on the load's core,
if redis-server is there; nginx just proxies),
many (get, with --many further APIs loaded, against tykpp with few), idle (memory of --idle connections),
reload (start and reload with --many APIs, under load), waiting (hooks that sleep or call HTTP, and requests beside
them), script-memory (one more API with a script).

Figures for --max: get, 10k, 1m, plugin, native_isolated, native_isolated-host-us (not the gateway's), go, go-host-us, go_inside, js, lua, python, grpc, grpc-added-us
(p50 with one request in flight, against get), key, quota, jwt, redis-key, redis-quota, redis-jwt (ratios of CPU to nginx), js-api-kb, lua-api-kb, js-fetch-200-s (200 in
flight that wait 50 ms), beside-sleep-p99 (against without), many (ratio to tykpp without them), idle-kb, start-s,
reload-ms, reload-failed, growth-mb (memory while 1 MB bodies pass), memory-mb (idle, few APIs; of the scenario many). Exit status 1 when one is
above its limit, or when requests failed.
"""
import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
import setups  # noqa: E402
from harness import Load, Process, free_port, measure, measure_pair, raise_file_limit  # noqa: E402
from setups import SECRET, TykSetup, definition  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = tuple(setups.SCRIPTS)
RATIOS = ("get", "10k", "1m", "plugin", "native_isolated", "go", "go_inside", *SCRIPTS, "grpc")
IDENTITY = ("key", "quota", "jwt")  # who calls, and how often
SCENARIOS = (*RATIOS, "identity", "many", "idle", "reload", "waiting", "script-memory")


class Bench:
    def __init__(self, args, work: Path, stack: contextlib.ExitStack):
        self.args, self.work, self.stack = args, work, stack
        self.binary = os.environ.get("TYKPP_BIN", str(ROOT / "build/release/tykpp"))
        self.plugin = args.plugin or str(Path(self.binary).resolve().parent / "plugins/native/add_foo_bar.so")
        self.rows, self.figures, self.failed = [], {}, 0
        self.upstream = free_port()
        self.run(setups.start_upstream(work, self.upstream))

    def run(self, process: Process) -> Process:
        self.stack.callback(process.stop)
        return process

    def tykpp(self, name: str, many: int = 0, **more):
        setup = TykSetup(name, self.work, free_port(), self.upstream, self.plugin, many, **more)
        return setup, self.run(setup.start(self.binary))

    # --- CPU a request, side by side

    def gateways(self, plugin_server: bool, go: bool):
        """name -> (process, url of a scenario)"""
        found, server = {}, 0
        if plugin_server:
            server = free_port()
            self.run(setups.start_plugin_server(self.work, ROOT, server))
        for name, start in (("nginx", setups.start_nginx), ("haproxy", setups.start_haproxy)):
            port = free_port()
            process = self.run(start(self.work, port, self.upstream))
            found[name] = process, lambda s, port=port: f"http://127.0.0.1:{port}/{s}/"
        if setups.LUA_MODULE.exists():
            port = free_port()
            process = self.run(setups.start_nginx_lua(self.work, port, self.upstream))
            found["nginx-lua"] = process, lambda s, port=port: f"http://127.0.0.1:{port}/{s}/"
        go_plugin = setups.build_go_plugin(self.work, self.binary) if go else ""
        setup, process = self.tykpp("tykpp", scripts=True, plugin_server=server, go_plugin=go_plugin)
        wait_until_served(setup.url("get"), process)
        found["tykpp"] = process, setup.url
        if binary := os.environ.get("TYK_BIN"):
            redis = free_port()
            self.run(Process("redis", ["redis-server", "--port", redis, "--save", "", "--appendonly", "no"], "1",
                             self.work).wait_port(redis))
            tyk = TykSetup("tyk", self.work, free_port(), self.upstream, redis=redis)
            process = self.run(tyk.start(binary))
            wait_until_served(tyk.url("get"), process)
            time.sleep(3)
            found["tyk"] = process, lambda s: tyk.url("get" if s in ("plugin", "native_isolated", "go", "go_inside", "grpc", *SCRIPTS) else s)
        return found

    def side_by_side(self, scenarios):
        found = self.gateways("grpc" in scenarios, "go" in scenarios or "go_inside" in scenarios)
        for scenario in scenarios:
            memory = found["tykpp"][0].pss_kb()
            for round_number in range(self.args.rounds):
                for name, (process, url) in found.items():
                    if name == "nginx-lua" and scenario != "lua":
                        continue
                    row = measure(process, url(scenario), self.args.seconds)
                    if name == "nginx":
                        base = row["us"]
                    row |= {"gateway": name, "scenario": scenario, "round": round_number, "ratio": row["us"] / base}
                    self.rows.append(row)
                    self.failed += row["failed"]
                    print(f"  {scenario:7} {name:8} {row['us']:8.1f} us  {row['ratio']:5.2f}", file=sys.stderr, flush=True)
            if scenario == "grpc":
                self.figures["grpc-added-us"] = self.added_us(found["tykpp"][1], "grpc")
            if scenario in ("native_isolated", "go"):
                self.figures[f"{scenario}-host-us"] = statistics.median(
                    r["host_us"] for r in self.rows if (r["gateway"], r["scenario"]) == ("tykpp", scenario))
            if scenario == "1m":
                self.figures["growth-mb"] = max(0, found["tykpp"][0].pss_kb() - memory) / 1024
            self.figures[scenario] = statistics.median(
                r["ratio"] for r in self.rows if (r["gateway"], r["scenario"]) == ("tykpp", scenario))

    def added_us(self, url, scenario):
        """What a hook adds to the time of a request when nothing else is under way."""
        added = []
        for _ in range(self.args.rounds):
            plain, hooked = (Load(url(name), self.args.seconds, 1).result()["p50_ms"] for name in ("get", scenario))
            print(f"  {scenario} alone: {plain * 1000:.0f} us without, {hooked * 1000:.0f} us with", file=sys.stderr, flush=True)
            added.append((hooked - plain) * 1000)
        return statistics.median(added)

    # --- clients that are known

    def identity(self):
        port = free_port()
        nginx = self.run(setups.start_nginx(self.work, port, self.upstream))
        stores = {"": 0}
        if shutil.which("redis-server"):
            stores["redis-"] = free_port()
            self.run(Process("redis", ["redis-server", "--port", stores["redis-"], "--save", "", "--appendonly", "no"], "1",
                             self.work).wait_port(stores["redis-"]))
        sides = []
        for prefix, redis in stores.items():
            setup = TykSetup(f"{prefix}identity", self.work, free_port(), self.upstream, redis=redis)
            headers = setup.write_identity()
            process = self.run(setup.start(self.binary))
            wait_until_served(setup.url("get"), process)
            setup.make_keys()
            sides.append((prefix, setup, process, headers))
        for name in IDENTITY:
            for round_number in range(self.args.rounds):
                base = measure(nginx, f"http://127.0.0.1:{port}/get/", self.args.seconds)["us"]
                for prefix, setup, process, headers in sides:
                    row = measure(process, setup.url(name), self.args.seconds, headers=[headers[name]])
                    row |= {"gateway": "tykpp", "scenario": prefix + name, "round": round_number, "ratio": row["us"] / base}
                    self.rows.append(row)
                    self.failed += row["failed"]
                    print(f"  {prefix + name:12} {row['us']:8.1f} us  {row['ratio']:5.2f}", file=sys.stderr, flush=True)
            for prefix, *_ in sides:
                self.figures[prefix + name] = statistics.median(r["ratio"] for r in self.rows if r["scenario"] == prefix + name)

    # --- hooks that wait, and who waits with them

    def waiting(self):
        slow = free_port()
        self.run(setups.start_slow(self.work, slow))
        setup, process = self.tykpp("waiting", scripts=True, slow=f"http://127.0.0.1:{slow}")
        wait_until_served(setup.url("js-fetch"), process)
        wait_until_served(setup.url("python-sleep"), process)
        alone = Load(setup.url("get"), self.args.seconds, 8).result()
        sleeping = Load(setup.url("python-sleep"), self.args.seconds + 2, 16)
        time.sleep(1)
        beside = Load(setup.url("get"), self.args.seconds, 8).result()
        slept = sleeping.result()
        self.figures["python-sleep-rps"] = slept["rps"]
        self.figures["beside-sleep-p99"] = beside["p99_ms"] / alone["p99_ms"]
        fetching = Load(setup.url("js-fetch"), self.args.seconds, 200).result()
        self.figures["js-fetch-200-s"] = fetching["p99_ms"] / 1000
        self.figures["js-fetch-rps"] = fetching["rps"]
        self.failed += alone["failed"] + beside["failed"] + slept["failed"] + fetching["failed"]

    # --- memory of one more API with a script

    def script_memory(self):
        for kind in ("js", "lua"):
            setup, process = self.tykpp(f"memory-{kind}", scripts=True)
            wait_until_served(setup.url(kind), process)
            before = process.pss_kb()
            for number in range(50):
                setup.write_script_api(kind, number)
            request = urllib.request.Request(f"http://127.0.0.1:{setup.port}/tyk/reload?block=true",
                                             headers={"X-Tyk-Authorization": SECRET})
            urllib.request.urlopen(request, timeout=60).read()
            for number in range(50):
                urllib.request.urlopen(setup.url(f"more-{kind}-{number}"), timeout=5).read()
            self.figures[f"{kind}-api-kb"] = (process.pss_kb() - before) / 50

    # --- what many APIs cost

    def many(self):
        few, few_process = self.tykpp("few")
        wait_until_served(few.url("get"), few_process)
        time.sleep(1)
        self.figures["memory-mb"] = few_process.pss_kb() / 1024
        lots, lots_process = self.tykpp("lots", self.args.many)
        wait_until_served(few.url("get"), few_process)
        asked = f"many{self.args.many // 2:05}"
        wait_until_served(lots.url(asked), lots_process)
        ratios = []
        for round_number in range(self.args.rounds):
            one, all_of_them = measure_pair((few_process, few.url("get")), (lots_process, lots.url(asked)), 2 * self.args.seconds)
            ratios.append(all_of_them["us"] / one["us"])
            self.failed += one["failed"] + all_of_them["failed"]
            for name, row in (("few", one), ("lots", all_of_them)):
                self.rows.append({**row, "gateway": "tykpp", "scenario": f"many-{name}", "round": round_number,
                                  "ratio": row["us"] / one["us"]})
        self.figures["many"] = statistics.median(ratios)
        self.figures["many-mb"] = lots_process.pss_kb() / 1024

    # --- memory of idle connections

    def idle(self):
        count = self.args.idle
        per_connection = {}
        port = free_port()
        nginx = self.run(setups.start_nginx(fresh_folder(self.work, "idle"), port, self.upstream))
        setup, tykpp = self.tykpp("idle-tykpp")
        wait_until_served(setup.url("get"), tykpp)
        for name, process, at in (("nginx", nginx, port), ("tykpp", tykpp, setup.port)):
            warm = open_idle(at, 50)
            before = process.pss_kb()
            connections = open_idle(at, count)
            time.sleep(1)  # arenas and buffers go back to their pools
            per_connection[name] = (process.pss_kb() - before) / count
            for connection in warm + connections:
                connection.close()
        self.figures["idle-kb"] = per_connection["tykpp"]
        self.figures["idle-kb-nginx"] = per_connection["nginx"]

    # --- start and reload with many APIs

    def reload(self):
        setup = TykSetup("reload", self.work, free_port(), self.upstream, None, self.args.many)
        last = f"many{self.args.many - 1:05}"
        process = self.run(setup.start(self.binary))
        self.figures["start-s"] = wait_until_served(setup.url(last), process) - process.started
        load = Load(setup.url(last), 600, 64)
        took = []
        for number in range(self.args.reloads):
            time.sleep(1.2)  # reloads are a second apart at least: what is measured is the work, not the queue
            setup.write(definition("get", self.upstream, f"/?{number}"))
            began = time.monotonic()
            request = urllib.request.Request(f"http://127.0.0.1:{setup.port}/tyk/reload?block=true",
                                             headers={"X-Tyk-Authorization": SECRET})
            urllib.request.urlopen(request, timeout=60).read()
            took.append((time.monotonic() - began) * 1000)
        result = load.stop()
        self.figures["reload-ms"] = statistics.median(took)
        self.figures["reload-ms-worst"] = max(took)
        self.figures["reload-failed"] = result["failed"]
        self.figures["reload-p99-ms"] = result["p99_ms"]


def fresh_folder(work: Path, name: str) -> Path:
    (work / name).mkdir()
    return work / name


def wait_until_served(url: str, process: Process) -> float:
    """The moment of the first good answer."""
    while time.monotonic() - process.started < 120:
        if process.popen.poll() is not None:
            raise SystemExit(f"{process.name} ended with {process.popen.returncode}:\n{process.log.read_text()[-2000:]}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).read()
            return time.monotonic()
        time.sleep(0.005)
    raise SystemExit(f"{process.name} does not serve {url}:\n{process.log.read_text()[-2000:]}")


def open_idle(port: int, count: int):
    """Connections that have had one request served and stay open."""
    connections = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        connection.sendall(b"GET /get/ HTTP/1.1\r\nHost: bench\r\n\r\n")
        connections.append(connection)
        answer = b""
        while setups.SMALL.encode() not in answer:
            more = connection.recv(65536)
            if not more:
                raise SystemExit(f"port {port} closed a connection: {answer[:300]!r}")
            answer += more
    return connections


def table(bench: Bench) -> str:
    lines = [f"{'scenario':10} {'gateway':8} {'us/req':>8} {'ratio':>6} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'MB':>7} {'failed':>6}"]
    for scenario in dict.fromkeys(r["scenario"] for r in bench.rows):
        for name in dict.fromkeys(r["gateway"] for r in bench.rows if r["scenario"] == scenario):
            rows = [r for r in bench.rows if (r["gateway"], r["scenario"]) == (name, scenario)]
            middle = {k: statistics.median(r[k] for r in rows) for k in ("us", "ratio", "rps", "p50_ms", "p99_ms", "mb")}
            lines.append(f"{scenario:10} {name:8} {middle['us']:8.1f} {middle['ratio']:6.2f} {middle['rps']:8.0f} "
                         f"{middle['p50_ms']:8.2f} {middle['p99_ms']:8.2f} {middle['mb']:7.1f} {sum(r['failed'] for r in rows):6}")
    lines += ["", *(f"{name:16} {value:10.3f}" for name, value in bench.figures.items())]
    return "\n".join(lines)


def machine() -> dict:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "")
    versions = {}
    for name, argv in {"nginx": ["nginx", "-v"], "haproxy": ["haproxy", "-v"], "wrk": ["wrk", "-v"]}.items():
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        versions[name] = done.stdout.splitlines()[0]
    return {"cpu": model, "kernel": platform.release(), "cores": os.cpu_count(), **versions}


def plot(bench: Bench, path: str):
    import matplotlib
    matplotlib.use("svg" if path.endswith(".svg") else "agg")
    from matplotlib import pyplot
    scenarios = [s for s in RATIOS if s in {r["scenario"] for r in bench.rows}]
    names = list(dict.fromkeys(r["gateway"] for r in bench.rows if r["scenario"] in scenarios))
    figure, axes = pyplot.subplots(figsize=(8, 3.5))
    width = 0.8 / len(names)
    for at, name in enumerate(names):
        values = [statistics.median(r["ratio"] for r in bench.rows if (r["gateway"], r["scenario"]) == (name, s)) for s in scenarios]
        bars = axes.bar([i + (at - (len(names) - 1) / 2) * width for i in range(len(scenarios))], values, width, label=name)
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.set_xticks(range(len(scenarios)), scenarios)
    axes.set_ylabel("CPU a request, nginx = 1")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--many", type=int, default=10000, help="APIs of the scenarios many and reload")
    parser.add_argument("--idle", type=int, default=5000, help="connections of the scenario idle")
    parser.add_argument("--reloads", type=int, default=5)
    parser.add_argument("--plugin", help="another shared object with AddFooBar")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--plot", metavar="FILE", help=".svg or .png; needs python3-matplotlib")
    parser.add_argument("--max", metavar="NAME=N", action="append", default=[])
    parser.add_argument("--no-install", action="store_true", help="do not look for missing packages")
    args = parser.parse_args()
    scenarios = args.scenarios.split(",")
    if unknown := set(scenarios) - set(SCENARIOS):
        parser.error(f"unknown scenario: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    if "grpc" in scenarios and shutil.which("go") is None:
        print("go is not installed: without the scenario grpc", file=sys.stderr)
        scenarios.remove("grpc")
    if not args.no_install:
        subprocess.run([ROOT / ".ci/install.sh", "bench"], check=True)
    raise_file_limit()
    work = Path(tempfile.mkdtemp(prefix="tykpp-bench-"))
    work.chmod(0o755)
    try:
        with contextlib.ExitStack() as stack:
            bench = Bench(args, work, stack)
            if not Path(bench.binary).exists():
                raise SystemExit(f"{bench.binary} is not built: cmake --build --preset release")
            if ratios := [s for s in scenarios if s in RATIOS]:
                bench.side_by_side(ratios)
            for name in ("identity", "many", "idle", "reload", "waiting", "script-memory"):
                if name in scenarios:
                    getattr(bench, name.replace("-", "_"))()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(table(bench))
    if args.json:
        Path(args.json).write_text(json.dumps({"machine": machine(), "figures": bench.figures, "rows": bench.rows}, indent=1) + "\n")
    if args.plot:
        plot(bench, args.plot)
    above = [f"failed requests: {bench.failed}"] if bench.failed else []
    for text in args.max:
        name, _, limit = text.partition("=")
        if name not in bench.figures:
            above.append(f"{name}: not measured")
        elif bench.figures[name] > float(limit):
            above.append(f"{name}: {bench.figures[name]:.3f}, at most {limit}")
    if args.max or above:
        print("\n" + ("above the limit: " + "; ".join(above) if above else "within the limits"))
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
