"""Go plugins from source: built by `tykpp plugin build` with the Go that is installed, loaded, and run at every hook."""
import json
import os
import re
import shutil
import subprocess

import pytest

from support.gateway import BINARY, ROOT, Gateway, classic, free_port
from support.tls import Authority, context, outcome
from support.upstream import answer
from support.wait import eventually

pytestmark = [pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed"),
              # Its goroutines hand calls from thread to thread; unseen, that looks like races.
              pytest.mark.skipif(os.environ.get("TYKPP_PRESET") == "tsan", reason="Go's runtime is built without ThreadSanitizer")]

SOURCES = ROOT / "tests/e2e/plugins/go"
EXAMPLES = ROOT / "plugins/go"


def tykpp(*arguments, **options):
    return subprocess.run([str(BINARY), "plugin", *map(str, arguments)], text=True, capture_output=True, timeout=600, **options)


def build(source, target):
    """Builds a folder; skips the test when modules it needs cannot be had."""
    built = tykpp("build", source, "-o", target)
    if built.returncode and any(word in built.stderr for word in ("dial tcp", "proxy.golang.org", "GOPROXY")):
        pytest.skip(f"needs Go modules from the network: {built.stderr[-300:]}")
    assert built.returncode == 0, built.stderr
    return str(target)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Builds each plugin once a session: `built(name)` answers the file."""
    folder, files = tmp_path_factory.mktemp("go"), {}

    def get(source):
        if source not in files:
            files[source] = build(source, folder / f"{source.name}.so")
        return files[source]

    return get


@pytest.fixture(scope="module")
def probe(built):
    return built(SOURCES / "probe")


# API → hooks; the rest of the definition is below.
HOOKS = {
    "header": {"pre": ["Header"]},
    "facts": {"pre": ["Facts"]},
    "body": {"pre": ["Body"]},
    "form": {"post": ["Form"]},
    "rewrite": {"pre": ["Rewrite"]},
    "answer": {"pre": ["Answer"]},
    "answerpost": {"post": ["Answer"]},
    "panics": {"pre": ["Panics"]},
    "logs": {"pre": ["Logs"]},
    "waits": {"pre": ["Waits"]},
    "variable": {"pre": ["Variable"]},
    "config": {"pre": ["Config"]},
    "absent": {"pre": ["Absent"]},
    "number": {"pre": ["Number"]},
    "kind": {"pre": ["Response"]},
    "response": {"response": ["Response"]},
    "refuse": {"response": ["Refuse"]},
    "responsepanics": {"response": ["ResponsePanics"]},
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream, probe):
    running = Gateway(tmp_path_factory.mktemp("gateway"), {"enable_analytics": True, "log_level": "info"})
    for name, hooks in HOOKS.items():
        middleware = {"driver": "goplugin"}
        for place, names in hooks.items():
            middleware[place] = [{"name": n, "path": probe} for n in names]
        running.write(classic(name, upstream.url, custom_middleware=middleware, config_data={"colour": ["blue"]}))
    running.write(
        classic("auth", upstream.url, use_keyless=False, use_go_plugin_auth=True, custom_middleware={
            "driver": "goplugin", "auth_check": {"name": "Authenticate", "path": probe},
            "post_key_auth": [{"name": "Who", "path": probe}], "post": [{"name": "WhoNow", "path": probe}]}),
        classic("endpoint", upstream.url, version_data={"not_versioned": True, "versions": {"Default": {
            "name": "Default", "use_extended_paths": True, "extended_paths": {"go_plugin": [
                {"path": "/special/{id}", "method": "GET", "plugin_path": probe, "func_name": "Header"},
                {"path": "/off", "method": "GET", "plugin_path": probe, "func_name": "Header", "disabled": True},
                {"path": "/absent", "method": "GET", "plugin_path": probe, "func_name": "Absent"}]}}}}),
        classic("analytics", upstream.url, analytics_plugin={"enable": True, "plugin_path": probe, "func_name": "Record"}))
    running.start()
    yield running
    running.stop()


def test_headers_are_set_deleted_and_added(gateway, upstream):
    assert gateway.get("/header/", "X-Secret: s", "x-many: one", "X-Many: two", "X-Kept: k").status == 200
    request = upstream.requests[0]
    assert request.header("X-Go") == "yes"
    assert request.header("X-Secret") is None
    assert request.all("X-Many") == ["one", "two", "added"]
    assert request.header("X-Kept") == "k"


def test_a_request_is_what_the_standard_library_makes_of_it(gateway):
    with gateway.client() as client:
        seen = json.loads(client.send("GET /facts/a%20b?q=1 HTTP/1.1\r\nHost: shop.example\r\nx-many: a\r\nX-Many: b\r\n"
                                      "Authorization: Basic YW5uOnNlY3JldA==\r\nCookie: c=d\r\n\r\n").response().body)
    remote = seen.pop("remote")
    assert remote.startswith("127.0.0.1:")
    assert seen == {"method": "GET", "path": "/facts/a b", "raw": "q=1", "host": "shop.example", "header_host": False,
                    "uri": "/facts/a%20b?q=1", "proto": "HTTP/1.1", "many": ["a", "b"], "user": "ann:secret",
                    "cookie": "d", "inits": ["first", "second"]}


def post(gateway, target, body, *headers):
    with gateway.client() as client:
        return client.request("POST", target, headers, body).response()


def test_a_body_can_be_read_twice_and_still_reaches_the_upstream(gateway, upstream):
    assert post(gateway, "/body/", b"x" * 100000).status == 200
    assert upstream.requests[0].header("X-Read") == "100000 100000 100000"
    assert upstream.requests[0].body == b"x" * 100000


def test_a_body_is_replaced(gateway, upstream):
    assert post(gateway, "/body/", b"replace me").status == 200
    assert upstream.requests[0].body == b"replaced"
    assert upstream.requests[0].header("Content-Length") == "8"


def test_form_values_are_parsed_and_the_body_stays(gateway, upstream):
    assert post(gateway, "/form/?a=1", b"b=2", "Content-Type: application/x-www-form-urlencoded").status == 200
    assert upstream.requests[0].header("X-Form") == "1 2"
    assert upstream.requests[0].body == b"b=2"


def test_method_and_query_are_rewritten(gateway, upstream):
    assert gateway.get("/rewrite/x?a=1").status == 200
    assert (upstream.requests[0].method, upstream.requests[0].target) == ("PUT", "/x?a=1&added=by+go")


@pytest.mark.parametrize("place", ["answer", "answerpost"])
def test_a_written_answer_ends_the_chain(gateway, upstream, place):
    reply = gateway.get(f"/{place}/?code=403&body=no")
    assert (reply.status, reply.body, reply.header("X-Answered"), reply.header("X-Late")) == (403, b"no", "yes", None)
    assert not upstream.requests
    assert gateway.get(f"/{place}/?code=201&body=made").status == 201


def test_an_answer_without_a_status_of_its_own_goes_on(gateway, upstream):
    assert gateway.get("/answer/").status == 200
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("how, text", [("plain", "on purpose"), ("nil", "nil pointer"), ("hijack", "http.Hijacker is not there"),
                                       ("fatal", "fatal log line")])
def test_a_panic_is_a_500_and_nothing_worse(gateway, upstream, how, text):
    reply = gateway.get(f"/panics/?how={how}")
    assert (reply.status, json.loads(reply.body)) == (500, {"error": "Internal Server Error"})
    assert not upstream.requests
    gateway.wait_for_log("Recovered from panic while running Go-plugin middleware func")
    gateway.wait_for_log(text)
    assert gateway.get("/header/").status == 200


def test_a_panic_behind_the_answer_keeps_the_answer(gateway):
    assert gateway.get("/panics/?how=written").status == 418


def test_log_lines_reach_the_gateways_log_with_their_fields(gateway):
    assert gateway.get("/logs/").status == 200
    gateway.wait_for_log("go warns of 4")
    log = gateway.log()
    line = next(line for line in log.splitlines() if "go says hello" in line)
    assert "level=info" in line and "fruit=" in line and "an apple" in line and "count=3" in line
    assert "go says nothing" not in log


def test_a_function_may_wait_and_use_goroutines(gateway, upstream):
    assert gateway.get("/waits/").status == 200
    assert sorted(upstream.requests[0].all("X-Waited")) == ["0", "1", "2"]


def test_a_variable_of_function_type_can_be_named(gateway, upstream):
    assert gateway.get("/variable/").status == 200
    assert upstream.requests[0].header("X-Variable") == "yes"


def test_config_data_is_read(gateway, upstream):
    assert gateway.get("/config/").status == 200
    assert upstream.requests[0].header("X-Config") == 'config config {"colour":["blue"]}'


@pytest.mark.parametrize("api", ["absent", "number", "kind"])
def test_what_cannot_be_called_fails_closed(gateway, upstream, api):
    assert gateway.get(f"/{api}/").status == 500
    assert not upstream.requests


def test_authentication_and_the_session(gateway, upstream):
    refused = gateway.get("/auth/")
    assert (refused.status, refused.body, refused.header("X-Auth")) == (401, b"token wanted", "missing")
    assert gateway.get("/auth/", "Authorization: bad").status == 400
    assert not upstream.requests
    assert gateway.get("/auth/", "Authorization: user1").status == 200
    assert upstream.requests[0].header("X-Who") == "alias of user1/user1/free/user1"
    assert upstream.requests[0].header("X-Now") == "gold"


def test_a_response_is_edited(gateway, upstream):
    upstream.on("/lost", lambda connection, _: connection.send(answer(b"no such page", "404 Not Found", "X-Remove: 1", "X-Kept: 1")))
    reply = gateway.get("/response/lost")
    assert (reply.status, reply.body) == (410, b"gone: no such page")
    assert (reply.header("X-Remove"), reply.header("X-Kept"), reply.header("X-Go-Response")) == (None, "1", "GET")
    assert reply.header("X-By-Writer") == "yes"


def test_a_response_function_that_writes_replaces_the_answer(gateway):
    reply = gateway.get("/refuse/")
    assert (reply.status, reply.body, reply.header("X-Refused")) == (502, b"refused", "yes")


def test_a_panic_of_a_response_function_is_a_500(gateway):
    assert gateway.get("/responsepanics/").status == 500


def test_a_function_of_an_endpoint_runs_there_alone(gateway, upstream):
    for target in ("/endpoint/special/7?q=1", "/endpoint/off", "/endpoint/special"):
        assert gateway.get(target).status == 200
    assert post(gateway, "/endpoint/special/7", b"x").status == 200
    assert [request.header("X-Go") for request in upstream.requests] == ["yes", None, None, None]
    assert gateway.get("/endpoint/absent").status == 500
    assert len(upstream.requests) == 4


def test_an_analytics_function_sees_the_record(gateway):
    assert gateway.get("/analytics/thing").status == 200
    gateway.wait_for_log("record of GET /thing 200")


def test_the_old_form_of_all_hooks(tmp_path_factory, upstream, built):
    """In a process of its own: only one Go runtime is loaded into a gateway."""
    path = built(EXAMPLES / "five_hooks")
    running = Gateway(tmp_path_factory.mktemp("five"))
    running.write(classic("five", upstream.url, use_keyless=False, use_go_plugin_auth=True, custom_middleware={
        "driver": "goplugin", "pre": [{"name": "Pre", "path": path}], "auth_check": {"name": "Auth", "path": path},
        "post_key_auth": [{"name": "PostAuth", "path": path}], "post": [{"name": "Post", "path": path}],
        "response": [{"name": "Response", "path": path}]}))
    running.start()
    try:
        assert running.get("/five/").status == 403
        reply = running.get("/five/", "Authorization: abc")
        assert (reply.status, reply.header("X-Hooks")) == (200, "response")
        assert upstream.requests[0].all("X-Hooks") == ["pre", "auth", "post-auth", "post"]
        assert upstream.requests[0].header("X-Session-Alias") == "abc's owner"
    finally:
        running.stop()


def test_a_panic_in_init_is_a_load_error_that_says_where(built):
    path = built(SOURCES / "init_panics")
    loaded = tykpp("load", "-f", path, "-s", "Header")
    assert loaded.returncode == 1
    assert "init in plugin.go:5 panicked: redis is down" in loaded.stderr
    assert "Recovered from panic while loading Go-plugin" in loaded.stderr


def test_plugin_load_tells_what_it_got(probe):
    loaded = tykpp("load", "-f", probe, "-s", "Header")
    assert (loaded.returncode, loaded.stdout) == (
        0, f"[file={probe}, symbol=Header] loaded ok, got a function for requests\n")
    assert "got a function for responses" in tykpp("load", "-f", probe, "-s", "Refuse").stdout
    missing = tykpp("load", "-f", f"{probe},/no/such.so", "-s", "Header")
    assert missing.returncode == 1
    assert "loaded ok" in missing.stdout and "plugin file not found" in missing.stderr


def test_a_module_of_its_own_is_kept_but_for_the_sdk(tmp_path_factory, upstream, tmp_path):
    source = tmp_path / "with_module"
    shutil.copytree(SOURCES / "with_module", source)
    before = {p: p.read_bytes() for p in source.rglob("*") if p.is_file()}
    path = build(source, tmp_path / "out" / "module.so")
    assert {p: p.read_bytes() for p in source.rglob("*") if p.is_file()} == before, "the user's files were changed"
    running = Gateway(tmp_path_factory.mktemp("module"))
    running.write(classic("module", upstream.url, custom_middleware={"driver": "goplugin", "pre": [
        {"name": "Tag", "path": path}, {"name": "Again", "path": path}]}))
    running.start()
    try:
        assert running.get("/module/").status == 200
        request = upstream.requests[0]
        assert len(request.header("X-Id")) == 36
        assert (request.header("X-Rule"), request.header("X-Again")) == ("rule", "rule")
    finally:
        running.stop()


def test_without_an_output_both_names_are_written(tmp_path):
    source = tmp_path / "add_header"
    shutil.copytree(EXAMPLES / "add_header", source)
    built = tykpp("build", source)
    assert built.returncode == 0, built.stderr
    names = sorted(p.name for p in source.iterdir())
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    assert names == ["add_header.so", f"add_header_v5.13.0_linux_{arch}.so", "plugin.go"]
    assert "AddFooBar (request)" in built.stdout


@pytest.mark.parametrize("source, text", [
    ("no_functions", "addHeader looks like a plugin function, but its name is not exported"),
    ("does_not_compile", "does_not_compile/plugin.go:6"),
])
def test_what_cannot_be_built_says_why(source, text, tmp_path):
    built = tykpp("build", SOURCES / source, "-o", tmp_path / "x.so")
    assert built.returncode == 1
    assert text in built.stderr
    assert not (tmp_path / "x.so").exists()


def test_bad_arguments_are_explained(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "library").mkdir()
    (tmp_path / "library/x.go").write_text("package library\n")
    for arguments, text in [
            ([tmp_path / "no"], "is no folder"), ([tmp_path / "empty"], "has no Go files"),
            ([tmp_path / "library"], "has no package main"),
            ([EXAMPLES / "add_header", "--go", "/no/such/go"], "there is no go command /no/such/go"),
            ([EXAMPLES / "add_header", "--sdk", tmp_path], "the Go SDK of tykpp is not found")]:
        built = tykpp("build", *arguments, "-o", tmp_path / "x.so")
        assert built.returncode == 1 and text in built.stderr, built.stderr


@pytest.fixture(scope="module")
def checker(tmp_path_factory):
    """The program behind `tykpp plugin build`, compiled once for all examples."""
    program = tmp_path_factory.mktemp("checker") / "build"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=EXAMPLES / "sdk/build", check=True, timeout=600)
    return [str(program), "-sdk", str(EXAMPLES / "sdk"), "-include", str(ROOT / "include"), "-release", "5.13.0", "-check"]


@pytest.mark.parametrize("example", sorted(p.name for p in EXAMPLES.iterdir() if p.name != "sdk"))
def test_examples_compile(example, checker):
    checked = subprocess.run([*checker, str(EXAMPLES / example)], text=True, capture_output=True, timeout=600)
    if checked.returncode and "proxy.golang.org" in checked.stderr:
        pytest.skip("needs Go modules from the network")
    assert checked.returncode == 0, checked.stderr
    assert "(" in checked.stdout


@pytest.mark.parametrize("module", ["build", "tyk"])
def test_the_sdks_own_tests(module):
    ran = subprocess.run(["go", "test", "./..."], cwd=EXAMPLES / "sdk" / module, text=True, capture_output=True, timeout=600)
    if ran.returncode and "proxy.golang.org" in ran.stderr:
        pytest.skip("needs Go modules from the network")
    assert ran.returncode == 0, ran.stdout + ran.stderr


# --- what a gateway of plugin ABI 1.1 is asked, in its own process and in a plugin host


@pytest.fixture(scope="module")
def abi_host(tmp_path_factory):
    program = tmp_path_factory.mktemp("abi") / "abi_host"
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", f"-I{ROOT}/include", str(SOURCES / "abi_host.c"),
                    "-o", str(program), "-lpthread", "-ldl"], check=True, capture_output=True)
    return program


PENDING = "pending"


def asked(abi_host, probe, *calls, hosted, **env):
    """Lines of what the plugin asked for, those about waiting left out where hooks may wait."""
    ran = subprocess.run([str(abi_host), probe, *calls], text=True, capture_output=True, timeout=60,
                         env={**os.environ, "TYKPP_PLUGIN_HOST": "1" if hosted else "0", **env})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = ran.stdout.splitlines()
    analytics = all(call.startswith("analytics:") for call in calls)
    assert lines.count(PENDING) == (len(calls) if hosted and not analytics else 0)
    return [line for line in lines if line != PENDING]


@pytest.mark.parametrize("hosted", [False, True], ids=["in the gateway", "in a plugin host"])
@pytest.mark.parametrize("calls, expected", [
    (["pre:Header"], ["flags blocks", "delete request X-Secret", "set request X-Go=yes", "set request X-Many=added", "verdict 0"]),
    (["pre:Answer"], ["flags blocks", "add answer X-Answered=yes", "verdict 0"]),
    (["pre:Put", "post:Take"], ["flags blocks", "state", "verdict 0", "flags blocks", "set request X-Taken=value data",
                                "verdict 0"]),
    (["pre:Body"], ["flags body blocks", "set request X-Read=8 8 8", "verdict 0"]),
    (["pre:Config"], ["flags blocks", 'set request X-Config=api whole {"a":[1]}', "verdict 0"]),
    (["pre:Panics"], ["flags blocks", "log 3 Recovered from panic while running Go-plugin middleware func mwSymbolName=Panics "
                      "error=on purpose (of the call)", "explain panic: on purpose", "verdict -1"]),
    (["response:Refuse"], ["flags blocks", "log 3 Returned error code while processing response with Go-plugin middleware func "
                           "mwSymbolName=Refuse status=502 (of the call)", "respond 502 refused",
                           "add response X-Refused=yes", "verdict 1"]),
    (["response:Response"], ["flags body blocks", "delete response X-Remove", "set response X-Go-Response=GET",
                             "add response X-By-Writer=yes", "verdict 0"]),
    (["analytics:Record"], ["flags blocks", "log 1 record of GET /thing 200", 'record {"path":"/replaced"}', "verdict 0"]),
], ids=lambda value: "+".join(value) if ":" in value[0] else "")
def test_what_a_gateway_is_asked(abi_host, probe, calls, expected, hosted):
    assert asked(abi_host, probe, *calls, hosted=hosted) == expected


def test_the_context_of_a_hosted_hook_ends_when_the_client_leaves(abi_host, probe):
    lines = asked(abi_host, probe, "pre:UntilGone", hosted=True, CLIENT_LEAVES="1")
    assert "log 1 go saw the client leave" in lines


def test_two_plugins_with_different_versions_of_a_dependency(tmp_path_factory, upstream, built):
    running = Gateway(tmp_path_factory.mktemp("versions"))
    running.write(classic("versions", upstream.url, custom_middleware={"driver": "goplugin", "pre": [
        {"name": "Version", "path": built(SOURCES / "old_uuid")}, {"name": "Version", "path": built(SOURCES / "new_uuid")}]}))
    running.start()
    try:
        assert running.get("/versions/").status == 200
        assert upstream.requests[0].all("X-Version") == ["v1.1.0", "v1.6.0"]
    finally:
        running.stop()


def test_the_context_ends_when_the_client_leaves(gateway, upstream, probe):
    gateway.write(classic("untilgone", upstream.url, custom_middleware={
        "driver": "goplugin", "pre": [{"name": "UntilGone", "path": probe}]}))
    gateway.reload()
    with gateway.client() as client:
        client.send("GET /untilgone/ HTTP/1.1\r\nHost: x\r\n\r\n")
    gateway.wait_for_log("go saw the client leave")


def test_values_survive_from_hook_to_hook(gateway, upstream, probe):
    gateway.write(classic("carry", upstream.url, custom_middleware={
        "driver": "goplugin", "pre": [{"name": "Put", "path": probe}], "post": [{"name": "Take", "path": probe}]}))
    gateway.reload()
    assert gateway.get("/carry/").status == 200
    assert upstream.requests[0].header("X-Taken") == "value data"


def test_headers_of_a_writer_that_nothing_was_written_to_reach_the_client(gateway, upstream):
    assert gateway.get("/answer/").header("X-Answered") == "yes"


@pytest.mark.parametrize("isolate", [True, False])
def test_client_certificates_and_another_host(new_gateway, upstream, probe, tmp_path, isolate):
    ca, port = Authority(tmp_path / "ca"), free_port()
    ca.issue("server", "localhost")
    ca.issue("ann")
    hooks = {"driver": "goplugin", "pre": [{"name": "Client", "path": probe, "isolate": isolate}]}
    running = new_gateway({"disable_ports_whitelist": True})
    running.write(
        classic("client", upstream.url, listen_port=port, protocol="https", certificates=[str(ca.folder / "server.pem")],
                use_mutual_tls_auth=True, client_certificates=[str(ca.file)],
                custom_middleware=hooks),
        classic("host", upstream.url, proxy={"preserve_host_header": True},
                custom_middleware=hooks)).start()
    answers = []
    eventually(lambda: answers.append(outcome(port, "/client/", tls=context(ca.folder / "ann.pem"))) or answers[-1][0] == 200,
               "the API's port is open")
    assert answers[-1] == (200, "ok") and upstream.requests, (answers, running.log())
    assert upstream.requests[0].all("X-Client") == ["ann"]
    assert re.fullmatch("304 TLS_[A-Z0-9_]+ localhost", upstream.requests[0].header("X-Tls"))
    assert running.get("/host/?host=shop.example:8080").status == 200
    assert upstream.requests[1].header("Host") == "shop.example:8080"
    assert running.get("/host/?host=two%20words").status == 500
    assert len(upstream.requests) == 2
