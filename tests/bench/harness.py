"""Processes pinned to cores, and what they cost: CPU time, memory, and wrk's view of them."""
import contextlib
import os
import re
import resource
import signal
import socket
import statistics
import subprocess
import time
from pathlib import Path

GATEWAY_CORE, LOAD_CORE = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


def raise_file_limit(wanted: int = 65536):
    """Idle connections need descriptors on both ends; child processes inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_plugin_host(pid: int) -> bool:
    try:
        return b"plugin-host" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


class Process:
    """A program pinned to one core; everything it forks counts as the program."""

    def __init__(self, name: str, argv, core: str, work: Path, env=None):
        self.name, self.log = name, work / f"{name}.log"
        with self.log.open("ab") as out:
            self.started = time.monotonic()
            self.popen = subprocess.Popen(["taskset", "-c", core, *map(str, argv)], cwd=work, stdout=out, stderr=out,
                                          env={**os.environ, **(env or {})}, start_new_session=True)

    def family(self):
        todo, found = [self.popen.pid], []
        while todo:
            pid = todo.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    todo += map(int, children.read_text().split())
        return found

    def cpu_seconds(self, hosts: bool = False) -> float:
        """CPU time of all threads so far, plugin hosts left out; with `hosts` theirs alone. The scheduler's own counter where the kernel has it: `stat` counts in ticks of 10 ms,
        which is a percent of a turn of one second."""
        family = [pid for pid in self.family() if is_plugin_host(pid) == hosts]
        with contextlib.suppress(OSError, ValueError):
            nanoseconds = sum(int(task.read_text().split()[0]) for pid in family
                              for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))
            if nanoseconds or not family:
                return nanoseconds / 1e9
        ticks = 0
        for pid in family:
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])  # user and system time
        return ticks / TICKS

    def pss_kb(self) -> int:
        """Proportional set size: shared pages count once, however many processes share them."""
        total = 0
        for pid in self.family():
            with contextlib.suppress(OSError):
                found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
                total += int(found[1])
        return total

    def wait_port(self, port: int, seconds: float = 60):
        while time.monotonic() - self.started < seconds:
            if self.popen.poll() is not None:
                raise SystemExit(f"{self.name} ended with {self.popen.returncode}:\n{self.log.read_text()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return self
            time.sleep(0.005)
        raise SystemExit(f"{self.name} does not listen on port {port}:\n{self.log.read_text()[-2000:]}")

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGTERM)
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


def milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()
    return float(number) * UNITS[unit]


class Load:
    """A run of wrk."""

    def __init__(self, url: str, seconds: float, connections: int = 64, headers=()):
        argv = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
        for header in headers:
            argv += ["-H", header]
        self.popen = subprocess.Popen([*argv, url], stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.popen.send_signal(signal.SIGINT)
        return self.result()

    def result(self) -> dict:
        text = self.popen.communicate()[0]
        requests = int(re.search(r"(\d+) requests in", text)[1])
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        return {"requests": requests,
                "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
                "p50_ms": milliseconds(re.search(r"^\s+50%\s+(\S+)", text, re.M)[1]),
                "p99_ms": milliseconds(re.search(r"^\s+99%\s+(\S+)", text, re.M)[1]),
                "failed": (int(bad[1]) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0)}


def measure(process: Process, url: str, seconds: float, connections: int = 64, headers=()) -> dict:
    """CPU microseconds a request of `process` while wrk asks for `url`; the first second only warms up."""
    Load(url, 1, connections, headers).result()
    before, before_hosts = process.cpu_seconds(), process.cpu_seconds(hosts=True)
    result = Load(url, seconds, connections, headers).result()
    requests = max(1, result["requests"])
    result["us"] = (process.cpu_seconds() - before) / requests * 1e6
    result["host_us"] = (process.cpu_seconds(hosts=True) - before_hosts) / requests * 1e6
    result["mb"] = process.pss_kb() / 1024
    return result


def measure_pair(first, second, turns: int, connections: int = 64) -> tuple[dict, dict]:
    """Two (process, url) measured in turns of a second that alternate (a b b a …), so that a machine whose speed drifts
    within a minute favours neither. The values of a side are those of all its turns together."""
    sides = [{"process": process, "url": url, "rows": [], "cpu": 0.0} for process, url in (first, second)]
    for side in sides:
        Load(side["url"], 1, connections).result()
    for turn in range(turns):
        for side in sides if turn % 2 == 0 else reversed(sides):
            before = side["process"].cpu_seconds()
            side["rows"].append(Load(side["url"], 1, connections).result())
            side["cpu"] += side["process"].cpu_seconds() - before
    results = []
    for side in sides:
        rows, requests = side["rows"], sum(row["requests"] for row in side["rows"])
        results.append({"requests": requests, "us": side["cpu"] / max(1, requests) * 1e6, "mb": side["process"].pss_kb() / 1024,
                        "failed": sum(row["failed"] for row in rows),
                        **{name: statistics.median(row[name] for row in rows) for name in ("rps", "p50_ms", "p99_ms")}})
    return results[0], results[1]
