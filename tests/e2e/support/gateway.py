"""Starts the real binary in a folder of its own."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from support.client import Client
from support.schema import check_loaded
from support.wait import SLOW, eventually

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("TYKPP_BUILD", ROOT / "build/dev"))
SANITIZED = "san" in os.environ.get("TYKPP_PRESET", "")  # freed memory is kept for a while then
BINARY = Path(os.environ.get("TYKPP_BIN", BUILD / "tykpp"))
SECRET = "e2e-secret"
SANITIZER = re.compile(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|:\d+:\d+: runtime error: )")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def classic(name: str, target: str, path: str = None, **changes) -> dict:
    """A keyless Classic definition; `proxy` is merged, everything else replaced."""
    definition = {
        "name": name, "api_id": name, "org_id": "default", "active": True, "use_keyless": True,
        "definition": {"location": "header", "key": "x-api-version"},
        "version_data": {"not_versioned": True, "versions": {"Default": {"name": "Default"}}},
        "proxy": {"listen_path": path or f"/{name}/", "target_url": target, "strip_listen_path": True}}
    definition["proxy"].update(changes.pop("proxy", {}))
    return {**definition, **changes}


def oas(name: str, target: str, path: str = None, **upstream) -> dict:
    return {
        "openapi": "3.0.3", "info": {"title": name, "version": "1.0.0"}, "paths": {}, "components": {},
        "x-tyk-api-gateway": {
            "info": {"id": name, "name": name, "orgId": "default", "state": {"active": True}},
            "upstream": {"url": target, **upstream},
            "server": {"listenPath": {"value": path or f"/{name}/", "strip": True}}}}


class Gateway:
    """Not running until start(); stop() checks that it ended well and that no sanitizer complained."""

    def __init__(self, work: Path, conf: dict = None, env: dict = None):
        self.work, self.apps = work, work / "apps"
        self.apps.mkdir(parents=True, exist_ok=True)
        (work / "middleware").mkdir(exist_ok=True)
        self.port = free_port()
        self.admin_port = self.port
        self.log_path = work / "gateway.log"
        self.env = {"LSAN_OPTIONS": f"suppressions={ROOT}/tests/sanitizers/lsan.supp:print_suppressions=0", **os.environ, **(env or {})}
        self.env["TSAN_OPTIONS"] = f"{self.env.get('TSAN_OPTIONS', '')} suppressions={ROOT}/tests/sanitizers/tsan.supp"
        self.process = None
        self.checks = True
        self.tls = ssl._create_unverified_context()  # of call(): whoever answers is the gateway
        self.conf = {
            "listen_address": "127.0.0.1", "listen_port": self.port, "secret": SECRET, "node_secret": SECRET,
            "app_path": str(self.apps), "middleware_path": str(work / "middleware"),
            "pid_file_location": str(work / "tykpp.pid"), "workers": 2, "log_level": "info",
            "proxy_default_timeout": 10, "graceful_shutdown_timeout_duration": 5,
            "storage": {"type": "embedded", "file": str(work / "keys.db")},
            "http_server_options": {"read_timeout": 30, "write_timeout": 30}}
        for key, value in (conf or {}).items():
            if isinstance(value, dict) and isinstance(self.conf.get(key), dict):
                self.conf[key] = {**self.conf[key], **value}
            else:
                self.conf[key] = value
        if self.conf.get("control_api_port"):
            self.admin_port = self.conf["control_api_port"]

    # --- definitions

    def write(self, *definitions: dict):
        for definition in definitions:
            extension = definition.get("x-tyk-api-gateway")
            self.replace((extension["info"]["id"] if extension else definition["api_id"]) + ".json",
                         json.dumps(definition))
        return self

    def replace(self, name: str, text):
        """Writes a file of the definitions folder in one step, as a careful deployment does."""
        fresh = self.work / "fresh.tmp"
        fresh.write_bytes(text if isinstance(text, bytes) else text.encode())
        fresh.replace(self.apps / name)

    # --- life

    def command(self, *arguments: str):
        return [str(BINARY), *arguments]

    def spawn(self):
        (self.work / "tyk.conf").write_text(json.dumps(self.conf, indent=1))
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self.command("--conf", str(self.work / "tyk.conf")), cwd=self.work,
                                            env=self.env, stdout=log, stderr=log)
        return self

    def start(self):
        self.spawn()

        def ready():
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()[-3000:]}"
            with contextlib.suppress(OSError):
                return self.call("/hello", port=self.admin_port)[0] == 200

        eventually(ready, "the gateway answers /hello", 15)
        return self

    def stop(self, how: int = signal.SIGTERM):
        if self.process is None:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(how)
        try:
            code = process.wait(20 * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"still running 20 s after signal {how}:\n{self.log()[-3000:]}") from None
        if self.checks:
            found = SANITIZER.search(self.log())
            assert not found, self.log()[max(0, found.start() - 200):][:6000]
            assert code == 0, f"exit status {code}:\n{self.log()[-3000:]}"
            check_loaded(self.apps, self.log())
        return code

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_for_log(self, text: str):
        """Lines are written beside the requests they are about."""
        eventually(lambda: text in self.log(), f"{text!r} in the log")

    # --- calls

    def client(self, **options) -> Client:
        return Client(self.port, **options)

    def get(self, target: str, *headers: str):
        with self.client() as client:
            return client.get(target, *headers)

    def call(self, path: str, method: str = "GET", body=None, secret: str = None, port: int = None):
        """(status, text) of a request that a real HTTP client makes."""
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        scheme = "https" if self.conf["http_server_options"].get("use_ssl") else "http"
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{port or self.port}{path}", method=method, data=data)
        if secret is not None:
            request.add_header("X-Tyk-Authorization", secret)
        try:
            with urllib.request.urlopen(request, timeout=30 * SLOW, context=self.tls) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def admin(self, path: str, method: str = "GET", body=None, secret: str = SECRET):
        return self.call(path, method, body, secret, self.admin_port)

    def reload(self):
        """Reloads and returns when it is done."""
        status, text = self.admin("/tyk/reload?block=true")
        assert status == 200, text
        return text

    def hello(self) -> dict:
        return json.loads(self.call("/hello", port=self.admin_port)[1])

    # --- what it costs

    def rss_kb(self) -> int:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1])

    def plugin(self, name: str) -> str:
        """Path of an example plugin of this build."""
        return str(BUILD / "plugins/native" / f"{name}.so")

    def cleanup(self):
        shutil.rmtree(self.work, ignore_errors=True)
