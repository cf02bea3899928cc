"""JavaScript plugins at every hook, with the examples of plugins/javascript and scripts that misbehave."""
import base64
import concurrent.futures
import json
import shutil
import time

import pytest

from support.gateway import ROOT, classic, oas
from support.upstream import answer
from support.wait import SLOW, eventually

EXAMPLES = ROOT / "plugins/javascript"
CONF = {"enable_jsvm": True, "jsvm_timeout": 1, "workers": 1}


def script(body: str, name: str = "plugin") -> str:
    return (f"var {name} = new TykJS.TykMiddleware.NewMiddleware({{}});\n"
            f"{name}.NewProcessRequest(function (request, session, config) {{ {body}\n"
            f"  return {name}.ReturnData(request, {{}}); }});\n")


def hooks(**entries) -> dict:
    return {"driver": "otto", **{place: [{"name": n, "path": p, **more} for n, p, more in given]
                                 for place, given in entries.items()}}


SCRIPTS = {
    "loop": "if (request.Params.spin) { while (true) {} } request.SetHeaders['X-Done'] = '1';",
    "bomb": "if (request.Params.spin) { var all = []; for (;;) all.push({}); } request.SetHeaders['X-Done'] = '1';",
    "deep": "function f() { return [1].map(f); } if (request.Params.spin) { f(); } request.SetHeaders['X-Done'] = '1';",
    "huge": "if (request.Params.spin) { request.Body = new Array(2000000).join('x'); } request.SetHeaders['X-Done'] = '1';",
    "leak": "leaked = typeof leaked === 'undefined' ? 1 : leaked + 1; request.SetHeaders['X-Count'] = String(leaked);",
    "skip": "throw new Error('on purpose');",
    "slow": "var a = TykMakeHttpRequest(JSON.stringify({Method: 'GET', Domain: config.config_data.service, Resource: '/slow'}));"
            "request.SetHeaders['X-Code'] = String(a && JSON.parse(a).Code);",
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from support.gateway import Gateway
    running = Gateway(tmp_path_factory.mktemp("gateway"), {**CONF, "plugin_memory_limit": 8 << 20,
                                                           "max_buffered_body_size": 1 << 20})
    middleware = running.work / "middleware"
    for example in EXAMPLES.glob("*.js"):
        shutil.copy(example, middleware)
    for name, body in SCRIPTS.items():
        (middleware / f"{name}.js").write_text(script(body))
        more = {"on_error": "skip"} if name == "skip" else {"timeout_ms": 5000} if name == "slow" else {}
        running.write(classic(name, upstream.url, config_data={"service": upstream.url.rstrip("/")},
                              custom_middleware=hooks(pre=[("plugin", f"middleware/{name}.js", more)])))
    running.write(
        classic("pre", upstream.url, custom_middleware=hooks(pre=[("addHeaders", "middleware/add_headers.js", {})])),
        classic("post", upstream.url, custom_middleware=hooks(post=[("editJson", "middleware/edit_json.js", {})])),
        classic("answers", upstream.url,
                custom_middleware=hooks(response=[("stampResponse", "middleware/stamp_response.js", {})])),
        classic("ask", upstream.url, config_data={"service": upstream.url.rstrip("/")},
                custom_middleware=hooks(pre=[("askElsewhere", "middleware/ask_elsewhere.js", {})])),
        classic("auth", upstream.url, use_keyless=False, custom_plugin_auth_enabled=True,
                config_data={"keys": {"s3cret": "bob"}},
                custom_middleware={
                    "driver": "otto", "auth_check": {"name": "apiKeys", "path": "middleware/api_keys.js"},
                    "post_key_auth": [{"name": "whoIsIt", "path": "middleware/who_is_it.js", "require_session": True}]}),
        classic("virtual", upstream.url, config_data={"k": "v"}, version_data={
            "not_versioned": True, "versions": {"Default": {"name": "Default", "use_extended_paths": True, "extended_paths": {
                "virtual": [virtual("/status", "statusPage"), virtual("/fails", "fails", "throw 1;"),
                            virtual("/falls", "falls", "throw 1;", proxy_on_error=True)]}}}}))
    document = oas("oasvirtual", upstream.url)
    document["paths"] = {"/status/{who}": {"get": {"operationId": "one", "responses": {"200": {"description": "ok"}}}}}
    document["x-tyk-api-gateway"]["middleware"] = {"operations": {"one": {"virtualEndpoint": {
        "enabled": True, "functionName": "statusPage", "path": "middleware/status_page.js"}}}}
    running.write(document).start()
    yield running
    running.stop()


def virtual(path: str, function: str, body: str = None, **more) -> dict:
    source = {"function_source_type": "file", "function_source_uri": "middleware/status_page.js"}
    if body is not None:
        text = f"function {function}(request, session, config) {{ {body} }}"
        source = {"function_source_type": "blob", "function_source_uri": base64.b64encode(text.encode()).decode()}
    return {"path": path, "method": "GET", "response_function_name": function, **source, **more}


def test_a_pre_hook_changes_headers_and_parameters(gateway, upstream):
    reply = gateway.get("/pre/get?x=1", "User-Agent: tester", "X-Debug: 1")
    seen = upstream.wait()[0]
    assert reply.status == 200
    assert seen.target == "/get?via=gateway&x=1"
    assert seen.header("X-Seen-Agent") == "tester" and seen.header("X-Api") == "pre"
    assert seen.header("X-Debug") is None


def test_a_post_hook_edits_json_and_leaves_bytes_alone(gateway, upstream):
    raw = bytes(range(256))
    with gateway.client() as client:
        client.request("POST", "/post/x", ["Content-Type: application/json"], b'{"b": 1, "a": 2}')
        assert client.response("POST").status == 200
        client.request("POST", "/post/x", ["Content-Type: application/octet-stream"], raw)
        assert client.response("POST").status == 200
        client.request("POST", "/post/x", ["Content-Type: application/json"], b"{")
        refused = client.response("POST")
    first, second = upstream.wait(2)
    assert json.loads(first.body) == {"b": 1, "a": 2, "received_by": "post"}
    assert second.body == raw
    assert refused.status == 400 and json.loads(refused.body) == {"error": "the body is not JSON"}


def test_a_response_hook_sees_and_edits_the_answer(gateway, upstream):
    upstream.on("/none", lambda c, r: c.send(answer(b"gone", "404 Not Found", "Server: up")))
    reply = gateway.get("/answers/none")
    assert reply.status == 404
    assert reply.header("X-Stamped") == "404 GET" and reply.header("Server") is None
    assert json.loads(reply.body)["error"] == "there is nothing at /answers/none"
    upstream.on("/bytes", lambda c, r: c.send(answer(b"\xff\x00\xfe")))
    assert gateway.get("/answers/bytes").body == b"\xff\x00\xfe"


def test_an_auth_hook_refuses_and_makes_sessions(gateway, upstream):
    refused = gateway.get("/auth/get", "Authorization: nope")
    assert refused.status == 401 and json.loads(refused.body) == {"error": "this key is not known"}
    assert gateway.get("/auth/get", "Authorization: s3cret").status == 200
    assert upstream.wait()[0].header("X-Owner") == "bob"


def test_virtual_endpoints_answer_in_place_of_the_upstream(gateway, upstream):
    reply = gateway.get("/virtual/status?name=ann")
    assert reply.status == 200 and reply.header("Content-Type") == "application/json"
    assert json.loads(reply.body) == {"hello": "ann", "api": "virtual", "data": {"k": "v"}}
    fails = gateway.get("/virtual/fails")
    assert fails.status == 500 and b"Error during virtual endpoint execution" in fails.body
    assert gateway.get("/virtual/falls").status == 200
    assert gateway.get("/virtual/other").status == 200
    assert [r.target for r in upstream.wait(2)] == ["/falls", "/other"]
    assert json.loads(gateway.get("/oasvirtual/status/any?name=bo").body)["hello"] == "bo"
    shown = {p["name"]: p for p in json.loads(gateway.admin("/tyk/plugins/virtual")[1])}
    assert {p["hook"] for p in shown.values()} == {"virtual"}
    assert shown["statusPage"]["calls"] >= 1 and shown["statusPage"]["answers"] == shown["statusPage"]["calls"]
    assert shown["fails"]["errors"] >= 1 and shown["fails"]["on_error"] == "fail"
    assert shown["falls"]["skipped"] >= 1 and shown["falls"]["on_error"] == "skip"


def test_a_hook_waits_for_another_service(gateway, upstream):
    upstream.on("/allowed", lambda c, r: c.send(answer(b"yes", "200 OK", "Server: judge")))
    assert gateway.get("/ask/get").status == 200
    assert upstream.wait(2)[1].header("X-Decided-By") == "judge"
    upstream.on("/allowed", lambda c, r: c.send(answer(b"no", "403 Forbidden")))
    assert gateway.get("/ask/get").status == 403


def test_waiting_hooks_do_not_hold_the_worker(gateway, upstream):
    upstream.on("/slow", lambda c, r: (time.sleep(0.3), c.send(answer(b"late"))))

    def one(_):
        return gateway.get("/slow/get").status

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        start = time.monotonic()
        slow = [pool.submit(one, i) for i in range(20)]
        assert gateway.get("/pre/get").status == 200
        quick = time.monotonic() - start
        assert [f.result() for f in slow] == [200] * 20
    assert quick < 0.3 * SLOW
    assert time.monotonic() - start < 3 * SLOW


@pytest.mark.parametrize("name", ["loop", "bomb", "deep", "huge"])
def test_a_script_that_misbehaves_costs_its_own_request_alone(gateway, name):
    for _ in range(2):
        reply = gateway.get(f"/{name}/get?spin=1")
        assert reply.status == 500 and json.loads(reply.body) == {"error": "Internal Server Error"}
        assert gateway.get(f"/{name}/get").status == 200


def test_nothing_leaks_between_requests(gateway, upstream):
    for _ in range(3):
        assert gateway.get("/leak/get").status == 200
    assert [r.header("X-Count") for r in upstream.wait(3)] == ["1", "1", "1"]


def test_a_hook_may_be_skipped_when_it_fails(gateway):
    assert gateway.get("/skip/get").status == 200
    gateway.wait_for_log("on purpose")


def test_a_reload_reads_the_file_again_and_keeps_what_works(new_gateway, upstream):
    gateway = new_gateway(CONF)
    source = gateway.work / "middleware/plugin.js"
    source.write_text(script("request.SetHeaders['X-Version'] = '1';"))
    gateway.write(classic("api", upstream.url, custom_middleware=hooks(pre=[("plugin", "middleware/plugin.js", {})])))
    gateway.start()
    assert gateway.get("/api/get").status == 200
    source.write_text(script("request.SetHeaders['X-Version'] = '2!';"))
    gateway.reload()
    assert gateway.get("/api/get").status == 200
    source.write_text("var x = ;")
    gateway.reload()
    assert gateway.get("/api/get").status == 200
    assert [r.header("X-Version") for r in upstream.wait(3)] == ["1", "2!", "2!"]
    eventually(lambda: "Failed to load JS middleware" in gateway.log(), "the log names the broken file")


def test_newer_javascript_is_refused_with_a_reason(new_gateway, upstream):
    gateway = new_gateway(CONF)
    (gateway.work / "middleware/new.js").write_text("const f = () => 1;")
    gateway.write(classic("api", upstream.url, custom_middleware={
        "driver": "javascript", "pre": [{"name": "f", "path": "middleware/new.js"}]}))
    gateway.start()
    assert gateway.get("/api/get").status == 500
    gateway.wait_for_log("ES2015")


def test_without_the_switch_hooks_refuse(new_gateway, upstream):
    gateway = new_gateway({"enable_jsvm": False})
    (gateway.work / "middleware/plugin.js").write_text(script(""))
    gateway.write(classic("api", upstream.url, custom_middleware=hooks(pre=[("plugin", "middleware/plugin.js", {})])))
    gateway.start()
    reply = gateway.get("/api/get")
    assert reply.status == 500 and json.loads(reply.body) == {"error": "Middleware error"}
