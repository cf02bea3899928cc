#!/usr/bin/env python3
"""Hours of plugins in three languages under load with reloads: is memory flat, does every request get what it should?

    tests/bench/soak.py [--minutes 60] [--every 10] [--duty 0.3] [--json FILE]

One tykpp with JavaScript, Lua and Python hooks of each kind, a chain of all three, a hook that calls HTTP, and one that
fails. Every `--every` seconds a plugin's file changes and the gateway reloads; `--duty` is the share of the time that
wrk sends requests. Memory is taken after each reload; the first tenth of the run warms up. Exit status 1 when memory grew
by more than 5 % from the second tenth to the last, or an answer was not the expected one.
"""
import argparse
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
import setups  # noqa: E402
from bench import ROOT, wait_until_served  # noqa: E402
from harness import LOAD_CORE, free_port, raise_file_limit  # noqa: E402
from setups import SECRET, TykSetup, definition  # noqa: E402

# What changes at each reload: VALUE is the number of the reload.
CHANGING = {
    "js": ("otto", "mark", """
var mark = new TykJS.TykMiddleware.NewMiddleware({});
var table = []; for (var i = 0; i < 1000; i++) { table.push({number: i, text: "VALUE" + i}); }
mark.NewProcessRequest(function (request, session, config) {
  request.SetHeaders["X-Mark"] = "VALUE"; leaked = table.slice();
  return mark.ReturnData(request, {});
});
mark.NewProcessResponse(function (response) { response.SetHeaders["X-Answer"] = "VALUE"; return mark.ReturnResponseData(response, {}); });
"""),
    "lua": ("lua", "mark", """
local table_of = {}
for i = 1, 1000 do table_of[i] = {number = i, text = "VALUE" .. i} end
function mark(request, session, spec)
  tyk.req.set_header("X-Mark", "VALUE"); leaked = table_of
  return request, session
end
"""),
    "py": ("python", "mark", """
from tyk.decorators import *
table = [{"number": i, "text": "VALUE%d" % i} for i in range(1000)]
@Hook
def mark(request, session, spec):
    request.add_header("X-Mark", "VALUE")
    request.object.body.upper()
    return request, session
@Hook
def answer(request, response, session, metadata, spec):
    response.headers["X-Answer"] = "VALUE"
    return response
"""),
}
FAILING = {"js": "var mark = new TykJS.TykMiddleware.NewMiddleware({}); mark.NewProcessRequest(function () { throw new Error('x'); });",
           "lua": "function mark() error('x') end",
           "py": "from tyk.decorators import *\n@Hook\ndef mark(request, session, spec):\n    raise ValueError('x')\n"}


class Soak:
    def __init__(self, args, work: Path):
        self.args, self.work = args, work
        self.upstream = free_port()
        self.processes = [setups.start_upstream(work, self.upstream)]
        slow = free_port()
        self.processes.append(setups.start_slow(work, slow))
        self.setup = TykSetup("soak", work, free_port(), self.upstream, scripts=True, slow=f"http://127.0.0.1:{slow}")
        self.scripts = self.setup.folder / "middleware"
        self.expected = {}
        self.change(0)
        for kind, (driver, function, _) in CHANGING.items():
            hooks = {"driver": driver, "pre": [self.entry(kind)], "post": [self.entry(kind)]}
            if kind != "lua":
                hooks["response"] = [{**self.entry(kind), "name": "answer" if kind == "py" else function}]
            self.api(f"soak-{kind}", hooks, 200)
            path = self.scripts / f"failing.{kind}"
            path.write_text(FAILING[kind])
            self.api(f"fail-{kind}", {"driver": driver, "pre": [{"name": "mark", "path": str(path)}]}, 500)
        self.api("soak-chain", {"pre": [{**self.entry(kind), "driver": CHANGING[kind][0]} for kind in CHANGING]}, 200)
        self.expected["js-fetch"] = 200
        self.gateway = self.setup.start(args.binary)
        self.processes.append(self.gateway)
        wait_until_served(self.setup.url("soak-chain"), self.gateway)
        self.unexpected, self.requests, self.samples = [], 0, []

    def entry(self, kind: str) -> dict:
        return {"name": CHANGING[kind][1], "path": str(self.scripts / f"soak.{kind}")}

    def api(self, name: str, hooks: dict, status: int):
        self.setup.write(definition(name, self.upstream, custom_middleware=hooks))
        self.expected[name] = status

    def change(self, number: int):
        for kind, (_, _, source) in CHANGING.items():
            (self.scripts / f"soak.{kind}").write_text(source.replace("VALUE", f"v{number}."))

    def load(self, name: str):
        """A second of requests."""
        argv = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", "-c16", "-d1s", "--timeout", "10s", self.setup.url(name)]
        text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        requests = int(re.search(r"(\d+) requests in", text)[1])
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        bad = int(bad[1]) if bad else 0
        wanted = requests if self.expected[name] >= 400 else 0
        errors = re.search(r"Socket errors: .*", text)
        self.requests += requests
        if abs(bad - wanted) > 0 or errors:
            self.unexpected.append(f"{name}: {bad} of {requests} answers were errors {errors[0] if errors else ''}")

    def reload(self, number: int):
        self.change(number)
        request = urllib.request.Request(f"http://127.0.0.1:{self.setup.port}/tyk/reload?block=true",
                                         headers={"X-Tyk-Authorization": SECRET})
        answer = json.load(urllib.request.urlopen(request, timeout=60))
        if answer.get("problems"):
            self.unexpected.append(f"reload {number}: {answer['problems']}")

    def check(self, number: int):
        """Statuses one by one, and that the newest plugin runs."""
        for name, status in self.expected.items():
            try:
                with urllib.request.urlopen(self.setup.url(name), timeout=10) as reply:
                    got, headers = reply.status, reply.headers
            except urllib.error.HTTPError as error:
                with error:
                    got, headers = error.code, error.headers
            if got != status:
                self.unexpected.append(f"{name} answered {got}")
            if name in ("soak-js", "soak-py") and headers["X-Answer"] != f"v{number}.":
                self.unexpected.append(f"{name}: the plugin of an earlier load answered: {headers['X-Answer']}")

    def run(self):
        end = time.monotonic() + self.args.minutes * 60
        names, number, turn = list(self.expected), 0, 0
        while time.monotonic() < end:
            began, number = time.monotonic(), number + 1
            for _ in range(max(1, round(self.args.every * self.args.duty))):
                self.load(names[turn % len(names)])
                turn += 1
            self.reload(number)
            self.check(number)
            self.samples.append(self.gateway.pss_kb() / 1024)
            print(f"{number:5} {self.samples[-1]:8.1f} MB {self.requests:10} requests {len(self.unexpected)} unexpected", flush=True)
            time.sleep(max(0, began + self.args.every - time.monotonic()))

    def report(self) -> dict:
        tenth = max(1, len(self.samples) // 10)
        early, late = statistics.median(self.samples[tenth:2 * tenth]), statistics.median(self.samples[-tenth:])
        return {"minutes": self.args.minutes, "reloads": len(self.samples), "requests": self.requests, "early_mb": early,
                "late_mb": late, "growth_percent": (late / early - 1) * 100, "unexpected": self.unexpected[:50]}

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=float, default=10, help="seconds between reloads")
    parser.add_argument("--duty", type=float, default=0.3)
    parser.add_argument("--binary", default=str(ROOT / "build/release/tykpp"))
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    raise_file_limit()
    work = Path(tempfile.mkdtemp(prefix="tykpp-soak-"))
    work.chmod(0o755)
    soak = Soak(args, work)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            soak.run()
        report = soak.report()
    finally:
        soak.stop()
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps(report, indent=1))
    if args.json:
        Path(args.json).write_text(json.dumps(report, indent=1) + "\n")
    return 1 if report["unexpected"] or abs(report["growth_percent"]) > 5 else 0


if __name__ == "__main__":
    sys.exit(main())
