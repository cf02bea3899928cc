"""Lua plugins at every hook, through the real gateway: the examples, the budgets, reload, and waiting calls."""
import json
import os
import re
import threading
import time

import pytest

from support.gateway import ROOT, Gateway, classic, oas
from support.upstream import answer
from support.wait import SLOW, eventually

EXAMPLES = ROOT / "plugins/lua"
TSAN = os.environ.get("TYKPP_PRESET") == "tsan"  # delivers no signal to a loop outside its sight

BAD = """
local kept = {}
function Bad(request, session)
  local way = request.url:match("/(%a+)$")
  if way == "loop" then while true do end
  elseif way == "catching" then while true do pcall(function() while true do end end) end
  elseif way == "memory" then local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end
  elseif way == "long" then return ("x"):rep(1e9)
  elseif way == "deep" then local function f(n) return 1 + f(n) end f(1)
  elseif way == "callbacks" then local function f() return (("x"):gsub("x", f)) end f()
  elseif way == "pattern" then string.find(("a"):rep(100000), ("a*"):rep(20) .. "b")
  elseif way == "object" then error({code = 7})
  elseif way == "nothing" then return
  elseif way == "types" then request.set_headers = {A = {}}
  elseif way == "kept" then
    if kept[1] then local h = kept[1].headers end
    kept[1] = request
  end
  return request, session
end
"""

WAITS = """
function Ask(request)
  number = request.url:match("(%d+)$")
  local answer = assert(tykpp.http.fetch{url = tykpp.config.ask .. "/ask/" .. number})
  assert(request.url:match("(%d+)$") == number)
  tyk.req.set_header("X-Number", number)
  tyk.req.set_header("X-Answer", answer.body)
  return request
end
"""

CHANGES = """
function Both(request)
  local cjson = require "cjson"
  request.set_headers = {["X-Json"] = cjson.encode({method = request.method})}
  request.add_params = {added = "1"}
  request.body = (request.body or ""):upper()
  return request
end
function Answer() tykpp.exit(202, "made by lua", {["X-Made"] = "yes", ["Set-Cookie"] = {"a=1", "b=2"}}) end
function Counter()
  count = (count or 0) + 1
  tykpp.req.set_header("X-Count", count)
end
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    running = Gateway(tmp_path_factory.mktemp("lua"), {
        "coprocess_options": {"enable_coprocess": True}, "plugin_memory_limit": 16 << 20})
    middleware = running.work / "middleware"
    for name, text in {"bad": BAD, "waits": WAITS, "changes": CHANGES}.items():
        (middleware / f"{name}.lua").write_text(text)

    def hook(file, name, **more):
        return {"name": name, "path": str(file), **more}

    def add(api, hooks, **more):
        running.write(classic(api, upstream.url, custom_middleware={"driver": "lua", **hooks}, **more))

    add("pre", {"pre": [hook(EXAMPLES / "add_foo_bar.lua", "AddFooBar")]})
    add("relative", {"pre": [{"name": "Both", "path": "middleware/changes.lua"}]})
    add("keyed", {"auth_check": hook(EXAMPLES / "api_keys.lua", "CheckKey"),
                  "post_key_auth": [hook(EXAMPLES / "plan_header.lua", "PlanHeader")]},
        use_keyless=False, custom_plugin_auth_enabled=True,
        config_data={"keys": {"good": {"alias": "joe", "plan": "gold"}}})
    add("ask", {"post": [hook(EXAMPLES / "ask_elsewhere.lua", "AskElsewhere")]}, config_data={"ask": upstream.url + "may"})
    add("stamp", {"response": [hook(EXAMPLES / "stamp_response.lua", "StampResponse")]})
    add("answer", {"pre": [hook(middleware / "changes.lua", "Answer")]})
    add("counter", {"pre": [hook(middleware / "changes.lua", "Counter")]})
    add("bad", {"pre": [hook(middleware / "bad.lua", "Bad", timeout_ms=300)]})
    add("badskip", {"pre": [hook(middleware / "bad.lua", "Bad", timeout_ms=300, on_error="skip")]})
    add("badauth", {"auth_check": hook(middleware / "bad.lua", "Bad", timeout_ms=300)},
        use_keyless=False, custom_plugin_auth_enabled=True)
    add("waits", {"pre": [hook(middleware / "waits.lua", "Ask", timeout_ms=20000)]}, config_data={"ask": upstream.url.rstrip("/")})
    document = oas("oaslua", upstream.url)
    document["x-tyk-api-gateway"]["middleware"] = {"global": {
        "pluginConfig": {"driver": "lua"},
        "prePlugins": [{"enabled": True, "functionName": "AddFooBar", "path": str(EXAMPLES / "add_foo_bar.lua")}]}}
    running.write(document).start()
    yield running
    running.stop()


def test_pre_example(gateway, upstream):
    assert gateway.get("/pre/", "User-Agent: e2e").status == 200
    assert upstream.requests[0].header("Foo") == "Bar"
    assert upstream.requests[0].header("X-Seen-Agent") == "e2e"


def test_an_oas_definition_names_lua_hooks(gateway, upstream):
    assert gateway.get("/oaslua/").status == 200
    assert upstream.requests[0].header("Foo") == "Bar"


def test_auth_and_post_auth_examples(gateway, upstream):
    assert gateway.get("/keyed/", "Authorization: good").status == 200
    assert upstream.requests[0].header("X-Plan") == "gold"
    assert upstream.requests[0].header("Authorization") is None
    refused = gateway.get("/keyed/", "Authorization: bad")
    assert refused.status == 401 and json.loads(refused.body) == {"error": "This key is not known"}
    assert gateway.get("/keyed/").status == 401


def test_post_example_asks_a_service(gateway, upstream):
    upstream.on("/may/ask/yes", lambda c, r: c.send(answer(b"the service")))
    upstream.on("/may/ask/no", lambda c, r: c.send(answer(b"", "404 Not Found")))
    assert gateway.get("/ask/yes").status == 200
    assert upstream.requests[-1].header("X-Allowed-By") == "the service"
    assert gateway.get("/ask/no").status == 403


def test_response_example(gateway, upstream):
    upstream.on("/", lambda c, r: c.send(answer(b'{"a":1}', "200 OK", "Server: up", "Content-Type: application/json")))
    got = gateway.get("/stamp/")
    assert json.loads(got.body) == {"a": 1, "handled_by": "stamp"}
    assert got.header("X-Handled-By") == "stamp" and got.header("Server") is None
    assert got.header("Content-Type") == "application/json"


def test_a_relative_path_and_all_kinds_of_changes(gateway, upstream):
    with gateway.client() as client:
        client.send("POST /relative/x?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        assert client.response().status == 200
    seen = upstream.requests[0]
    assert json.loads(seen.header("X-Json")) == {"method": "POST"}
    assert seen.body == b"HELLO"
    assert seen.target == "/x?added=1&q=1"


def test_an_answer_of_the_plugin(gateway, upstream):
    got = gateway.get("/answer/")
    assert (got.status, got.body, got.header("X-Made")) == (202, b"made by lua", "yes")
    assert got.all("Set-Cookie") == ["a=1", "b=2"]
    assert not upstream.requests


def test_globals_do_not_survive_a_request(gateway, upstream):
    for _ in range(6):
        assert gateway.get("/counter/").status == 200
    assert [r.header("X-Count") for r in upstream.requests] == ["1"] * 6


@pytest.mark.parametrize("way", ["loop", "catching", "memory", "long", "deep", "callbacks", "pattern", "object",
                                 "nothing", "types"])
def test_misbehaviour_ends_in_the_documented_answer(gateway, upstream, way):
    if TSAN and way in ("loop", "catching"):
        pytest.skip("ThreadSanitizer delivers no signal there")
    got = gateway.get(f"/bad/{way}")
    assert got.status == 500 and json.loads(got.body) == {"error": "Middleware error"}
    assert gateway.get(f"/badskip/{way}").status == 200
    refused = gateway.get(f"/badauth/{way}")
    assert refused.status == 403 and json.loads(refused.body) == {"error": "Key not authorised"}
    for _ in range(4):
        assert gateway.get("/bad/fine").status == 200
        assert gateway.get("/pre/").status == 200


def test_a_request_kept_past_its_hook_fails_alone(gateway):
    statuses = [gateway.get("/bad/kept").status for _ in range(8)]
    assert set(statuses) == {200, 500} and gateway.get("/bad/fine").status == 200


def test_an_endless_loop_holds_up_its_worker_for_its_budget_only(gateway, upstream):
    if TSAN:
        pytest.skip("ThreadSanitizer delivers no signal there")
    start = time.monotonic()
    assert gateway.get("/bad/loop").status == 500
    assert time.monotonic() - start < 2 * SLOW


def test_many_calls_wait_at_once(gateway, upstream):
    """200 calls of 50 ms each, at most two workers: they wait side by side."""
    def slow(connection, request):
        time.sleep(0.05)
        connection.send(answer(("a" + request.path.rsplit("/", 1)[1]).encode()))

    for i in range(200):
        upstream.on(f"/ask/{i}", slow)
    results = {}

    def one(i):
        results[i] = gateway.get(f"/waits/{i}").status

    threads = [threading.Thread(target=one, args=(i,)) for i in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results.values()) == {200}
    passed = [r for r in upstream.requests if r.header("X-Number")]
    assert len(passed) == 200
    for request in passed:
        assert request.header("X-Answer") == "a" + request.header("X-Number")
        assert request.path.endswith(request.header("X-Number"))


def test_a_changed_file_is_loaded_at_reload_and_a_broken_one_is_not(new_gateway, upstream):
    gateway = new_gateway({"coprocess_options": {"enable_coprocess": True}, "enable_file_watch": False})
    path = gateway.work / "middleware/v.lua"
    source = 'function V() tykpp.req.set_header("X-Version", require("number")) end'
    path.write_text(source)
    (gateway.work / "middleware/number.lua").write_text("return 'one'")
    gateway.write(classic("v", upstream.url, custom_middleware={"driver": "lua", "pre": [{"name": "V", "path": str(path)}]}))
    gateway.start()
    assert gateway.get("/v/").status == 200
    (gateway.work / "middleware/number.lua").write_text("return 'second'")
    gateway.reload()
    assert gateway.get("/v/").status == 200
    path.write_text("function V( broken")
    gateway.reload()
    assert gateway.get("/v/").status == 200  # the last good version
    assert [r.header("X-Version") for r in upstream.requests] == ["one", "second", "second"]
    assert re.search(r"v\.lua:1:", gateway.log())


@pytest.mark.parametrize("source, why", [
    ("function Hook( end", r"does not compile"), ("function Other() end", r"no global function"),
    ("error('at start')", r"at start"), (None, r"cannot be read")])
def test_a_plugin_that_does_not_load_fails_closed(new_gateway, upstream, source, why):
    gateway = new_gateway({"coprocess_options": {"enable_coprocess": True}})
    path = gateway.work / "middleware/hook.lua"
    if source is not None:
        path.write_text(source)
    hook = {"name": "Hook", "path": str(path)}
    gateway.write(
        classic("broken", upstream.url, custom_middleware={"driver": "lua", "pre": [hook]}),
        classic("brokenauth", upstream.url, use_keyless=False, custom_plugin_auth_enabled=True,
                custom_middleware={"driver": "lua", "auth_check": hook}),
        classic("well", upstream.url)).start()
    assert gateway.get("/well/").status == 200
    got = gateway.get("/broken/")
    assert got.status == 500 and json.loads(got.body) == {"error": "Middleware error"}
    assert gateway.get("/brokenauth/").status == 403
    assert re.search(why, gateway.log())
    assert not [r for r in upstream.requests if not r.path == "/"]


def test_plugins_log_with_their_api(gateway, upstream):
    (gateway.work / "middleware/log.lua").write_text("function L() print('hello', 'log') tykpp.log('warn', 'careful') end")
    gateway.write(classic("log", upstream.url, custom_middleware={
        "driver": "lua", "pre": [{"name": "L", "path": str(gateway.work / "middleware/log.lua")}]}))
    gateway.reload()
    assert gateway.get("/log/").status == 200
    eventually(lambda: "careful" in gateway.log() and "hello" in gateway.log(), "the lines are in the log")
