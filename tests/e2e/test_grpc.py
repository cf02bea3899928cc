"""Plugins in processes of their own, called over gRPC: every hook, and servers that are down, slow, wrong or in disguise."""
import json
import signal
import socket
import subprocess
import threading
import time

import pytest

from support.gateway import SANITIZED, Gateway, classic, free_port, oas
from support.plugin_server import PluginServer
from support.upstream import answer
from support.wait import SLOW, eventually

FAILED = '{\n    "error": "Middleware error"\n}'
NOT_LOADED = '{\n    "error": "Internal Server Error"\n}'
REFUSED = '{\n    "error": "Key not authorised"\n}'


def entry(name, **more):
    return {"name": name, **more}


def remote(name, url, auth=None, server=None, **hooks):
    """A definition with `pre=["Name", …]` and so on; `auth` names the authentication hook."""
    middleware = {"driver": "grpc"}
    if server:
        middleware["grpc_server"] = server
    for hook, entries in hooks.items():
        middleware[hook] = [e if isinstance(e, dict) else entry(e) for e in entries]
    more = {}
    if auth:
        middleware["auth_check"] = entry(auth)
        more = {"use_keyless": False, "enable_coprocess_auth": True}
    return classic(name, url, custom_middleware=middleware, **more)


def conf(server, **options):
    return {"coprocess_options": {"enable_coprocess": True, "coprocess_grpc_server": server, **options}}


BAD = ["Garbage", "Cut", "NoUrl", "LineBreak", "Raises", "Absent", "Huge"]
PRE = ["Change", "Show", "Count", "Override", "Name", "Echo", "Nothing", "NoOverrides", "NoMethod", "Big", *BAD]


@pytest.fixture(scope="module")
def server():
    running = PluginServer.of_tests().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream, server):
    running = Gateway(tmp_path_factory.mktemp("grpc"), conf(server.url))
    running.write(*[remote(name.lower(), upstream.url, pre=[name]) for name in PRE])
    running.write(
        remote("showdata", upstream.url, pre=[entry("Show", raw_body_only=True, timeout_ms=700)])
        | {"config_data": {"colour": "blue"}},
        remote("post", upstream.url, post=["Change"]),
        remote("auth", upstream.url, auth="Auth", post_key_auth=["AfterAuth"]),
        remote("badauth", upstream.url, auth="Garbage"),
        remote("respond", upstream.url, response=["Respond"]),
        remote("cookies", upstream.url, response=["Cookies"]),
        remote("untouched", upstream.url, response=["Echo"]),
        remote("noresponse", upstream.url, response=["NoOverrides"]),
        remote("badresponse", upstream.url, response=["Cut"]),
        remote("sleep", upstream.url, pre=[entry("Sleep", timeout_ms=15000)]),
        remote("brief", upstream.url, pre=[entry("Sleep", timeout_ms=300)]),
        remote("skip", upstream.url, pre=[entry("Raises", on_error="skip")]),
        classic("plain", upstream.url))
    running.start()
    yield running
    running.stop()


def answers(upstream, *arguments):
    """What the upstream answers at `/`: body, status, headers."""
    upstream.on("/", lambda connection, _: connection.send(answer(*arguments)))


def sent(upstream, name):
    return upstream.requests[-1].header(name)


def post(gateway, path, body: bytes):
    with gateway.client() as client:
        return client.request("POST", path, body=body).response()


# --- hooks

@pytest.mark.parametrize("api", ["change", "post"])
def test_a_request_hook_changes_headers_parameters_and_method(gateway, upstream, api):
    assert gateway.get(f"/{api}/x?a=1&a=2&drop=x", "X-Keep: kept", "X-Drop: gone").status == 200
    request = upstream.requests[-1]
    assert (request.method, request.target) == ("PUT", "/x?a=1&a=2&added=by+grpc")
    assert (request.header("X-Mark"), request.header("X-Seen"), request.header("X-Drop")) == ("marked", "kept", None)


def test_a_hook_sees_the_request_as_it_came(gateway, upstream):
    assert gateway.get("/show/x%20y?a=b+c&a=2", "x-keep: 1", "X-Keep: 2").status == 200
    shown = json.loads(sent(upstream, "X-Shown"))
    assert shown.pop("deadline") == pytest.approx(2.0, abs=0.3)
    assert shown.pop("authority").startswith("127.0.0.1:")
    assert shown == {
        "type": 1, "name": "Show", "url": "/show/x%20y?a=b+c&a=2", "uri": "/show/x%20y?a=b+c&a=2", "scheme": "http",
        "method": "GET", "headers": {"X-Keep": "1", "Host": "h"}, "params": {"a": "b c"}, "code": -1, "raw": 0, "body": 0,
        "spec": {"APIID": "show", "OrgID": "default", "bundle_hash": "d41d8cd98f00b204e9800998ecf8427e"},
        "session": False, "response": False, "metadata": {}}


def test_configuration_data_deadline_and_raw_body_only_reach_the_server(gateway, upstream):
    assert post(gateway, "/showdata/", b"body").status == 200
    shown = json.loads(sent(upstream, "X-Shown"))
    assert (shown["raw"], shown["body"], shown["spec"]["config_data"]) == (4, 0, '{"colour":"blue"}')
    assert shown["deadline"] == pytest.approx(0.7, abs=0.2)
    assert upstream.requests[-1].body == b"body"


def test_a_header_that_is_no_utf_8_reaches_the_upstream_as_it_was(gateway, upstream):
    with gateway.client() as client:
        client.send(b"GET /show/caf%C3%A9 HTTP/1.1\r\nHost: h\r\nX-Odd: caf\xe9\r\n\r\n")
        assert client.response().status == 200
    assert json.loads(sent(upstream, "X-Shown"))["headers"]["X-Odd"] == "caf\ufffd"
    assert b"X-Odd: caf\xe9\r\n" in upstream.requests[-1].head


def test_authentication_makes_a_session_that_later_hooks_see(gateway, upstream):
    assert gateway.get("/auth/", "Authorization: key").status == 200
    assert sent(upstream, "X-Session") == "alias of key|free|a,b|key|key"


def test_authentication_refuses(gateway):
    refused = gateway.get("/auth/", "Authorization: refuse")
    assert (refused.status, refused.header("X-Why")) == (401, "because")
    assert b"not you" in refused.body
    nobody = gateway.get("/auth/", "Authorization: none")
    assert nobody.status == 403 and b"Forbidden" in nobody.body


def test_overrides_answer_in_place_of_the_upstream(gateway, upstream):
    early = gateway.get("/override/?code=202")
    assert (early.status, early.body, early.header("X-Over")) == (202, b"the plugin says", "1")
    error = gateway.get("/override/?code=409")
    assert (error.status, error.body) == (409, b'{\n    "error": "the plugin says"\n}')
    raw = gateway.get("/override/?code=409&raw=1")
    assert (raw.status, raw.body) == (409, b"the plugin says")
    assert not upstream.requests


def test_a_response_hook_changes_status_headers_and_body(gateway, upstream):
    answers(upstream, b"shout", "200 OK", "X-Remove: 1", "X-Stay: 1")
    changed = gateway.get("/respond/")
    assert (changed.status, changed.body) == (201, b"SHOUT")
    assert (changed.header("X-By"), changed.header("X-Remove"), changed.header("X-Stay")) == ("grpc", None, "1")


def test_a_response_hook_adds_a_value_to_a_header(gateway, upstream):
    answers(upstream, b"x", "200 OK", "Set-Cookie: first=1", "Set-Cookie: second=2")
    assert gateway.get("/cookies/").all("Set-Cookie") == ["first=1", "second=2", "third=3"]


def test_a_response_that_is_left_alone_stays_as_it_is(gateway, upstream):
    answers(upstream, b"\x00\xff binary", "404 Not Found", "Set-Cookie: a=1", "Set-Cookie: b=2")
    same = gateway.get("/untouched/")
    assert (same.status, same.body, same.all("Set-Cookie")) == (404, b"\x00\xff binary", ["a=1", "b=2"])


def test_three_megabytes_come_back(gateway, upstream):
    assert post(gateway, "/big/", b"small").status == 200
    assert len(upstream.requests[-1].body) == 3 << 20


# --- servers that answer nonsense

@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_a_middleware_error(gateway, upstream, name):
    failed = gateway.get(f"/{name.lower()}/")
    assert (failed.status, failed.body.decode()) == (500, FAILED)
    assert not upstream.requests


@pytest.mark.parametrize("name", ["Nothing", "NoOverrides", "NoMethod", "Echo"])
def test_fields_that_are_missing_change_nothing(gateway, upstream, name):
    assert post(gateway, f"/{name.lower()}/path?a=1", b"body").status == 200
    request = upstream.requests[-1]
    assert (request.method, request.target) == ("POST", "/path?a=1")
    # proto3 cannot tell an empty body from a missing one.
    assert request.body == (b"" if name == "NoMethod" else b"body")


def test_a_bad_answer_of_an_authentication_hook_keeps_the_door_shut(gateway, upstream):
    refused = gateway.get("/badauth/", "Authorization: x")
    assert (refused.status, refused.body.decode()) == (403, REFUSED)
    assert not upstream.requests


@pytest.mark.parametrize("api", ["noresponse", "badresponse"])
def test_a_bad_answer_of_a_response_hook_discards_the_upstreams(gateway, upstream, api):
    answers(upstream, b"secret", "200 OK")
    failed = gateway.get(f"/{api}/")
    assert (failed.status, failed.body.decode()) == (500, FAILED)


def test_a_huge_answer_is_refused_and_not_kept(gateway, upstream):
    gateway.get("/plain/")
    before = gateway.rss_kb()
    for _ in range(3):
        assert gateway.get("/huge/").status == 500
    assert SANITIZED or gateway.rss_kb() - before < 64 << 10
    gateway.wait_for_log("RESOURCE_EXHAUSTED")


def test_a_failure_may_be_skipped(gateway, upstream):
    assert gateway.get("/skip/").status == 200
    assert len(upstream.requests) == 1


# --- time

def test_a_slow_server_is_given_up_and_blocks_nobody(gateway, upstream):
    start = time.monotonic()
    slow = threading.Thread(target=lambda: gateway.get("/brief/"))
    slow.start()
    assert gateway.get("/plain/").status == 200
    failed = gateway.get("/brief/")
    slow.join()
    assert (failed.status, failed.body.decode()) == (500, FAILED)
    assert 0.3 <= time.monotonic() - start < 3 * SLOW
    hook = next(p for p in json.loads(gateway.admin("/tyk/plugins/brief")[1]))
    assert hook["timeouts"] == 2 and hook["errors"] == 2


def test_the_server_is_told_when_the_client_leaves(gateway, upstream, server):
    def count(name):
        gateway.get("/count/")
        return int(sent(upstream, f"X-{name}"))

    started, cancelled = count("started"), count("cancelled")
    client = gateway.client()
    client.request("GET", "/sleep/")
    eventually(lambda: count("started") > started, "the hook has begun")
    client.reset()
    eventually(lambda: count("cancelled") > cancelled, "the hook was cancelled")


def test_calls_that_wait_have_a_bound(new_gateway, upstream, server):
    gateway = new_gateway({**conf(server.url, grpc_max_calls=3), "workers": 1})
    gateway.write(remote("brief", upstream.url, pre=[entry("Sleep", timeout_ms=1000)]), classic("plain", upstream.url))
    gateway.start()
    took = []

    def ask():
        start = time.monotonic()
        assert gateway.get("/brief/").status == 500
        took.append(time.monotonic() - start)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert gateway.get("/plain/").status == 200
    for thread in threads:
        thread.join()
    assert len(took) == 12 and sum(t < 0.9 for t in took) >= 6 and sum(t >= 0.9 for t in took) >= 3
    gateway.wait_for_log("too many calls of plugin servers")


# --- addresses

def state(gateway, api):
    return json.loads(gateway.admin(f"/tyk/plugins/{api}")[1])[0]


def test_a_server_that_is_down_is_an_error_and_comes_back(new_gateway, upstream):
    server = PluginServer.of_tests()
    gateway = new_gateway(conf(server.url))
    gateway.write(remote("pre", upstream.url, pre=["Echo"]), remote("auth", upstream.url, auth="Auth"),
                  remote("response", upstream.url, response=["Echo"]), classic("plain", upstream.url)).start()
    for path, status, body in (("/pre/", 500, FAILED), ("/auth/", 403, REFUSED), ("/response/", 500, FAILED)):
        failed = gateway.get(path)
        assert (failed.status, failed.body.decode()) == (status, body)
    assert gateway.get("/plain/").status == 200
    eventually(lambda: state(gateway, "pre")["server_state"] == "failing", "the server counts as failing")
    assert state(gateway, "pre")["server"] == server.url and state(gateway, "pre")["server_error"]
    health = gateway.hello()
    assert health["status"] == "warn" and health["details"]["grpc:" + server.url]["status"] == "fail"
    server.start()
    try:
        eventually(lambda: gateway.get("/pre/").status == 200, "the gateway finds the server", 8)
        eventually(lambda: state(gateway, "pre")["server_state"] == "ready", "the server counts as ready")
        assert "server_error" not in state(gateway, "pre")
        eventually(lambda: gateway.hello()["status"] == "pass", "all is well")
    finally:
        server.stop()


def test_a_unix_socket(new_gateway, upstream, tmp_path):
    server = PluginServer.of_tests(address=f"unix:{tmp_path}/plugins.sock").start()
    try:
        gateway = new_gateway(conf(f"unix://{tmp_path}/plugins.sock"))
        gateway.write(remote("change", upstream.url, pre=["Change"])).start()
        assert gateway.get("/change/").status == 200
        assert sent(upstream, "X-Mark") == "marked"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def other():
    running = PluginServer.of_tests("two").start()
    yield running
    running.stop()


def test_an_api_a_hook_and_an_oas_definition_name_servers_of_their_own(new_gateway, upstream, server, other):
    gateway = new_gateway(conf(server.url))
    document = oas("oas", upstream.url)
    document["x-tyk-api-gateway"]["middleware"] = {"global": {
        "pluginConfig": {"driver": "grpc", "grpcServer": other.url},
        "prePlugins": [{"enabled": True, "functionName": "Name"}]}}
    gateway.write(remote("common", upstream.url, pre=["Name"]), remote("own", upstream.url, server=other.url, pre=["Name"]),
                  remote("hook", upstream.url, server=other.url, pre=[entry("Name", grpc_server=server.url)]), document)
    gateway.start()
    for path, name in (("common", "one"), ("own", "two"), ("hook", "one"), ("oas", "two")):
        assert gateway.get(f"/{path}/").status == 200
        assert sent(upstream, "X-Server") == name


def test_calls_go_to_several_addresses_in_turn(new_gateway, upstream, server):
    second = PluginServer.of_tests("two").start()
    gateway = new_gateway({**conf(f"tcp://{server.address},{second.address}"), "workers": 1})
    gateway.write(remote("name", upstream.url, pre=["Name"])).start()

    def names(count):
        seen = []
        for _ in range(count):
            assert gateway.get("/name/").status == 200
            seen.append(sent(upstream, "X-Server"))
        return seen

    try:
        eventually(lambda: set(names(4)) == {"one", "two"}, "both are connected")
        seen = names(20)
        assert seen.count("one") == seen.count("two") == 10
    finally:
        second.kill()
    eventually(lambda: state(gateway, "name")["server_state"] == "ready", "one is left")
    eventually(lambda: set(names(10)) == {"one"}, "the other serves alone")


def test_a_name_is_resolved_and_authority_is_as_configured(new_gateway, upstream):
    port = free_port()
    server = PluginServer.of_tests(address=f"0.0.0.0:{port}").start()
    try:
        gateway = new_gateway(conf(f"dns:///localhost:{port}", grpc_authority="plugins.example",
                                   grpc_round_robin_load_balancing=True, grpc_keepalive_time=60))
        gateway.write(remote("show", upstream.url, pre=["Show"])).start()
        assert gateway.get("/show/").status == 200
        assert json.loads(sent(upstream, "X-Shown"))["authority"] == "plugins.example"
    finally:
        server.stop()


def test_message_sizes_are_limited_as_configured(new_gateway, upstream, server):
    gateway = new_gateway(conf(server.url, grpc_recv_max_size=2 << 20, grpc_send_max_size=10_000))
    gateway.write(remote("big", upstream.url, pre=["Big"]), remote("echo", upstream.url, pre=["Echo"])).start()
    assert gateway.get("/big/").status == 500
    assert post(gateway, "/echo/", b"x" * 1000).status == 200
    assert post(gateway, "/echo/", b"x" * 10_000).status == 500


def test_a_larger_limit_lets_large_answers_in_up_to_that_of_bodies(new_gateway, upstream, server):
    gateway = new_gateway({**conf(server.url, grpc_recv_max_size=128 << 20), "max_buffered_body_size": 8 << 20})
    gateway.write(remote("huge", upstream.url, pre=[entry("Huge", timeout_ms=20000)])).start()
    assert gateway.get("/huge/").status == 500
    eventually(lambda: "larger than max_buffered_body_size" in gateway.log(), "the log says why")


@pytest.mark.parametrize("address", ["", "ftp://x:1", "tcp://x", "tcp://x:99999", "unix://relative", "tcp://a:1,b:2"])
def test_an_address_that_is_none_refuses_every_request(new_gateway, upstream, address):
    gateway = new_gateway(conf(address))
    gateway.write(remote("pre", upstream.url, pre=["Echo"]), classic("plain", upstream.url)).start()
    failed = gateway.get("/pre/")
    assert (failed.status, failed.body.decode()) == (500, NOT_LOADED)
    assert gateway.get("/plain/").status == 200
    assert state(gateway, "pre")["status"] == "refuses"
    gateway.wait_for_log("Driver 'grpc' isn't loaded")


def test_a_server_of_another_driver_is_a_mistake(new_gateway, upstream):
    gateway = new_gateway(conf(""))
    wrong = classic("wrong", upstream.url,
                    custom_middleware={"driver": "otto", "pre": [entry("x", path="x.js", grpc_server="tcp://h:1")]})
    gateway.write(wrong, classic("plain", upstream.url)).start()
    assert gateway.get("/wrong/").status == 404
    gateway.wait_for_log("/custom_middleware/pre/0/grpc_server")


# --- TLS

@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and certificates of it for the server plugins.example and for the gateway."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, cwd=folder, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    (folder / "names").write_text("subjectAltName=DNS:plugins.example")
    for name in ("server", "gateway"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "2", "-extfile", "names")
    return folder


def test_tls_with_certificates_on_both_sides(new_gateway, upstream, certificates):
    files = {name: str(certificates / name) for name in ("ca.pem", "server.pem", "server.key", "gateway.pem", "gateway.key")}
    server = PluginServer.of_tests(certificates=(files["ca.pem"], files["server.pem"], files["server.key"])).start()
    good = {"grpc_tls_ca_file": files["ca.pem"], "grpc_tls_cert_file": files["gateway.pem"],
            "grpc_tls_key_file": files["gateway.key"], "grpc_tls_server_name": "plugins.example"}

    def status(address, options):
        gateway = new_gateway(conf(address, **options))
        gateway.write(remote("echo", upstream.url, pre=["Echo"])).start()
        answered = gateway.get("/echo/").status
        gateway.stop()
        return answered

    tls = f"tls://{server.address}"
    try:
        assert status(tls, good) == 200
        assert status(tls, {**good, "grpc_tls_server_name": "another.example"}) == 500
        assert status(tls, {key: good[key] for key in ("grpc_tls_ca_file", "grpc_tls_server_name")}) == 500
        assert status(tls, {**good, "grpc_tls_ca_file": ""}) == 500
        assert status(tls, {**good, "grpc_tls_ca_file": "/nowhere.pem"}) == 500
        assert status(tls, {**good, "grpc_tls_key_file": ""}) == 500
        assert status(f"tcp://{server.address}", {}) == 500
    finally:
        server.stop()


# --- a server that dies

class LoadThreads:
    """Clients that ask again and again; remembers what they got."""

    def __init__(self, gateway, path, count=8):
        self.gateway, self.path, self.over = gateway, path, threading.Event()
        self.statuses, self.lock = [], threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self):
        with self.gateway.client(timeout=20) as client:
            while not self.over.is_set():
                status = client.get(self.path).status
                with self.lock:
                    self.statuses.append(status)

    def since(self, at):
        with self.lock:
            return self.statuses[at:]

    def wait_for(self, more, seconds=10):
        at = len(self.statuses)
        eventually(lambda: len(self.statuses) >= at + more, f"{more} more answers", seconds)
        return self.since(at)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def open_files(gateway) -> int:
    from pathlib import Path
    return len(list(Path(f"/proc/{gateway.process.pid}/fd").iterdir()))


@pytest.mark.slow
def test_a_server_that_is_killed_under_load_and_started_again(new_gateway, upstream):
    server = PluginServer.of_tests().start()
    gateway = new_gateway(conf(server.url))
    gateway.write(remote("change", upstream.url, pre=["Change"])).start()
    load = LoadThreads(gateway, "/change/")
    try:
        assert set(load.wait_for(500, 20)) == {200}
        memory, files = gateway.rss_kb(), open_files(gateway)
        server.kill()
        down = time.monotonic()
        assert set(load.wait_for(300, 20)) <= {200, 500}
        assert set(load.wait_for(300, 20)) == {500}
        eventually(lambda: time.monotonic() - down >= 3, "three seconds have passed", 6)
        server.start()
        eventually(lambda: set(load.wait_for(100)) == {200}, "all requests are good again", 10)
        assert set(load.wait_for(1000, 30)) == {200}
        assert SANITIZED or gateway.rss_kb() - memory < 20 << 10
        eventually(lambda: open_files(gateway) <= files + 2, "no socket is left over")
    finally:
        load.stop()
        server.stop()


def test_a_server_that_is_frozen_times_out_and_thaws(new_gateway, upstream):
    server = PluginServer.of_tests().start()
    gateway = new_gateway(conf(server.url))
    gateway.write(remote("echo", upstream.url, pre=[entry("Echo", timeout_ms=500)]), classic("plain", upstream.url)).start()
    try:
        assert gateway.get("/echo/").status == 200
        server.freeze()
        start = time.monotonic()
        assert gateway.get("/echo/").status == 500
        assert 0.5 <= time.monotonic() - start < 2 * SLOW
        assert gateway.get("/plain/").status == 200
        server.thaw()
        eventually(lambda: gateway.get("/echo/").status == 200, "it answers again")
    finally:
        server.stop()


def test_a_gateway_that_stops_does_not_wait_for_calls(new_gateway, upstream, server):
    gateway = new_gateway({**conf(server.url), "graceful_shutdown_timeout_duration": 1})
    gateway.write(remote("sleep", upstream.url, pre=[entry("Sleep", timeout_ms=60000)])).start()
    client = gateway.client()
    client.request("GET", "/sleep/")
    eventually(lambda: state(gateway, "sleep")["calls"] == 1, "the call is made")
    start = time.monotonic()
    gateway.stop()
    assert time.monotonic() - start < 6 * SLOW
    client.close()


def test_reloads_keep_the_connection_and_drop_servers_that_are_gone(new_gateway, upstream, server, other):
    gateway = new_gateway(conf(server.url))
    gateway.write(remote("name", upstream.url, pre=["Name"])).start()
    assert gateway.get("/name/").status == 200
    gateway.write(remote("name", upstream.url, server=other.url, pre=["Name"]))
    gateway.reload()
    assert gateway.get("/name/").status == 200
    assert sent(upstream, "X-Server") == "two"
    eventually(lambda: ["grpc:" + other.url] == [k for k in gateway.hello()["details"] if k.startswith("grpc:")],
               "the old server is forgotten")

# --- servers that are no plugin servers, or are about to end

class RawServer:
    """Takes connections and does with each what `serve` does; on threads, until stop()."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.serve, self.taken, self.stopping = serve, 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            if self.stopping:
                connection.close()
                return
            self.taken += 1
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:
                pass

    def stop(self):
        self.stopping = True
        socket.create_connection(self.socket.getsockname()).close()
        self.thread.join()
        self.socket.close()


SETTINGS = b"\0\0\0\x04\0\0\0\0\0"


def say(data):
    def serve(connection):
        connection.sendall(data)
        while connection.recv(65536):
            pass
    return serve


def hang_up(connection):
    connection.recv(24)


GARBAGE = {
    "http1": say(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    "ssh": say(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "zeros": say(bytes(4096)),
    "noise": say(bytes(range(256)) * 64),
    "hangs-up": hang_up,
    "settings-then-noise": say(SETTINGS + b"\xff" * 4096),
    "settings-then-end": lambda connection: connection.sendall(SETTINGS),
    "endless-headers": say(SETTINGS + b"\0\x10\0\x01\0\0\0\0\x01" + b"\0\x03x-a\x7f\xff\xff\x7f" + b"a" * 8192),
    "pings": say(SETTINGS + (b"\0\0\x08\x06\0\0\0\0\0" + b"12345678") * 5000),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_peers_fail_calls_and_nothing_else(new_gateway, upstream, kind):
    peer = RawServer(GARBAGE[kind])
    gateway = new_gateway({**conf(peer.url), "workers": 1})
    gateway.write(remote("echo", upstream.url, pre=[entry("Echo", timeout_ms=700)]), classic("plain", upstream.url)).start()
    try:
        for _ in range(3):
            failed = gateway.get("/echo/")
            assert (failed.status, failed.body.decode()) == (500, FAILED)
            assert gateway.get("/plain/").status == 200
        assert peer.taken <= 30, "connecting again and again has pauses"
    finally:
        gateway.stop()
        peer.stop()


def test_a_peer_that_never_speaks_does_not_hold_calls_beyond_their_deadline(new_gateway, upstream):
    peer = RawServer(lambda connection: connection.recv(1 << 20) and connection.recv(1 << 20))
    gateway = new_gateway(conf(peer.url))
    gateway.write(remote("echo", upstream.url, pre=[entry("Echo", timeout_ms=300)])).start()
    try:
        start = time.monotonic()
        assert gateway.get("/echo/").status == 500
        assert time.monotonic() - start < 2 * SLOW
    finally:
        gateway.stop()
        peer.stop()


@pytest.mark.parametrize("options", ["streams=1", "age=1"])
def test_servers_that_limit_streams_or_end_connections_lose_no_call(new_gateway, upstream, options):
    server = PluginServer.of_tests(options={"TYKPP_TEST_SERVER": options}).start()
    gateway = new_gateway({**conf(server.url), "workers": 1})
    gateway.write(remote("change", upstream.url, pre=[entry("Change", timeout_ms=10000)])).start()
    load = LoadThreads(gateway, "/change/")
    try:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            assert set(load.wait_for(100, 20)) == {200}
    finally:
        load.stop()
        server.stop()


@pytest.mark.slow
def test_a_server_that_is_restarted_under_load_again_and_again(new_gateway, upstream):
    server = PluginServer.of_tests().start()
    gateway = new_gateway(conf(server.url))
    gateway.write(remote("change", upstream.url, pre=["Change"])).start()
    load = LoadThreads(gateway, "/change/")
    try:
        for _ in range(3):
            assert 200 in load.wait_for(200, 20)
            server.stop()
            server.start()
            eventually(lambda: set(load.wait_for(50)) == {200}, "all requests are good again", 10)
    finally:
        load.stop()
        server.stop()
