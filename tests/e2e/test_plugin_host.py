"""Native plugins in processes of their own: every hook, every way to die, and nothing left behind."""
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.gateway import ROOT, classic, oas
from support.upstream import answer
from support.wait import SLOW, eventually

HOSTED = ROOT / "tests/common/plugins/hosted.cpp"
LATER = ROOT / "tests/common/plugins/later.cpp"
GO = ROOT / "tests/e2e/plugins/handmade_go"


def compile_plugin(source, target, *flags):
    """Not sanitized: the process that loads it is the same binary, and a sanitizer's report is no crash of a user's."""
    unfinished = Path(f"{target}.tmp")
    subprocess.run(["g++", "-std=c++17", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", *flags, f"-I{ROOT}/include",
                    str(source), "-o", str(unfinished)], check=True, capture_output=True)
    unfinished.replace(target)
    return str(target)


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugins")
    return {"hosted": compile_plugin(HOSTED, folder / "hosted.so"), "later": compile_plugin(LATER, folder / "later.so")}


@pytest.fixture(scope="module")
def go_plugin(tmp_path_factory):
    if shutil.which("go") is None or os.environ.get("TYKPP_PRESET") == "tsan":
        pytest.skip("no Go compiler here, or its runtime not built with ThreadSanitizer as the rest is")
    target = tmp_path_factory.mktemp("go") / "handmade.so"
    env = {**os.environ, "CGO_CFLAGS": f"-I{ROOT}/include", "GOFLAGS": "", "CGO_ENABLED": "1"}
    subprocess.run(["go", "build", "-buildmode=c-shared", "-o", str(target), "."], cwd=GO, env=env, check=True,
                   capture_output=True)
    return str(target)


def hook(path, name, **more):
    return {"name": name, "path": path, "isolate": True, **more}


def hosts_of(pid: int) -> list:
    """Process ids of the plugin hosts of a gateway."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int(re.search(r"^PPid:\s*(\d+)", (entry / "status").read_text(), re.M)[1])
        except (OSError, TypeError):
            continue
        if parent == pid and b"plugin-host" in words:
            found.append(int(entry.name))
    return found


def alive(pid: int) -> bool:
    try:
        return "Z" not in re.search(r"^State:\s*(\S)", Path(f"/proc/{pid}/status").read_text(), re.M)[1]
    except (OSError, TypeError):
        return False


def seen(upstream, name):
    return upstream.requests[-1].header(name)


def server_of(gateway, path):
    return next(p for p in json.loads(gateway.admin("/tyk/plugins")[1]) if p["path"] == path)


@pytest.fixture
def gateway(new_gateway, upstream, plugins):
    """APIs: where (Where), bad (Misbehave, half a second), late (Later)."""
    # A crash shall look like one: sanitizers would turn the signal into a report of their own.
    plain = {name: os.environ.get(name, "") + ":handle_segv=0:handle_abort=0" for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")}
    made = new_gateway({"plugin_host_threads": 4, "plugin_host_max_restart_delay_ms": 400}, env=plain)
    made.write(
        classic("where", upstream.url, custom_middleware={"driver": "native", "pre": [hook(plugins["hosted"], "Where")]}),
        classic("bad", upstream.url, custom_middleware={
            "driver": "native", "pre": [hook(plugins["hosted"], "Misbehave", timeout_ms=int(500 * SLOW))]}),
        classic("late", upstream.url, custom_middleware={
            "driver": "native", "pre": [hook(plugins["hosted"], "Later", timeout_ms=int(500 * SLOW)),
                                        hook(plugins["hosted"], "TellEnded")]}))
    return made.start()


def works_again(gateway):
    eventually(lambda: gateway.get("/where/").status == 200, "the host to be back", 20 * SLOW)


def test_runs_in_another_process_that_ends_with_the_gateway(gateway, upstream):
    response = gateway.get("/where/")
    assert response.status == 200
    pid = int(seen(upstream, "X-Pid"))
    assert pid != gateway.process.pid and hosts_of(gateway.process.pid) == [pid]
    assert seen(upstream, "X-Host") == "1"
    assert response.header("X-Answer-Pid") == str(pid)
    gateway.stop()
    assert not alive(pid)


def test_leaves_no_process_when_the_gateway_is_killed(gateway):
    pids = hosts_of(gateway.process.pid)
    assert pids
    process, gateway.process = gateway.process, None
    process.kill()
    process.wait()
    eventually(lambda: not any(alive(pid) for pid in pids), "the host to end with its parent")


def test_drivers_choose_the_place_and_entries_override_it(new_gateway, upstream, plugins):
    gateway = new_gateway()
    for name, driver, more in [("go", "goplugin", {}), ("native", "native", {}), ("gohere", "goplugin", {"isolate": False}),
                               ("there", "native", {"isolate": True})]:
        gateway.write(classic(name, upstream.url, custom_middleware={
            "driver": driver, "pre": [{"name": "Where", "path": plugins["hosted"], **more}]}))
    document = oas("oas", upstream.url)
    document["x-tyk-api-gateway"]["middleware"] = {"global": {
        "pluginConfig": {"driver": "native"},
        "prePlugins": [{"enabled": True, "functionName": "Where", "path": plugins["hosted"], "isolate": True}]}}
    gateway.write(document).start()
    own = str(gateway.process.pid)
    for name, here in [("go", False), ("native", True), ("gohere", True), ("there", False), ("oas", False)]:
        assert gateway.get(f"/{name}/").status == 200
        assert (seen(upstream, "X-Pid") == own) == here, name
    assert len(hosts_of(gateway.process.pid)) == 1, "one process for one content"


def test_isolate_is_for_shared_objects_alone(new_gateway, upstream):
    gateway = new_gateway({"enable_jsvm": True})
    gateway.write(classic("js", upstream.url, custom_middleware={
        "driver": "otto", "pre": [{"name": "x", "path": "x.js", "isolate": True}]})).start()
    gateway.wait_for_log("only a plugin of the drivers native and goplugin can be isolated")
    assert gateway.get("/js/").status == 404


def test_every_hook(new_gateway, upstream, plugins):
    gateway = new_gateway({"enable_analytics": True})
    later, hosted = plugins["later"], plugins["hosted"]
    gateway.write(classic("all", upstream.url, custom_middleware={
        "driver": "native", "pre": [hook(later, "Remember"), hook(later, "RememberLater"), hook(later, "TellFacts"),
                                    hook(hosted, "ReadBody")],
        "post": [hook(later, "Stamp")], "response": [hook(later, "Recall"), hook(hosted, "Mark")]},
        analytics_plugin={"enable": True, "plugin_path": hosted, "func_name": "Tell", "isolate": True})).start()
    upstream.on("/x", lambda connection, _: connection.send(answer(b"from upstream", "200 OK", "X-Stamp: upstream")))
    with gateway.client() as client:
        client.request("POST", "/all/x?y", ["X-Word: w"], b"a body")
        response = client.response()
    assert response.status == 200 and response.body == b"from upstream+marked"
    assert response.all("X-Stamp") == ["1", "2", "1", "2", "upstream"]
    assert response.header("X-State") == "w,w"
    request = upstream.requests[-1]
    assert request.header("X-Body") == "a body" and request.body == b"a body"
    facts = request.header("X-Facts").split("|")
    assert facts[0] == "HTTP/1.1" and facts[2] == "/all/x?y" and facts[1].startswith("127.0.0.1:")
    assert '"api_id":"all"' in facts[4].replace(" ", "") and facts[5] == "classic" and '"app_path"' in facts[7]
    assert "352d20ee" not in facts[7] and '"secret":' not in facts[7]
    gateway.wait_for_log("record path=/x code=200")
    # The state goes with the request.
    assert gateway.get("/all/", "X-Word: w").header("X-State") == "w,w"
    eventually(lambda: int(gateway.get("/all/").header("X-Dropped")) >= 4, "state to be dropped")


def test_authenticates_and_hands_the_session_on(new_gateway, upstream):
    gateway = new_gateway()
    gateway.write(classic("auth", upstream.url, use_keyless=False, custom_plugin_auth_enabled=True,
                          config_data={"keys": ["red-apple"]}, custom_middleware={
                              "driver": "native", "auth_check": hook(gateway.plugin("api_keys"), "CheckKey"),
                              "post_key_auth": [hook(gateway.plugin("who_is_it"), "TellUpstream")]})).start()
    assert gateway.get("/auth/", "X-Key: blue").status == 403
    assert gateway.get("/auth/", "X-Key: red-apple").status == 200
    assert seen(upstream, "X-Client-Key") == "red-apple" and seen(upstream, "X-Key") is None


def test_headers_of_the_answer_reach_errors_and_plugins_answers(new_gateway, upstream, plugins):
    gateway = new_gateway()
    later = plugins["later"]
    for name, isolate in [("here", False), ("there", True)]:
        stamp = {"name": "Stamp", "path": later, "isolate": isolate}
        gateway.write(classic(name, "http://127.0.0.1:1/", custom_middleware={"driver": "native", "pre": [stamp]}),
                      classic(f"{name}-ok", upstream.url, custom_middleware={"driver": "native", "pre": [stamp]}))
    gateway.start()
    for name in ("here", "there"):
        failed = gateway.get(f"/{name}/")
        assert failed.status >= 500 and failed.all("X-Stamp") == ["1", "2"], name
        assert failed.all("Content-Type") == ["application/json"]
        assert gateway.get(f"/{name}-ok/").all("X-Stamp") == ["1", "2"]


@pytest.mark.parametrize("how,why", [("segfault", "signal 11"), ("abort", "fatal error: this plugin has had enough"),
                                     ("exit", "exit status 3")])
def test_a_crash_fails_the_calls_under_way_and_is_followed_by_a_restart(gateway, upstream, plugins, how, why):
    assert gateway.get("/where/").status == 200
    before = seen(upstream, "X-Pid")
    response = gateway.get("/bad/", f"X-How: {how}")
    assert response.status == 500 and b'"error": "Internal Server Error"' in response.body
    works_again(gateway)
    assert seen(upstream, "X-Pid") != before
    gateway.wait_for_log("plugin host died")
    assert why in gateway.log()
    status = server_of(gateway, plugins["hosted"])
    assert status["server_restarts"] >= 1 and status["server_state"] == "ready"


def test_a_crash_is_the_hooks_failure(new_gateway, upstream, plugins):
    gateway = new_gateway()
    gateway.write(classic("skip", upstream.url, custom_middleware={
        "driver": "native", "pre": [hook(plugins["hosted"], "Misbehave", on_error="skip")]})).start()
    assert gateway.get("/skip/", "X-How: abort").status == 200
    assert server_of(gateway, plugins["hosted"])["skipped"] == 1


def test_calls_fail_at_once_while_the_host_is_down(gateway):
    # The pause before a start grows with each death in a row; pages and calls say why nothing works.
    for _ in range(4):
        gateway.get("/bad/", "X-How: abort")
        time.sleep(0.02)
    seen_down = False
    for _ in range(200):
        begin = time.monotonic()
        response = gateway.get("/where/")
        if response.status == 500 and "the plugin host is down" in gateway.log():
            seen_down = True
            assert time.monotonic() - begin < 1
            break
        gateway.get("/bad/", "X-How: abort")
    assert seen_down
    works_again(gateway)


def test_killed_under_load_every_request_is_good_afterwards(gateway, upstream):
    stop, statuses = threading.Event(), []

    def load():
        with gateway.client() as client:
            while not stop.is_set():
                statuses.append(client.get("/where/").status)

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(load) for _ in range(8)]
        for _ in range(3):
            target = eventually(lambda: hosts_of(gateway.process.pid), "a host")
            time.sleep(0.3)
            os.kill(target[0], signal.SIGKILL)
            works_again(gateway)
        stop.set()
        for one in running:
            one.result()
    assert set(statuses) <= {200, 500} and 500 in statuses
    with gateway.client() as client:
        assert [client.get("/where/").status for _ in range(200)] == [200] * 200
    assert len(hosts_of(gateway.process.pid)) == 1


def test_a_hanging_hook_times_out_and_stops_nobody_else(gateway):
    with ThreadPoolExecutor(2) as pool:
        hanging = [pool.submit(gateway.get, "/bad/", f"X-How: sleep{int(1500 * SLOW)}") for _ in range(2)]
        time.sleep(0.1)
        begin = time.monotonic()
        assert gateway.get("/where/").status == 200
        assert time.monotonic() - begin < 0.4 * SLOW
        assert [one.result().status for one in hanging] == [500, 500]


def test_a_host_whose_threads_never_come_back_is_replaced(gateway):
    with ThreadPoolExecutor(4) as pool:
        assert {r.status for r in pool.map(lambda _: gateway.get("/bad/", "X-How: spin"), range(4))} == {500}

    def replaced():
        gateway.get("/bad/")
        return "all its threads are in hooks that have passed their deadlines" in gateway.log()

    eventually(replaced, "the host to be given up", 30 * SLOW)
    works_again(gateway)


def test_deferred_calls_complete_and_end(gateway, upstream):
    assert gateway.get("/late/x%20y", "X-Delay: 20").status == 200
    assert seen(upstream, "X-Late") == "/late/x y"
    assert gateway.get("/late/", f"X-Delay: {int(900 * SLOW)}").status == 500

    def told():
        gateway.get("/late/")
        return upstream.requests and seen(upstream, "X-Ended") == "1"

    eventually(told, "the plugin to hear of the end")

    def leaves():
        with gateway.client() as client:
            client.request("GET", "/late/", [f"X-Delay: {int(400 * SLOW)}"])
            time.sleep(0.1)  # the call is under way when the client leaves
        gateway.get("/late/")
        return int(seen(upstream, "X-Ended")) > 1

    eventually(leaves, "the plugin to hear that the client left")


def test_many_calls_at_once(gateway, upstream):
    def call(number):
        with gateway.client() as client:
            return [client.get(f"/late/{number}", f"X-Delay: {number % 7}").status for _ in range(5)]

    with ThreadPoolExecutor(32) as pool:
        assert {s for statuses in pool.map(call, range(64)) for s in statuses} == {200}


def test_memory_is_limited(new_gateway, upstream, plugins):
    gateway = new_gateway({"plugin_host_memory_limit": 256 << 20})
    gateway.write(classic("bad", upstream.url, custom_middleware={
        "driver": "native", "pre": [hook(plugins["hosted"], "Misbehave", timeout_ms=20000)]})).start()
    if "asan" in str(gateway.log_path) or os.environ.get("TYKPP_PRESET") in ("asan", "tsan"):
        pytest.skip("sanitizers need more than any limit")
    assert gateway.get("/bad/", "X-How: eat").status == 500
    assert "bad_alloc" in gateway.log(), "C++ gets an exception, which fails the call alone"
    eventually(lambda: gateway.get("/bad/").status == 200, "the host to serve")
    for pid in hosts_of(gateway.process.pid):
        size = int(re.search(r"^VmData:\s*(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)[1])
        assert size <= 256 << 10


def test_output_and_log_lines_reach_the_log(gateway):
    gateway.get("/bad/", "X-How: print")
    gateway.wait_for_log('plugin writes \\"printed by the plugin\\"')
    gateway.get("/bad/", "X-How: log")
    gateway.wait_for_log('plugin says \\"logged by the plugin\\"')
    line = next(line for line in gateway.log().splitlines() if "logged by the plugin" in line)
    assert "level=warning" in line and "hook_name=Misbehave" in line and "request_id=" in line


def test_a_reload_starts_the_new_file_and_drains_the_old(new_gateway, upstream, tmp_path):
    path, second = tmp_path / "changing.so", tmp_path / "second.so"
    compile_plugin(HOSTED, path, '-DHOSTED_VERSION="1"')
    compile_plugin(HOSTED, second, '-DHOSTED_VERSION="2"')
    gateway = new_gateway()
    gateway.write(
        classic("where", upstream.url, custom_middleware={"driver": "native", "pre": [hook(str(path), "Where")]}),
        classic("bad", upstream.url, custom_middleware={
            "driver": "native", "pre": [hook(str(path), "Misbehave", timeout_ms=60000)]})).start()
    gateway.get("/where/")
    assert seen(upstream, "X-Version") == "1"
    old = hosts_of(gateway.process.pid)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(gateway.get, "/bad/", f"X-How: sleep{int(3000 * SLOW)}")
        time.sleep(0.2)
        second.replace(path)
        gateway.reload()
        gateway.get("/where/")
        assert seen(upstream, "X-Version") == "2"
        assert alive(old[0]), "a call is under way there"
        assert slow.result().status == 200
    eventually(lambda: not alive(old[0]), "the old host to end")
    assert len(hosts_of(gateway.process.pid)) == 1


def test_many_reloads_leave_no_process_behind(new_gateway, upstream, tmp_path):
    files = []
    for version in (1, 2):
        files.append(tmp_path / f"v{version}.so")
        compile_plugin(HOSTED, files[-1], f'-DHOSTED_VERSION="{version}"')
    gateway = new_gateway({"reload_interval": 1})
    path = tmp_path / "plugin.so"
    shutil.copy(files[0], path)
    gateway.write(classic("where", upstream.url, custom_middleware={
        "driver": "native", "pre": [hook(str(path), "Where")]})).start()
    for turn in range(6):
        fresh = tmp_path / "fresh.so"
        shutil.copy(files[(turn + 1) % 2], fresh)
        fresh.replace(path)
        gateway.reload()
        assert gateway.get("/where/").status == 200
        assert seen(upstream, "X-Version") == str((turn + 1) % 2 + 1)
    eventually(lambda: len(hosts_of(gateway.process.pid)) == 1, "old hosts to end")


def test_a_plugin_that_cannot_be_loaded_says_why(new_gateway, upstream, tmp_path, plugins):
    source = tmp_path / "dies.c"
    source.write_text("#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }\n"
                      "const void *tykpp_plugin_query(void) { return 0; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(tmp_path / "dies.so")], check=True)
    gateway = new_gateway({"plugin_host_start_timeout_ms": 5000})
    gateway.write(
        classic("dies", upstream.url, custom_middleware={"driver": "native", "pre": [hook(str(tmp_path / "dies.so"), "X")]}),
        classic("name", upstream.url, custom_middleware={"driver": "native", "pre": [hook(plugins["hosted"], "Nope")]}),
        classic("place", upstream.url, custom_middleware={"driver": "native", "pre": [hook(plugins["hosted"], "Mark")]}),
        classic("good", upstream.url)).start()
    log = gateway.log()
    assert "dies.so signal 6 (Aborted)" in log
    assert 'has no function \\"Nope\\"; it has: Where, Misbehave' in log
    assert 'function \\"Mark\\" cannot be a pre hook' in log
    assert gateway.get("/dies/").status == 500 and gateway.get("/good/").status == 200


def test_two_hosts_at_once(new_gateway, upstream, plugins):
    gateway = new_gateway()
    gateway.write(classic("two", upstream.url, custom_middleware={
        "driver": "native", "pre": [hook(plugins["hosted"], "Where"), hook(plugins["later"], "Stamp")]})).start()
    response = gateway.get("/two/")
    assert response.header("X-Answer-Pid") and response.all("X-Stamp") == ["1", "2"]
    assert len(hosts_of(gateway.process.pid)) == 2


def test_go_runs_and_panics_in_its_own_process(new_gateway, upstream, go_plugin):
    gateway = new_gateway({"plugin_host_memory_limit": 512 << 20, "plugin_host_max_restart_delay_ms": 300})
    for name in ("GoHeader", "GoLater", "GoPanic", "GoPanicElsewhere", "GoEat"):
        gateway.write(classic(name.lower(), upstream.url, custom_middleware={
            "driver": "goplugin", "pre": [{"name": name, "path": go_plugin, "timeout_ms": 20000}]}))
    gateway.start()
    assert gateway.get("/goheader/").status == 200
    assert seen(upstream, "X-Go").startswith("go1") and int(seen(upstream, "X-Pid")) != gateway.process.pid
    assert [gateway.get("/golater/").status for _ in range(50)] == [200] * 50
    assert seen(upstream, "X-Go") == "later"
    # Under the limit Go fails at the heap, or at the stack of one more thread, whichever comes first.
    for name, *why in [("gopanic", "panic: the plugin lost its head"), ("gopanicelsewhere", "panic: a goroutine lost its head"),
                       ("goeat", "out of memory", "pthread_create failed: Resource temporarily unavailable")]:
        eventually(lambda: gateway.get("/goheader/").status == 200, "the host to be back", 20 * SLOW)
        if name == "goeat" and os.environ.get("TYKPP_PRESET") in ("asan", "tsan"):
            continue
        assert gateway.get(f"/{name}/").status == 500
        eventually(lambda: any(text in gateway.log() for text in why), f"the log to say {why}")
    eventually(lambda: gateway.get("/goheader/").status == 200, "the host to be back", 20 * SLOW)


def test_a_process_takes_one_go_runtime(new_gateway, upstream, go_plugin, tmp_path):
    other = tmp_path / "other.so"
    other.write_bytes(Path(go_plugin).read_bytes() + b"\0")  # another content, the same plugin
    gateway = new_gateway()
    for name, path in [("one", go_plugin), ("two", str(other))]:
        gateway.write(classic(name, upstream.url, custom_middleware={
            "driver": "goplugin", "pre": [{"name": "GoHeader", "path": path, "isolate": False}]}))
    gateway.start()
    assert sorted(gateway.get(f"/{name}/").status for name in ("one", "two")) == [200, 500]
    assert "brings a Go runtime, and this process has the one of" in gateway.log()
