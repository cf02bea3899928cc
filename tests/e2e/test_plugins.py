"""Native plugins at every hook, through the C ABI and nothing else."""
import json
import os
import subprocess
import threading
import time

import pytest

from support.gateway import ROOT, Gateway, classic, oas
from support.upstream import answer
from support.wait import SLOW, eventually

PROBE = ROOT / "tests/e2e/plugins/probe.c"
SANITIZE = {"asan": ["-fsanitize=address,undefined"], "tsan": ["-fsanitize=thread"]}.get(os.environ.get("TYKPP_PRESET"), [])


def compile_plugin(target, *flags):
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g1", "-shared", "-fPIC", *SANITIZE, *flags,
                    f"-I{ROOT}/include", str(PROBE), "-o", str(target), "-lpthread"], check=True, capture_output=True)
    return str(target)


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    return compile_plugin(tmp_path_factory.mktemp("plugin") / "probe.so")


def entry(probe, name, **more):
    return {"name": name, "path": probe, **more}


# API name -> hooks
HOOKS = {
    "order": {"pre": ["First", "Second"]},
    "mixed": {"post": ["Second"], "pre": ["First"]},
    "facts": {"pre": ["Facts"]},
    "rewrite": {"pre": ["Rewrite"]},
    "remove": {"pre": ["RemoveHeader"]},
    "forge": {"pre": ["Forge"]},
    "answer": {"pre": ["Answer"], "response": ["ResponseHeader"]},
    "answerpost": {"post": ["Answer"]},
    "fail": {"pre": ["Fail"]},
    "body": {"pre": ["BodyUpper"]},
    "response": {"response": ["ResponseHeader"]},
    "responsebody": {"response": ["BodyUpper"]},
    "responseanswer": {"response": ["Answer"]},
    "responsefail": {"response": ["Fail"]},
    "later": {"pre": ["LaterHeader"]},
    "lateranswer": {"pre": ["LaterAnswer"]},
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream, probe):
    running = Gateway(tmp_path_factory.mktemp("gateway"), {"enable_analytics": True})
    for name, hooks in HOOKS.items():
        middleware = {"driver": "native", **{place: [entry(probe, n) for n in names] for place, names in hooks.items()}}
        running.write(classic(name, upstream.url, custom_middleware=middleware, config_data={"colour": "blue"}))
    for name, more in {"toolate": {"timeout_ms": 200}, "toolateskip": {"timeout_ms": 200, "on_error": "skip"}}.items():
        running.write(classic(name, upstream.url, custom_middleware={
            "driver": "native", "pre": [entry(probe, "TooLate", **more)]}))
    running.write(
        classic("failskip", upstream.url, custom_middleware={
            "driver": "native", "pre": [entry(probe, "Fail", on_error="skip"), entry(probe, "First")]}),
        classic("auth", upstream.url, use_keyless=False, custom_plugin_auth_enabled=True, custom_middleware={
            "driver": "native", "auth_check": entry(probe, "Authenticate"), "post_key_auth": [entry(probe, "Who")]}),
        classic("viagoplugin", upstream.url, custom_middleware={"driver": "goplugin", "pre": [entry(probe, "First")]}),
        classic("analytics", upstream.url, analytics_plugin={"enable": True, "plugin_path": probe, "func_name": "Record"}),
        classic("disabled", upstream.url, custom_middleware={
            "driver": "native", "pre": [entry(probe, "First", disabled=True), entry(probe, "Second")]}))
    document = oas("oasplugin", upstream.url)
    document["x-tyk-api-gateway"]["middleware"] = {"global": {
        "pluginConfig": {"driver": "native"},
        "prePlugins": [{"enabled": True, "functionName": "First", "path": probe},
                       {"enabled": False, "functionName": "Second", "path": probe}]}}
    running.write(document).start()
    yield running
    running.stop()


def test_plugins_of_one_hook_run_in_order(gateway, upstream):
    assert gateway.get("/order/").status == 200
    assert upstream.requests[0].all("X-Order") == ["first", "second"]


def test_pre_runs_before_post(gateway, upstream):
    assert gateway.get("/mixed/").status == 200
    assert upstream.requests[0].all("X-Order") == ["first", "second"]


def test_a_disabled_entry_does_not_run(gateway, upstream):
    assert gateway.get("/disabled/").status == 200
    assert upstream.requests[0].all("X-Order") == ["second"]


def test_an_oas_definition_names_plugins_too(gateway, upstream):
    assert gateway.get("/oasplugin/").status == 200
    assert upstream.requests[0].all("X-Order") == ["first"]


def test_a_native_plugin_runs_under_the_driver_goplugin(gateway, upstream):
    assert gateway.get("/viagoplugin/").status == 200
    assert upstream.requests[0].all("X-Order") == ["first"]


def test_a_plugin_sees_the_request_and_the_definition(gateway, upstream):
    with gateway.client() as client:
        assert client.send("GET /facts/a%20b?q=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n").response().status == 200
    seen = dict((n, v) for n, v in upstream.requests[0].headers)
    assert seen["X-Method"] == "GET"
    assert seen["X-Url"] == "/facts/a%20b?q=1"
    assert seen["X-Path"] == "/facts/a b"
    assert seen["X-Query"] == "q=1"
    assert seen["X-Host"] == "shop.example"
    assert seen["X-Scheme"] == "http"
    assert seen["X-Client"] == "127.0.0.1"
    assert (seen["X-Api"], seen["X-Api-Name"], seen["X-Org"], seen["X-Hook"]) == ("facts", "facts", "default", "Facts")
    assert json.loads(seen["X-Config"]) == {"colour": "blue"}


def test_a_plugin_changes_the_method(gateway, upstream):
    assert gateway.get("/rewrite/").status == 200
    assert upstream.requests[0].method == "PUT"


def test_a_plugin_removes_a_header(gateway, upstream):
    assert gateway.get("/remove/", "X-Secret: 1", "X-Kept: 2").status == 200
    assert upstream.requests[0].header("X-Secret") is None
    assert upstream.requests[0].header("X-Kept") == "2"


def test_a_plugin_cannot_forge_framing_or_break_a_line(gateway, upstream):
    assert gateway.get("/forge/").status == 200
    request = upstream.requests[0]
    assert request.target == "/"
    assert not [n for n, _ in request.headers if n.lower() in ("x-a", "x-b", "content-length", "transfer-encoding")]


@pytest.mark.parametrize("api", ["answer", "answerpost"])
def test_an_early_answer_reaches_the_client_and_not_the_upstream(gateway, upstream, api):
    with gateway.client() as client:
        reply = client.get(f"/{api}/")
        assert (reply.status, reply.body, reply.header("X-From")) == (418, b"from the plugin", "plugin")
        assert reply.header("X-Status-Was") is None, "no response hook runs for an early answer"
        assert client.get(f"/{api}/").status == 418, "the connection stays"
    assert upstream.received == b""


@pytest.mark.parametrize("size", [10, 100000])
def test_an_early_answer_to_an_upload_does_not_confuse_the_connection(gateway, upstream, size):
    inner = b"GET /order/ HTTP/1.1\r\nHost: h\r\n\r\n".ljust(size, b"x")
    with gateway.client() as client:
        reply = client.request("POST", "/answer/", body=inner).response()
        assert reply.status == 418
        if reply.header("Connection", "").lower() == "close":  # not reading the body is a choice, when it is told
            client.expect_closed()
        else:
            assert client.get("/answer/").status == 418
    assert upstream.received == b""


def test_a_failing_plugin_ends_the_request_with_500(gateway, upstream):
    assert gateway.get("/fail/").status == 500
    assert upstream.received == b""


def test_a_failing_plugin_is_skipped_when_the_definition_says_so(gateway, upstream):
    assert gateway.get("/failskip/").status == 200
    assert upstream.requests[0].all("X-Order") == ["first"]


def test_a_plugin_replaces_the_body_of_the_request(gateway, upstream):
    with gateway.client() as client:
        assert client.request("POST", "/body/", body=b"hello").response().status == 200
        client.send("POST /body/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        assert client.response().status == 200
    assert [r.body for r in upstream.requests] == [b"HELLO!", b"ABC!"]


def test_the_response_hook_changes_status_and_headers(gateway, upstream):
    upstream.on("/page", lambda c, r: c.send(answer(b"page", "200 OK", "Server: secret/1.0")))
    reply = gateway.get("/response/page")
    assert (reply.status, reply.body) == (203, b"page")
    assert reply.header("X-Status-Was") == "200"
    assert reply.header("Server") is None


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_the_response_hook_replaces_the_body(gateway, upstream, framing):
    def script(connection, _):
        if framing == "length":
            connection.send(answer(b"page"))
        elif framing == "chunked":
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n")
        else:
            connection.send(b"HTTP/1.1 200 OK\r\n\r\npage")
            return False

    upstream.on("/page", script)
    with gateway.client() as client:
        assert client.get("/responsebody/page").body == b"PAGE!"
        assert client.get("/responsebody/other").body == b"OK!"


def test_an_answers_fields_outlive_a_body_that_comes_later(gateway, upstream):
    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nX-First: one\r\nContent-Type: text/plain\r\nContent-Length: 300\r\n\r\n")
        connection.trickle(b"z" * 300, 0.001)

    upstream.on("/late", script)
    with gateway.client() as client:
        reply = client.get("/responsebody/late")
        assert reply.body == b"Z" * 300 + b"!"
        assert (reply.header("X-First"), reply.header("Content-Type")) == ("one", "text/plain")


def test_a_stream_of_events_is_not_held_back_for_a_response_hook(gateway, upstream):
    go = threading.Event()

    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n")
        go.wait(10)
        connection.send(b"data: two\n\n")
        connection.close()

    upstream.on("/events", script)
    with gateway.client() as client:
        client.request("GET", "/responsebody/events")
        client.socket.settimeout(10)
        seen = b""
        while b"data: one" not in seen:
            seen += client.socket.recv(4096)
        assert b"data: two" not in seen
        go.set()
        while b"data: two" not in seen:
            seen += client.socket.recv(4096)


def test_the_response_hook_may_answer_in_place_of_the_upstream(gateway, upstream):
    upstream.on("/page", lambda c, r: c.send(answer(b"page" * 10000)))
    with gateway.client() as client:
        reply = client.get("/responseanswer/page")
        assert (reply.status, reply.body) == (418, b"from the plugin")
        assert client.get("/responseanswer/next").status == 418


def test_a_failing_response_hook_hides_the_upstreams_answer(gateway, upstream):
    upstream.on("/page", lambda c, r: c.send(answer(b"private")))
    reply = gateway.get("/responsefail/page")
    assert reply.status == 500
    assert b"private" not in reply.body


def test_a_plugin_may_finish_later_from_another_thread(gateway, upstream):
    with gateway.client() as client:
        for _ in range(3):
            assert client.get("/later/").status == 200
    assert [r.header("X-Later") for r in upstream.requests] == ["yes"] * 3


def test_a_plugin_may_answer_later(gateway, upstream):
    reply = gateway.get("/lateranswer/")
    assert (reply.status, reply.body) == (202, b"later")
    assert upstream.received == b""


def test_many_plugins_wait_at_once_without_blocking_the_worker(gateway):
    clients = [gateway.client() for _ in range(40)]
    started = time.monotonic()
    for client in clients:
        client.request("GET", "/later/")
    assert {client.response().status for client in clients} == {200}
    assert time.monotonic() - started < 1.5 * SLOW, "forty waits of 50 ms each, at the same time"
    for client in clients:
        client.close()


def test_a_plugin_that_overruns_its_time_fails_the_request(gateway, upstream):
    started = time.monotonic()
    assert gateway.get("/toolate/").status >= 500
    assert time.monotonic() - started < 2 * SLOW
    assert upstream.received == b""


def test_a_plugin_that_overruns_its_time_is_skipped_when_the_definition_says_so(gateway, upstream):
    assert gateway.get("/toolateskip/").status == 200
    assert upstream.requests[0].header("X-Later") is None


def test_a_client_that_leaves_while_a_plugin_waits_harms_nobody(gateway):
    for _ in range(10):
        client = gateway.client()
        client.request("GET", "/later/")
        client.reset()
    assert gateway.get("/later/").status == 200


def test_an_auth_plugin_lets_in_or_refuses(gateway, upstream):
    assert gateway.get("/auth/", "Authorization: wrong").status == 403
    assert gateway.get("/auth/").status == 403
    assert upstream.received == b""
    assert gateway.get("/auth/", "Authorization: open").status == 200
    assert upstream.requests[0].header("X-Key") == "open", "the post-auth hook sees whom the auth hook let in"


def test_the_analytics_hook_sees_what_happened(gateway, upstream):
    assert gateway.get("/analytics/x").status == 200
    eventually(lambda: "probe-record-200" in gateway.log(), "the analytics hook ran")


def test_a_reload_keeps_plugins_working(gateway, upstream):
    gateway.reload()
    assert gateway.get("/order/").status == 200
    assert gateway.get("/later/").status == 200


# --- plugins that cannot be loaded: an error of that API alone

@pytest.mark.parametrize("kind", ["another ABI", "no such function", "wrong place", "no handshake", "not a file"])
def test_a_plugin_that_cannot_be_loaded_is_an_error_of_its_api_alone(new_gateway, upstream, probe, tmp_path, kind):
    path, name, hook = probe, "First", "pre"
    if kind == "another ABI":
        path = compile_plugin(tmp_path / "abi.so", "-DPROBE_ABI=4711")
    elif kind == "no such function":
        name = "Missing"
    elif kind == "wrong place":
        hook = "response"
    elif kind == "no handshake":
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(tmp_path / "empty.so")],
                       input=b"int nothing;", check=True)
        path = str(tmp_path / "empty.so")
    else:
        path = str(tmp_path)
    gateway = new_gateway().write(
        classic("good", upstream.url, custom_middleware={"driver": "native", "pre": [entry(probe, "First")]}),
        classic("bad", upstream.url, custom_middleware={"driver": "native", hook: [entry(path, name)]}))
    gateway.start()
    assert gateway.get("/good/").status == 200
    assert upstream.requests[0].all("X-Order") == ["first"]
    assert gateway.get("/bad/").status == 500
    assert hook == "response" or len(upstream.requests) == 1, "nothing gets past a plugin that is not there"
    assert "bad.json" in json.dumps(gateway.hello())
    gateway.wait_for_log("bad.json")


def test_a_plugin_that_breaks_at_a_reload_keeps_the_last_good_version(new_gateway, upstream, probe):
    gateway = new_gateway().write(classic("api", upstream.url, custom_middleware={
        "driver": "native", "pre": [entry(probe, "First")]})).start()
    gateway.write(classic("api", upstream.url, custom_middleware={"driver": "native", "pre": [entry("/gone.so", "First")]}))
    gateway.reload()
    assert gateway.get("/api/").status == 200
    assert upstream.requests[0].all("X-Order") == ["first"]
    assert "api.json" in json.dumps(gateway.hello())


def test_the_getting_started_plugin_adds_its_header(new_gateway, upstream):
    gateway = new_gateway()
    gateway.write(classic("httpbin", upstream.url, custom_middleware={
        "driver": "native", "pre": [{"name": "AddFooBar", "path": gateway.plugin("add_foo_bar")}]})).start()
    assert gateway.get("/httpbin/get").status == 200
    assert upstream.requests[0].header("Foo") == "Bar"
