"""Fixtures of the end-to-end tests: the real binary, a scriptable upstream, and Debian's nginx as a fast one."""
import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.gateway import BINARY, Gateway, classic, free_port
from support.redis import Redis
from support.upstream import Upstream
from support.wait import eventually


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes several seconds; longer still with TYKPP_E2E_LONG=1")


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not built: run ./test.sh, or name a binary with TYKPP_BIN", returncode=3)


def long_run() -> bool:
    return os.environ.get("TYKPP_E2E_LONG") == "1"


@pytest.fixture(scope="module")
def upstream():
    """One upstream a module, forgetful between tests (see `fresh`)."""
    server = Upstream()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def fresh(request):
    if "upstream" in request.fixturenames:
        request.getfixturevalue("upstream").clear()


@pytest.fixture
def new_gateway(tmp_path_factory):
    """Makes gateways that a single test configures, starts, and may break."""
    made = []

    def make(conf: dict = None, env: dict = None) -> Gateway:
        made.append(Gateway(tmp_path_factory.mktemp("gateway"), conf, env))
        return made[-1]

    yield make
    for gateway in made:
        gateway.stop()


@pytest.fixture
def redis(tmp_path_factory):
    """A Redis for a single test."""
    server = Redis(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    """A running gateway with the API /api/ in front of `upstream`."""
    running = Gateway(tmp_path_factory.mktemp("gateway"), {"http_server_options": {"enable_websockets": True}})
    running.write(classic("api", upstream.url)).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    """Port of an nginx that answers every request at once with 200."""
    work, port = tmp_path_factory.mktemp("nginx"), free_port()
    (work / "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid {work}/pid; error_log {work}/error.log;
        events {{ worker_connections 4096; }}
        http {{
          access_log off; keepalive_requests 1000000000;
          client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;
          uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
          server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 'ok'; }} }}
        }}""")
    process = subprocess.Popen(["nginx", "-p", str(work), "-c", str(work / "nginx.conf")],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready():
        assert process.poll() is None, (work / "error.log").read_text()
        with contextlib.suppress(OSError):
            return Path(work / "pid").read_text().strip()

    eventually(ready, "nginx runs")
    yield port
    process.send_signal(signal.SIGTERM)
    process.wait(10)
