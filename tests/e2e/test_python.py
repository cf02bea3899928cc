"""Python plugins from local files, at every hook, well behaved and not."""
import json
import os
import threading
import time

import pytest

from support.client import Client
from support.gateway import ROOT, classic
from support.upstream import answer
from support.wait import SLOW, eventually

PLUGIN = ROOT / "tests/e2e/plugins/python/hooks.py"
pytestmark = pytest.mark.skipif(os.environ.get("TYKPP_PRESET") == "tsan",
                                reason="the interpreter is built without ThreadSanitizer")
CONF = {"coprocess_options": {"enable_coprocess": True}}


def entry(name, path=PLUGIN, **more):
    return {"name": name, "path": str(path), **more}


def python(name, url, auth=None, proxy=None, **hooks):
    """A definition with `pre=["Name", …]` and so on; `auth` names the authentication hook."""
    middleware = {"driver": "python"}
    for hook, entries in hooks.items():
        middleware[hook] = [e if isinstance(e, dict) else entry(e) for e in entries]
    more = {}
    if auth:
        middleware["auth_check"] = entry(auth)
        more = {"use_keyless": False, "enable_coprocess_auth": True}
    return classic(name, url, custom_middleware=middleware, proxy=proxy or {}, **more)


PRE = ["Change", "Count", "Body", "Huge", "Refuse", "Answer", "Sleep", "Deep", "Broken", "Exits", "Forgets", "Surrogate",
       "Injects", "Keep", "Late", "TwoParameters", "Logs", "Store"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from support.gateway import Gateway
    running = Gateway(tmp_path_factory.mktemp("python"), CONF)
    running.write(*[python(name.lower(), upstream.url, pre=[name]) for name in PRE])
    running.write(
        python("show", upstream.url, pre=["Show"]) | {"config_data": {"colour": "blue"}},
        python("post", upstream.url, post=["Change"]),
        python("auth", upstream.url, auth="Auth", post_key_auth=["AfterAuth"]),
        python("respond", upstream.url, response=["Respond"]),
        python("multi", upstream.url, response=["RespondMulti"]),
        python("brokenresponse", upstream.url, response=["Broken"]),
        python("counts", upstream.url, pre=["Count"], response=["CountAfter"]),
        python("endless", upstream.url, pre=[entry("Endless", timeout_ms=300)]),
        python("brief", upstream.url, pre=[entry("Sleep", timeout_ms=200)]),
        classic("plain", upstream.url))
    running.start()
    yield running
    running.stop()


def sent(upstream, name):
    return upstream.requests[-1].header(name)


@pytest.mark.parametrize("api", ["change", "post"])
def test_a_request_hook_changes_headers_parameters_and_method(gateway, upstream, api):
    assert gateway.get(f"/{api}/x?a=1&a=2&drop=x", "X-Keep: kept", "X-Drop: gone").status == 200
    request = upstream.requests[-1]
    assert (request.method, request.target) == ("PUT", "/x?a=1&a=2&added=by+python")
    assert request.header("X-Mark") == "pre marked"
    assert request.header("X-Seen") == "kept"
    assert request.header("X-Drop") is None


def test_a_hook_sees_the_request_as_it_came(gateway, upstream):
    assert gateway.get("/show/x%20y?a=b+c&a=2", "x-keep: 1").status == 200
    shown = {name: sent(upstream, "X-" + name) for name in
             ("Url", "Uri", "Scheme", "Method", "Param", "Host", "Api", "Config", "Lower")}
    assert shown == {"Url": "/show/x%20y?a=b+c&a=2", "Uri": "/show/x%20y?a=b+c&a=2", "Scheme": "http", "Method": "GET",
                     "Param": "b c", "Host": "h", "Api": "show", "Config": '{"colour":"blue"}', "Lower": "none"}


def test_globals_last_and_belong_to_one_api(gateway, upstream):
    for wanted in ("1", "2", "3"):
        assert gateway.get("/counts/").header("X-Visits-After") == wanted
        assert sent(upstream, "X-Visits") == wanted
    assert gateway.get("/count/").status == 200
    assert sent(upstream, "X-Visits") == "1"


@pytest.mark.parametrize("body, text", [(b"abc", "3"), ("Zoë".encode(), "3"), (b"\xff\xfe\x00raw", "0"), (b"x" * 3_000_000, "3000000")])
def test_bodies_are_bytes_and_text_when_they_are_text(gateway, upstream, body, text):
    with gateway.client() as client:
        assert client.request("POST", "/body/", body=body).response().status == 200
    assert upstream.requests[-1].body == body[::-1]
    assert sent(upstream, "X-Text") == text


def test_head_and_body_may_come_in_two_pieces(gateway, upstream):
    def pieces(connection, request):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Remove: 1\r\nX-Stays: yes\r\n\r\n")
        time.sleep(0.05)  # two segments: there is nothing to await in between
        connection.send("abcdefgh")

    upstream.on("/", pieces)
    with gateway.client() as client:
        client.send("POST /respond/ HTTP/1.1\r\nHost: h\r\nX-Mine: kept\r\nContent-Length: 3\r\n\r\n")
        time.sleep(0.05)
        reply = client.send("abc").response()
    assert (reply.status, reply.body, reply.header("X-Stays")) == (418, b"ABCDEFGH", "yes")
    assert (sent(upstream, "X-Mine"), upstream.requests[-1].body) == ("kept", b"abc")


def test_a_hook_may_make_the_body_huge(gateway, upstream):
    assert gateway.get("/huge/").status == 200
    assert len(upstream.requests[-1].body) == 8 << 20


def test_a_body_over_the_limit_fails(new_gateway, upstream):
    gateway = new_gateway({**CONF, "max_buffered_body_size": 1 << 20}).write(python("huge", upstream.url, pre=["Huge"])).start()
    assert gateway.get("/huge/").status == 500
    eventually(lambda: "larger than max_buffered_body_size" in gateway.log(), "the reason")


def test_a_hook_refuses_or_answers(gateway, upstream):
    refused = gateway.get("/refuse/")
    assert (refused.status, json.loads(refused.body)) == (403, {"error": 'not "today"'})
    made = gateway.get("/answer/")
    assert (made.status, made.body, made.header("X-Made")) == (201, b"made by the plugin", "yes")
    assert upstream.requests == []


def test_authentication_by_a_plugin(gateway, upstream):
    assert gateway.get("/auth/", "Authorization: good").status == 200
    assert [sent(upstream, "X-" + n) for n in ("Alias", "Tags", "Token")] == ["somebody", "one,two", "good good"]
    for token, message in (("unknown", "Forbidden"), ("raise", "Key not authorised")):
        refused = gateway.get("/auth/", "Authorization: " + token)
        assert (refused.status, json.loads(refused.body)["error"]) == (403, message)
    assert len(upstream.requests) == 1


def test_a_response_hook_changes_status_headers_and_body(gateway, upstream):
    upstream.on("/", lambda c, r: c.send(answer(b"quiet", "200 OK", "X-Remove: 1", "X-Two: a", "X-Two: b")))
    reply = gateway.get("/respond/")
    assert (reply.status, reply.body, reply.header("X-Was"), reply.header("X-Remove")) == (418, b"QUIET", "GET", None)
    assert reply.all("X-Two") == ["a", "b"]


def test_a_response_hook_adds_several_values(gateway):
    assert gateway.get("/multi/").all("Set-Cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("api", ["broken", "brokenresponse", "exits", "forgets", "deep", "surrogate", "injects"])
def test_what_a_hook_does_wrong_ends_its_request_alone(gateway, api):
    reply = gateway.get(f"/{api}/")
    assert (reply.status, json.loads(reply.body)) == (500, {"error": "Middleware error"})
    assert gateway.get("/plain/").status == 200


def test_the_traceback_is_in_the_log(gateway):
    gateway.get("/broken/")
    eventually(lambda: "ValueError: broken on purpose" in gateway.log() and "hooks.py" in gateway.log(), "the traceback")


def test_a_function_with_two_parameters_is_not_called(gateway, upstream):
    assert gateway.get("/twoparameters/").status == 200
    assert sent(upstream, "X-Never") is None
    gateway.wait_for_log("has 2 parameters and is never called")


def test_an_object_kept_past_its_hook_is_harmless(gateway, upstream):
    for number in range(1, 20):
        with gateway.client() as client:
            assert client.request("POST", "/keep/", body=b"now").response().status == 200
        assert (sent(upstream, "X-Kept"), upstream.requests[-1].body) == (str(number), b"now")
        assert sent(upstream, "X-Late") is None


def test_a_module_beside_the_plugin_is_found_at_request_time(gateway, upstream):
    assert gateway.get("/late/").status == 200
    assert sent(upstream, "X-Late-Import") == "found late"


def test_log_lines_and_prints(gateway):
    assert gateway.get("/logs/").status == 200
    eventually(lambda: "printed by the plugin" in gateway.log() and "a line of the plugin" in gateway.log(), "the lines")
    assert "\nbroken in two" not in gateway.log(), "a plugin cannot begin a line of its own"


def test_values_are_kept_beside_the_gateway(gateway, upstream):
    assert gateway.get("/store/").status == 200
    assert (sent(upstream, "X-Stored"), sent(upstream, "X-Missing")) == ("b'kept'", "b''")


def run_together(count, work):
    threads = [threading.Thread(target=work) for _ in range(count)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30 * SLOW)
    return time.monotonic() - start


def test_a_hook_that_sleeps_holds_up_only_its_own_request(gateway):
    statuses = []

    def sleeper():
        with gateway.client() as client:
            for _ in range(5):
                statuses.append(client.get("/sleep/?s=0.05").status)

    slowest = []
    done = threading.Event()

    def plain():
        with gateway.client() as client:
            while not done.is_set():
                start = time.monotonic()
                assert client.get("/plain/").status == 200
                slowest.append(time.monotonic() - start)

    beside = threading.Thread(target=plain)
    beside.start()
    seconds = run_together(8, sleeper)
    done.set()
    beside.join()
    assert statuses == [200] * 40
    # 2 s one behind the other, 0.5 s on four threads; the machine may be busy with other things.
    assert seconds < 1.2 * SLOW, f"{40 / seconds:.0f} a second"
    assert sorted(slowest)[len(slowest) // 2] < 0.04 * SLOW


def test_an_endless_loop_ends_at_its_time_limit_and_the_thread_lives_on(gateway):
    for _ in range(6):  # more than there are threads
        start = time.monotonic()
        assert gateway.get("/endless/").status == 500
        assert time.monotonic() - start < 3 * SLOW
    assert gateway.get("/change/").status == 200
    shown = json.loads(gateway.admin("/tyk/plugins/endless")[1])[0]
    assert shown["timeouts"] == 6


def test_a_call_that_cannot_be_interrupted_loses_its_thread_and_not_the_pool(gateway):
    clients = [gateway.client() for _ in range(4)]
    try:
        for client in clients:
            client.request("GET", "/brief/?s=6")
        for client in clients:
            assert client.response().status == 500
    finally:
        for client in clients:
            client.close()
    # All four threads sleep for seconds yet: others take their place.
    eventually(lambda: gateway.get("/change/").status == 200, "a hook is served again", 10)


def test_clients_that_leave_while_their_hook_runs(gateway):
    for _ in range(30):
        client = Client(gateway.port)
        client.request("GET", "/sleep/?s=0.02")
        client.reset()
    assert gateway.get("/change/").status == 200


def test_reload_loads_what_changed_and_keeps_what_did_not(new_gateway, upstream, tmp_path):
    source = ("from tyk.decorators import *\nimport word\ncount = 0\n@Hook\ndef mark(request, session, spec):\n    global count\n"
              "    count += 1\n    request.add_header('X-Mark', '%s %d' % (word.text, count))\n    return request, session\n")
    (tmp_path / "plugin.py").write_text(source)
    (tmp_path / "word.py").write_text("text = 'one'\n")
    gateway = new_gateway(CONF).write(
        python("api", upstream.url, pre=[entry("mark", tmp_path / "plugin.py")])).start()

    def marked():
        assert gateway.get("/api/").status == 200
        return sent(upstream, "X-Mark")

    assert [marked(), marked()] == ["one 1", "one 2"]
    (tmp_path / "unrelated.txt").write_text("makes the folder look new")
    gateway.reload()
    assert marked() == "one 3"
    (tmp_path / "word.py").write_text("text = 'two'\n")
    gateway.reload()
    assert marked() == "two 1"
    (tmp_path / "word.py").write_text("text = \n")
    gateway.reload()
    assert marked() == "two 2"


def test_two_apis_have_modules_of_one_name(new_gateway, upstream, tmp_path):
    gateway = new_gateway(CONF)
    for name in ("left", "right"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "plugin.py").write_text(
            "import os, sys\nsys.path.append(os.path.dirname(__file__))\nfrom tyk.decorators import *\nimport labels\n@Hook\n"
            "def mark(request, session, spec):\n    request.add_header('X-Mark', labels.label)\n    return request, session\n")
        (folder / "labels.py").write_text(f"label = '{name}'\n")
        gateway.write(python(name, upstream.url, pre=[entry("mark", folder / "plugin.py")]))
    gateway.start()
    for name in ("left", "right", "left"):
        assert gateway.get(f"/{name}/").status == 200
        assert sent(upstream, "X-Mark") == name


def test_site_packages_vendor_folders_and_the_callers_path(new_gateway, upstream, tmp_path):
    site, caller, plugin = tmp_path / "site", tmp_path / "caller", tmp_path / "plugin"
    for folder in (site / "extra", caller, plugin / "vendor"):
        folder.mkdir(parents=True)
    (site / "more.pth").write_text("extra\n")
    (site / "from_site.py").write_text("x = 'site'\n")
    (site / "extra/from_pth.py").write_text("x = 'pth'\n")
    (caller / "from_caller.py").write_text("x = 'caller'\n")
    (plugin / "vendor/vendored.py").write_text("x = 'vendor'\n")
    (plugin / "plugin.py").write_text(
        "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), 'vendor'))\nimport from_site, from_pth, from_caller, vendored\n"
        "from tyk.decorators import *\n@Hook\ndef mark(request, session, spec):\n"
        "    request.add_header('X-Mark', ' '.join((from_site.x, from_pth.x, from_caller.x, vendored.x)))\n    return request, session\n")
    gateway = new_gateway({**CONF, "python_site_packages": [str(site)]}, {"PYTHONPATH": str(caller)})
    gateway.write(python("api", upstream.url, pre=[entry("mark", plugin / "plugin.py")])).start()
    assert gateway.get("/api/").status == 200
    assert sent(upstream, "X-Mark") == "site pth caller vendor"


@pytest.mark.parametrize("source, message", [
    ("import missing_module_of_mine\n", "Your bundle doesn't contain 'missing_module_of_mine'"),
    ("raise RuntimeError('at load')\n", "Middleware initialization error: RuntimeError: at load"),
    ("import sys\nsys.exit(7)\n", "Middleware initialization error: SystemExit: 7"),
    ("def mark(:\n", "SyntaxError"),
    ("from tyk.decorators import *\n@Hook\ndef other(request, session, spec): pass\n", "Hook is not defined: mark"),
])
def test_a_plugin_that_does_not_load_refuses_and_says_why(new_gateway, upstream, tmp_path, source, message):
    (tmp_path / "plugin.py").write_text(source)
    gateway = new_gateway(CONF).write(
        python("api", upstream.url, pre=[entry("mark", tmp_path / "plugin.py")]), classic("plain", upstream.url)).start()
    reply = gateway.get("/api/")
    assert (reply.status, json.loads(reply.body)["error"]) == (500, "Middleware error")
    assert gateway.get("/plain/").status == 200
    eventually(lambda: message in gateway.log(), message)


def test_another_version_of_python_is_an_error_of_its_apis(new_gateway, upstream):
    gateway = new_gateway({"coprocess_options": {"enable_coprocess": True, "python_version": "2.7"}}).write(
        python("api", upstream.url, pre=["Change"]), classic("plain", upstream.url)).start()
    assert (gateway.get("/api/").status, gateway.get("/plain/").status) == (500, 200)
    gateway.wait_for_log("Python version '2.7' doesn't exist")


def test_a_process_that_runs_a_stuck_plugin_still_stops(new_gateway, upstream):
    # The interpreter cannot be taken down under a thread that is stuck in it: what that thread holds is no leak of ours.
    lenient = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    gateway = new_gateway({**CONF, "graceful_shutdown_timeout_duration": 1}, lenient).write(
        python("sleep", upstream.url, pre=["Sleep"])).start()
    client = gateway.client()
    client.request("GET", "/sleep/?s=60")
    eventually(lambda: json.loads(gateway.admin("/tyk/plugins/sleep")[1])[0]["calls"] == 1, "the hook runs")
    start = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - start < 10 * SLOW
    client.close()


def test_plugin_folders_stay_as_they_are(gateway):
    gateway.get("/change/")
    assert not os.path.exists(PLUGIN.parent / "__pycache__")


def test_the_protobuf_packages_json_format_works_with_our_messages(new_gateway, upstream, tmp_path):
    """Where the package is installed; plugins that never import it need none."""
    package = pytest.importorskip("google.protobuf", reason="the protobuf package is not installed")
    (tmp_path / "plugin.py").write_text("""
from google.protobuf.json_format import MessageToDict, ParseDict
from tyk.decorators import *
from tyk.session import TykSession

@Hook
def check(request, session, spec):
    made = TykSession(alias='x', rate=1.5, quota_max=-1, tags=['a'], metadata={'k': 'v'})
    made.access_rights['api'].allowed_urls.add(url='/a', methods=['GET'])
    told = MessageToDict(made)
    assert told == {'alias': 'x', 'rate': 1.5, 'quotaMax': '-1', 'tags': ['a'], 'metadata': {'k': 'v'},
                    'accessRights': {'api': {'allowedUrls': [{'url': '/a', 'methods': ['GET']}]}}}
    assert ParseDict(told, TykSession()) == made
    assert MessageToDict(request.object)['returnOverrides'] == {'responseCode': -1}
    return request, session
""")
    site = str(os.path.dirname(os.path.dirname(os.path.dirname(package.__file__))))
    gateway = new_gateway({**CONF, "python_site_packages": [site]}).write(
        python("api", upstream.url, pre=[entry("check", tmp_path / "plugin.py")])).start()
    assert gateway.get("/api/").status == 200, gateway.log()[-3000:]
