"""Events: from plugins, expired keys and expired APIs to log lines, web hooks and handlers that are code."""
import json
import os
import subprocess
import threading

import pytest

from support.gateway import BINARY, Gateway, classic, oas
from support.upstream import Upstream, answer
from support.wait import eventually

TSAN = os.environ.get("TYKPP_PRESET") == "tsan"  # the interpreter is built without ThreadSanitizer
CONF = {"coprocess_options": {"enable_coprocess": True}, "enable_jsvm": True}

PYTHON = """
import json
from tyk.decorators import *
from gateway import TykGateway as tyk

@Hook
def Check(request, session, metadata, spec):
    key = request.get_header("Authorization")
    if key == "refused":
        request.object.return_overrides.response_code = 401
        request.object.return_overrides.response_error = "no"
    elif key == "expired":
        session.expires = 1
        metadata["token"] = "expired-key"
    elif key:
        metadata["token"] = key
    return request, session, metadata

@Hook
def Tell(request, session, spec):
    tyk.trigger_event("Deployed", "version 2")
    return request, session

@Event
def onFailure(event, spec):
    tyk.log("python saw %s %s %s %s %s" % (event.handler_name, event.message["Type"], event.message["Meta"]["Path"],
                                           spec["APIID"], spec["OrgID"]), "info")

@Event
def onBroken(event, spec):
    raise ValueError("broken on purpose")
"""

LUA = """
function Refuse(request, session, spec)
  request.return_overrides.response_code = 403
  request.return_overrides.response_error = "refused"
  return request, session
end
function onFailure(event, spec)
  counted = (counted or 0) + 1
  tykpp.log("info", "lua saw " .. event.handler_name .. " " .. event.message.Type .. " " .. event.message.Meta.Path ..
    " " .. spec.APIID .. " " .. counted)
end
function onBroken(event) error("lua broken on purpose") end
function onEndless(event) while true do end end
"""

SCRIPT = """
var onFailure = new TykJS.TykEventHandlers.NewEventHandler({});
onFailure.NewHandler(function (event, context) {
  log("js saw " + event.Type + " " + event.Meta.Path + " " + event.Meta.Key + " " + context.APIID + " " + context.OrgID);
});
"""


def hook(url, name="hook", **meta):
    return {"handler_name": "eh_web_hook_handler", "handler_meta": {"name": name, "method": "POST", "target_path": url, **meta}}


def log(prefix):
    return {"handler_name": "eh_log_handler", "handler_meta": {"prefix": prefix}}


def plugin(name):
    return {"handler_name": "cp_dynamic_handler", "handler_meta": {"name": name}}


def handlers(**events):
    return {"events": events}


@pytest.fixture(scope="module")
def receiver():
    server = Upstream()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def forget(receiver):
    receiver.clear()


def got(receiver, path, count=1):
    """The calls of a web hook, once there are so many."""
    return eventually(lambda: len(found := [r for r in receiver.requests if r.path == path]) >= count and found,
                      f"{count} calls of {path}, there were {[r.target for r in receiver.requests]}")


def logged(gateway, text):
    return eventually(lambda: text in gateway.log() and [line for line in gateway.log().splitlines() if text in line],
                      f"{text!r} in the log")


def lua_api(name, upstream, events, **more):
    return classic(name, upstream.url, event_handlers={"events": events},
                   custom_middleware={"driver": "lua", "pre": [{"name": "Refuse", "path": "middleware/events.lua"}]}, **more)


def python_api(name, upstream, events, **hooks):
    entries = {place: [{"name": n, "path": "middleware/events.py"} for n in names] for place, names in hooks.items()}
    return classic(name, upstream.url, use_keyless=False, custom_plugin_auth_enabled=True, event_handlers={"events": events},
                   custom_middleware={"driver": "python", "auth_check": {"name": "Check", "path": "middleware/events.py"}, **entries})


@pytest.fixture
def make(new_gateway):
    """A gateway with the plugins of this file, not yet started."""
    def build(conf: dict = None) -> Gateway:
        gateway = new_gateway({**CONF, **(conf or {})})
        (gateway.work / "middleware").mkdir(exist_ok=True)
        for name, text in {"events.py": PYTHON, "events.lua": LUA, "on.js": SCRIPT}.items():
            (gateway.work / "middleware" / name).write_text(text)
        return gateway
    return build


def test_a_refusal_by_a_lua_plugin_calls_web_hook_log_and_script(make, upstream, receiver):
    gateway = make()
    gateway.write(lua_api("api", upstream, {"AuthFailure": [
        hook(receiver.url + "ev", header_map={"X-Secret": "s"}), log("SEEN"),
        {"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "onFailure", "path": "middleware/on.js"}},
        plugin("onFailure")]})).start()
    assert gateway.get("/api/a", "Authorization: secret-key-1234").status == 403
    call = got(receiver, "/ev")[0]
    assert call.method == "POST"
    assert json.loads(call.body) == {"event": "AuthFailure", "message": "Auth Failure", "path": "/api/a", "origin": "127.0.0.1",
                                     "key": "secret-key-1234"}
    assert call.body.startswith(b"\n{\n") and call.body.endswith(b"}\n\n\n")
    assert sorted(n.lower() for n, _ in call.headers) == ["accept-encoding", "content-length", "content-type", "host", "user-agent", "x-secret"]
    assert call.header("User-Agent") == "Tyk-Hookshot" and call.header("Content-Type") == "application/json"
    logged(gateway, "SEEN:AuthFailure:****1234:127.0.0.1:/api/a")
    assert gateway.get("/api/x%0Alevel=fake%22", "Authorization: secret-key-1234").status == 403
    logged(gateway, r'/api/x\u000alevel=fake\"')  # one line, one message
    logged(gateway, "js saw AuthFailure /api/a secret-key-1234 api default")
    logged(gateway, "lua saw onFailure AuthFailure /api/a api 1")
    assert gateway.get("/api/b", "Authorization: secret-key-1234").status == 403
    logged(gateway, "lua saw onFailure AuthFailure /api/b api 1")  # globals do not outlive a call


@pytest.mark.skipif(TSAN, reason="Python")
def test_a_refusal_by_a_python_plugin_reaches_its_event_handler(make, upstream, receiver):
    gateway = make()
    gateway.write(python_api("api", upstream, {"AuthFailure": [plugin("onBroken"), plugin("onFailure"), hook(receiver.url + "ev")],
                                               "KeyExpired": [hook(receiver.url + "expired")]})).start()
    assert gateway.get("/api/a", "Authorization: refused").status == 401
    logged(gateway, "python saw onFailure AuthFailure /api/a api default")
    logged(gateway, "broken on purpose")
    assert json.loads(got(receiver, "/ev")[0].body)["key"] == "refused"
    assert gateway.get("/api/b").status == 403  # no token in the session
    assert json.loads(got(receiver, "/ev", 2)[1].body)["path"] == "/api/b"
    assert gateway.get("/api/c", "Authorization: expired").status == 401
    expired = json.loads(got(receiver, "/expired")[0].body)
    assert expired["message"] == "Attempted access from expired key." and expired["key"] == "expired-key"
    assert gateway.get("/api/d", "Authorization: good-key").status == 200


@pytest.mark.skipif(TSAN, reason="Python")
def test_events_of_plugins_go_to_the_gateways_handlers_alone(make, upstream, receiver):
    gateway = make({"event_handlers": {"events": {
        "Deployed": [hook(receiver.url + "gateway"), log("GW")], "AuthFailure": [hook(receiver.url + "never")]}}})
    gateway.write(python_api("api", upstream, {"AuthFailure": [hook(receiver.url + "api")], "Deployed": [hook(receiver.url + "never")]},
                             post=["Tell"])).start()
    assert gateway.get("/api/a", "Authorization: key").status == 200
    body = json.loads(got(receiver, "/gateway")[0].body)
    assert body == {"event": "Deployed", "message": "version 2", "path": "", "origin": "", "key": ""}
    logged(gateway, "GW:Deployed")
    assert gateway.get("/api/a", "Authorization: refused").status == 401
    got(receiver, "/api")
    assert not [r for r in receiver.requests if r.path == "/never"]


def test_an_expired_api_fires_version_failure(make, upstream, receiver):
    gateway = make()
    (gateway.work / "v.txt").write_text("{{.Type}} {{.Meta.Path}} {{.Meta.Reason}}{{if .Meta.Key}} key{{end}}")
    gateway.write(classic("api", upstream.url, expiration="2020-01-01 00:00",
                          event_handlers=handlers(VersionFailure=[hook(receiver.url + "v", template_path="v.txt")]))).start()
    assert gateway.get("/api/a").status == 403
    assert got(receiver, "/v")[0].body == (b"VersionFailure /api/a API has expired, please check documentation or contact "
                                           b"administrator")


def test_a_native_plugin_that_answers_403_fires_auth_failure(make, upstream, receiver):
    gateway = make()
    gateway.write(classic("api", upstream.url, use_keyless=False, custom_plugin_auth_enabled=True,
                          event_handlers=handlers(AuthFailure=[hook(receiver.url + "ev")]),
                          custom_middleware={"driver": "native", "auth_check": {
                              "name": "CheckKey", "path": gateway.plugin("api_keys")}})).start()
    assert gateway.get("/api/a").status == 403
    assert json.loads(got(receiver, "/ev")[0].body)["key"] == "n/a"


def test_a_template_of_an_oas_api_and_its_cooldown(make, upstream, receiver):
    gateway = make()
    (gateway.work / "t.json").write_text('{"kind":"{{.Type}}","say":"{{.Meta.Message}}","path":"{{.Meta.Path}}"}')
    definition = oas("api", upstream.url)
    extension = definition["x-tyk-api-gateway"]
    extension["middleware"] = {"global": {"pluginConfig": {"driver": "lua"}, "prePlugins": [
        {"enabled": True, "functionName": "Refuse", "path": "middleware/events.lua"}]}}
    extension["server"]["eventHandlers"] = [
        {"enabled": True, "trigger": "AuthFailure", "type": "webhook", "name": "h1", "url": receiver.url + "oas", "method": "PUT",
         "bodyTemplate": "t.json", "cooldownPeriod": "1m", "headers": [{"name": "X-From", "value": "oas"}]},
        {"enabled": False, "trigger": "AuthFailure", "type": "webhook", "name": "h2", "url": receiver.url + "never"},
        {"enabled": True, "trigger": "AuthFailure", "type": "log", "logPrefix": "OAS"}]
    gateway.write(definition).start()
    for path in ("a", "a", "b", "a"):
        assert gateway.get(f"/api/{path}").status == 403
    calls = got(receiver, "/oas", 2)
    assert sorted(c.body for c in calls) == [b'{"kind":"AuthFailure","say":"Auth Failure","path":"/api/a"}',
                                             b'{"kind":"AuthFailure","say":"Auth Failure","path":"/api/b"}']
    assert calls[0].method == "PUT" and calls[0].header("X-From") == "oas"
    eventually(lambda: gateway.log().count("OAS:AuthFailure") == 4, "four log lines")
    assert len([r for r in receiver.requests if r.path == "/oas"]) == 2
    assert not [r for r in receiver.requests if r.path == "/never"]


def test_handlers_that_cannot_be_made_are_named_and_do_no_harm(make, upstream, receiver):
    gateway = make()
    gateway.write(lua_api("api", upstream, {"AuthFailure": [
        {"handler_name": "eh_mail_handler"}, hook("/relative"), plugin("nobody"),
        {"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "gone", "path": "middleware/gone.js"}},
        hook(receiver.url + "ev", template_path="gone.json"), log("STILL")]})).start()
    assert gateway.get("/api/a").status == 403
    logged(gateway, "STILL:AuthFailure")
    got(receiver, "/ev")
    for text in ("Failed to init event handler: Handler 'eh_mail_handler' not found", "URL must be absolute",
                 'define no global function \\"nobody\\"', "Failed to open JS middleware file", "gone.json"):
        logged(gateway, text)
    lint = subprocess.run([str(BINARY), "lint", "--conf", str(gateway.work / "tyk.conf")], cwd=gateway.work, env=gateway.env,
                          capture_output=True, text=True)
    for text in ("eh_mail_handler", "URL must be absolute", "gone.js", "gone.json"):
        assert text in lint.stdout
    assert lint.returncode == 0, lint.stdout  # warnings: the API is served


def test_handlers_that_fail_do_no_harm(make, upstream, receiver):
    gateway = make({"plugin_timeout_ms": 200})
    gateway.write(lua_api("api", upstream, {"AuthFailure": [
        plugin("onBroken"), *([] if TSAN else [plugin("onEndless")]), plugin("onFailure"), hook("http://127.0.0.1:1/"), log("AFTER")]})).start()
    for path in ("a", "b"):
        assert gateway.get(f"/api/{path}").status == 403
    logged(gateway, "lua broken on purpose")
    logged(gateway, "lua saw onFailure AuthFailure /api/b")
    logged(gateway, "web hook failed")
    eventually(lambda: gateway.log().count("AFTER:AuthFailure") == 2, "both events in the log")


def test_a_script_makes_http_calls_about_an_event(make, upstream, receiver):
    gateway = make()
    (gateway.work / "middleware/ask.js").write_text("""
        var ask = new TykJS.TykEventHandlers.NewEventHandler({});
        ask.NewHandler(function (event, context) {
          var answer = TykMakeHttpRequest(JSON.stringify({Method: "POST", Domain: "%s", Resource: "tell", Body: event.Meta.Path}));
          log("js was told " + JSON.parse(answer).Body);
        });""" % receiver.url)
    receiver.on("/tell", lambda connection, request: connection.send(answer(b"thanks")))
    gateway.write(lua_api("api", upstream, {"AuthFailure": [
        {"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "ask", "path": "middleware/ask.js"}}]})).start()
    assert gateway.get("/api/a").status == 403
    assert got(receiver, "/tell")[0].body == b"/api/a"
    logged(gateway, "js was told thanks")


def test_a_reload_changes_handlers(make, upstream, receiver):
    gateway = make()
    gateway.write(lua_api("api", upstream, {"AuthFailure": [hook(receiver.url + "one")]})).start()
    gateway.get("/api/a")
    got(receiver, "/one")
    gateway.write(lua_api("api", upstream, {"AuthFailure": [hook(receiver.url + "two"), {
        "handler_name": "eh_dynamic_handler", "handler_meta": {"name": "onFailure", "path": "middleware/on.js"}}]})).reload()
    gateway.get("/api/b", "Authorization: k1")
    got(receiver, "/two")
    logged(gateway, "js saw AuthFailure /api/b k1")
    # A script changes while the definition stays.
    (gateway.work / "middleware/on.js").write_text(SCRIPT.replace("js saw", "js now saw"))
    gateway.reload()
    gateway.get("/api/c", "Authorization: k1")
    logged(gateway, "js now saw AuthFailure /api/c k1")
    gateway.write(lua_api("api", upstream, {})).reload()
    assert gateway.get("/api/d").status == 403
    assert not [r for r in receiver.requests if r.path == "/one"][1:]
    assert len([r for r in receiver.requests if r.path == "/two"]) == 2


def test_shutdown_delivers_what_was_fired(make, upstream, receiver):
    gateway = make()
    gateway.write(lua_api("api", upstream, {"AuthFailure": [hook(receiver.url + "slow")]})).start()
    go = threading.Event()

    def slow(connection, request):
        go.wait(10)
        connection.send(answer())

    receiver.on("/slow", slow)
    for number in range(40):
        assert gateway.get(f"/api/{number}").status == 403
    got(receiver, "/slow")
    stopped = threading.Thread(target=gateway.stop)
    stopped.start()
    logged(gateway, "Waiting for in-flight requests to complete")
    go.set()
    stopped.join()
    assert len({json.loads(r.body)["path"] for r in receiver.requests}) == 40
    assert "events are dropped" not in gateway.log()


def test_a_receiver_that_never_answers_does_not_hold_up_requests_or_shutdown(make, upstream, receiver):
    gateway = make({"graceful_shutdown_timeout_duration": 1})
    gateway.write(lua_api("api", upstream, {"AuthFailure": [hook(receiver.url + "hang")]})).start()
    never = threading.Event()
    receiver.on("/hang", lambda connection, request: never.wait(20))
    with gateway.client() as client:
        for number in range(1500):
            assert client.get(f"/api/{number}").status == 403
    logged(gateway, "too many events are under way")
    gateway.stop()
    never.set()
    logged(gateway, "events are dropped: the gateway goes down")
