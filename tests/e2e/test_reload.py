"""Definitions change while the gateway serves."""
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from conftest import long_run
from support.gateway import SANITIZED, classic
from support.upstream import answer
from support.wait import SLOW, eventually


def statuses(gateway, *paths):
    return [gateway.get(path).status for path in paths]


@pytest.fixture
def running(new_gateway, upstream):
    return new_gateway().write(classic("one", upstream.url)).start()


def test_sighup_reloads(running, upstream):
    running.write(classic("two", upstream.url))
    running.process.send_signal(signal.SIGHUP)
    eventually(lambda: statuses(running, "/two/") == [200], "the new API serves")
    assert statuses(running, "/one/") == [200]


def test_a_blocking_reload_answers_when_the_new_definitions_serve(running, upstream):
    for number in range(3):
        running.write(classic(f"more{number}", upstream.url))
        assert json.loads(running.reload())["status"] == "ok"
        assert statuses(running, f"/more{number}/") == [200]


def test_a_reload_that_is_not_awaited_happens_all_the_same(running, upstream):
    running.write(classic("two", upstream.url))
    status, text = running.admin("/tyk/reload")
    assert (status, json.loads(text)) == (200, {"status": "ok", "message": ""})
    eventually(lambda: statuses(running, "/two/") == [200], "the new API serves")


def test_a_group_reload_reloads_this_node(running, upstream):
    running.write(classic("two", upstream.url))
    assert running.admin("/tyk/reload/group")[0] == 200
    eventually(lambda: statuses(running, "/two/") == [200], "the new API serves")


def test_a_changed_definition_takes_effect(running, upstream):
    running.write(classic("one", upstream.url + "new/"))
    running.reload()
    running.get("/one/x")
    assert upstream.requests[-1].target == "/new/x"


def test_a_removed_definition_stops_serving(running, upstream):
    running.write(classic("two", upstream.url))
    running.reload()
    (running.apps / "two.json").unlink()
    running.reload()
    assert statuses(running, "/one/", "/two/") == [200, 404]


def test_sigusr1_does_nothing(running):
    running.process.send_signal(signal.SIGUSR1)
    assert statuses(running, "/one/") == [200]
    assert running.process.poll() is None


def test_a_broken_definition_keeps_its_last_good_version(running, upstream):
    running.replace("one.json", '{"api_id": "one", ')
    running.reload()
    assert statuses(running, "/one/") == [200]
    assert "one.json" in json.dumps(running.hello())
    running.write(classic("one", upstream.url + "mended/"))
    running.reload()
    running.get("/one/x")
    assert upstream.requests[-1].target == "/mended/x"
    assert "one.json" not in json.dumps(running.hello())


def test_a_broken_definition_is_named_in_the_log_and_in_the_answer_of_the_reload(running):
    running.replace("broken.json", '{"api_id": ')
    text = running.reload()
    assert "broken.json" in text
    running.wait_for_log("broken.json")


def test_a_broken_definition_does_not_hold_up_the_change_of_another(running, upstream):
    running.replace("one.json", "not json")
    running.write(classic("two", upstream.url))
    running.reload()
    assert statuses(running, "/one/", "/two/") == [200, 200]


def test_a_file_is_picked_up_by_the_watch(new_gateway, upstream):
    gateway = new_gateway({"enable_file_watch": True}).write(classic("one", upstream.url)).start()
    gateway.write(classic("two", upstream.url))
    eventually(lambda: statuses(gateway, "/two/") == [200], "the new file serves", 8)
    gateway.write(classic("two", upstream.url + "changed/"))
    eventually(lambda: gateway.get("/two/x").status == 200 and upstream.requests[-1].target == "/changed/x",
               "the changed file serves", 8)
    (gateway.apps / "two.json").unlink()
    eventually(lambda: statuses(gateway, "/two/") == [404], "the removed file no longer serves", 8)


def test_without_the_watch_a_new_file_waits_for_a_reload(running, upstream):
    running.write(classic("two", upstream.url))
    time.sleep(1.5)  # nothing can be awaited here: the point is that nothing happens
    assert statuses(running, "/two/") == [404]


def test_a_request_in_flight_ends_on_the_definition_it_began_with(running, upstream):
    go = threading.Event()

    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        go.wait(10)
        connection.send(b"half")

    upstream.on("/slow", script)
    with running.client() as client:
        client.request("GET", "/one/slow")
        upstream.wait(1)
        (running.apps / "one.json").unlink()
        running.reload()
        assert statuses(running, "/one/") == [404]
        go.set()
        assert client.response().body == b"halfhalf"


def test_an_open_connection_sees_the_new_definitions(running, upstream):
    with running.client() as client:
        assert client.get("/two/").status == 404
        running.write(classic("two", upstream.url))
        running.reload()
        assert client.get("/two/").status == 200


def test_sigterm_lets_a_request_in_flight_end(new_gateway, upstream):
    gateway = new_gateway().write(classic("one", upstream.url)).start()
    go = threading.Event()

    def script(connection, _):
        go.wait(10)
        connection.send(answer(b"finished"))

    upstream.on("/slow", script)
    with gateway.client() as client:
        client.request("GET", "/one/slow")
        upstream.wait(1)
        gateway.process.send_signal(signal.SIGTERM)

        def refused():
            try:
                gateway.client().close()
            except ConnectionError:
                return True

        eventually(refused, "the gateway takes no new connections")
        go.set()
        assert client.response().body == b"finished"
    assert gateway.stop() == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_it_ends_at_once_when_nothing_is_in_flight(new_gateway, upstream, how):
    gateway = new_gateway({"graceful_shutdown_timeout_duration": 10}).write(classic("one", upstream.url)).start()
    with gateway.client() as idle:
        assert idle.get("/one/").status == 200
        started = time.monotonic()
        assert gateway.stop(how) == 0
        assert time.monotonic() - started < 4 * SLOW


def test_a_request_that_does_not_end_is_cut_after_the_grace_period(new_gateway, upstream):
    gateway = new_gateway({"graceful_shutdown_timeout_duration": 1}).write(classic("one", upstream.url)).start()
    upstream.on("/never", lambda c, r: c.wait_gone(30) and False)
    with gateway.client() as client:
        client.request("GET", "/one/never")
        upstream.wait(1)
        started = time.monotonic()
        gateway.stop()
        assert time.monotonic() - started < 6 * SLOW


def test_sigusr2_hands_over_without_a_failed_request(new_gateway, upstream):
    """The specification calls it optional. Whatever is chosen, the process must not die of it."""
    gateway = new_gateway().write(classic("one", upstream.url)).start()
    gateway.process.send_signal(signal.SIGUSR2)
    for _ in range(20):
        assert statuses(gateway, "/one/") == [200]
    if gateway.process.poll() is not None:  # a successor took over: end it by the file that names it
        assert gateway.process.returncode == 0
        os.kill(int((gateway.work / "tykpp.pid").read_text()), signal.SIGTERM)


# --- under load

def wrk(port: int, path: str, seconds: int) -> subprocess.Popen:
    return subprocess.Popen(["wrk", "-t1", "-c64", f"-d{seconds}s", "--timeout", "10s", f"http://127.0.0.1:{port}{path}"],
                            stdout=subprocess.PIPE, text=True)


def failures(report: str) -> int:
    """Failed requests in a report of wrk."""
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    return (sum(map(int, errors.groups())) if errors else 0) + (int(bad[1]) if bad else 0)


@pytest.mark.slow
def test_reloads_under_load_fail_no_request_and_keep_the_memory(new_gateway, nginx):
    reloads = 100 if long_run() else 20
    target = f"http://127.0.0.1:{nginx}/"
    gateway = new_gateway().write(classic("load", target), *(classic(f"other{n}", target) for n in range(20))).start()
    # The first load and the first reloads set the level: buffers, arenas and pools are warm then.
    load = wrk(gateway.port, "/load/", int(3 + reloads * 1.2 + 6))
    time.sleep(1)
    for number in range(5):
        gateway.write(classic("load", target, slug=f"warm-{number}"))
        gateway.reload()
    before = gateway.rss_kb()
    for number in range(reloads):
        gateway.write(classic("load", target, slug=f"load-{number}"), classic("other1", f"{target}{number}/"),
                      classic(f"coming{number % 7}", target))
        gateway.replace(f"other{2 + number % 3}.json", "{" if number % 2 else json.dumps(classic("other2", target)))
        gateway.reload()
    after = gateway.rss_kb()
    load.send_signal(signal.SIGINT)
    report = load.communicate(timeout=60)[0]
    assert failures(report) == 0, report
    assert int(re.search(r"(\d+) requests in", report)[1]) > 1000
    if not SANITIZED:
        assert after - before < 2048, f"{before} kB before, {after} kB after {reloads} reloads"
