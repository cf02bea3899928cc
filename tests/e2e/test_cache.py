"""Answers that are kept: what is a hit and what is not, and what a store in trouble costs. docs/cache.md says it."""
import base64
import gzip
import hashlib
import json
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from support.client import Client
from support.gateway import ROOT, classic, oas
from support.redis import Redis
from support.upstream import answer
from support.wait import SLOW, eventually

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))
import records  # noqa: E402  (the decoder of the recorded cases)

SAFE = {"enable_cache": True, "cache_timeout": 60, "cache_all_safe_requests": True}
KEYED = {"use_keyless": False}
KEY = {"org_id": "default", "rate": 100000, "per": 60, "quota_max": 50, "quota_renewal_rate": 3600}


def cached(name, upstream, lists=None, options=None, **changes):
    if lists is not None:
        changes["version_data"] = {"not_versioned": True, "versions": {"Default": {
            "name": "Default", "use_extended_paths": True, "extended_paths": lists}}}
    return classic(name, upstream.url, cache_options={**SAFE, **(options or {})}, **changes)


def listed(name, upstream, **lists):
    """An API where endpoints say what is kept."""
    return cached(name, upstream, lists, {"cache_all_safe_requests": False})


@pytest.fixture(params=["redis", "embedded"])
def either(request, new_gateway):
    """A gateway on one store and on the other."""
    conf = request.getfixturevalue("redis").conf() if request.param == "redis" else {}

    def make(*definitions, **more):
        return new_gateway({**conf, "allow_master_keys": True, **more}).write(*definitions).start()

    return make


@pytest.fixture
def start(new_gateway, redis):
    def make(*definitions, **conf):
        return new_gateway({**redis.conf(), "allow_master_keys": True, **conf}).write(*definitions).start()

    return make


@pytest.fixture
def counting(upstream):
    """The upstream numbers its answers, so that an old one can be told from a new one."""
    numbers = iter(range(1, 10 ** 6))

    def on(path, *headers, status="200 OK"):
        def script(connection, request):
            body = b"answer %d" % next(numbers)
            connection.send(answer(b"" if request.method == "HEAD" else body, status, *headers))

        upstream.on(path, script)

    return on


def ask(gateway, target, *headers, method="GET", body=b""):
    with Client(gateway.port) as client:
        return client.request(method, target, headers, body).response(method)


def is_hit(reply):
    assert reply.header("X-Tyk-Cached-Response") in (None, "1")
    return reply.header("X-Tyk-Cached-Response") == "1"


def warmed(gateway, *request, **more):
    """An answer of the upstream and the same one as it was kept: that happens beside its way to the client, so that another
    request, which fetches one of its own, may come before."""
    fresh = [ask(gateway, *request, **more)]
    assert not is_hit(fresh[0]), fresh[0]

    def kept():
        reply = ask(gateway, *request, **more)
        if not is_hit(reply):
            fresh.append(reply)
        return reply if is_hit(reply) and reply.body == fresh[-1].body else None

    hit = eventually(kept, "the answer is kept")
    return fresh[-1], hit


def never_kept(gateway, redis, target, *headers):
    """Asked several times on one connection, nothing of it is in the store when a later answer is."""
    before = set(redis.ask("KEYS", "cache-*"))
    api = target.split("/")[1]
    with gateway.client() as client:
        for _ in range(3):
            assert not is_hit(client.get(target, *headers))
        client.get(f"/{api}/marker?{len(before)}")
    kept = eventually(lambda: set(redis.ask("KEYS", "cache-*")) - before, "the marker is kept")
    assert len(kept) == 1, kept


def entries(redis):
    return eventually(lambda: redis.ask("KEYS", "cache-*"), "an answer is in the store")


def test_a_second_request_is_a_hit(either, upstream, counting):
    counting("/a", "X-Up: 1", "Content-Type: text/x", "Connection: keep-alive", "X-RateLimit-Limit: 77")
    gateway = either(cached("c", upstream))
    first, hit = warmed(gateway, "/c/a?x=1")
    assert (hit.status, hit.body, hit.header("X-Up"), hit.header("Content-Type")) == (200, first.body, "1", "text/x")
    assert hit.header("Content-Length") == str(len(first.body))
    for reply in (first, hit):
        assert reply.all("X-RateLimit-Limit") == reply.all("X-RateLimit-Remaining") == reply.all("X-RateLimit-Reset") == ["0"]
    assert not is_hit(ask(gateway, "/c/a?x=2")), "the query tells requests apart"
    asked = len(upstream.requests)
    assert ask(gateway, "/c/a?x=1").body == first.body and len(upstream.requests) == asked
    posts = [ask(gateway, "/c/a?x=1", method="POST", body=b"p") for _ in range(3)]
    assert not any(is_hit(post) for post in posts)


def test_answers_to_head_are_their_own(either, upstream):
    def script(connection, request):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nX-Up: 1\r\n\r\n" + ("" if request.method == "HEAD" else "7 bytes"))

    upstream.on("/a", script)
    gateway = either(cached("c", upstream))
    first, hit = warmed(gateway, "/c/a", method="HEAD")
    assert first.header("Content-Length") == hit.header("Content-Length") == "7"
    whole, hit = warmed(gateway, "/c/a")
    assert whole.body == hit.body == b"7 bytes"
    with Client(gateway.port) as client:  # nothing is left on a connection
        assert client.request("HEAD", "/c/a").response("HEAD").header("X-Up") == "1"
        assert client.get("/c/a").body == b"7 bytes"


def test_an_answer_to_head_of_unknown_length(either, upstream):
    upstream.on("/a", lambda c, r: c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    gateway = either(cached("c", upstream))
    _, hit = warmed(gateway, "/c/a", method="HEAD")
    assert hit.header("Content-Length") is None


def test_keys_do_not_share_answers(either, upstream, counting):
    counting("/a")
    gateway = either(cached("c", upstream, **KEYED))
    for name in ("first-key", "second-key"):
        assert gateway.admin(f"/tyk/keys/{name}", "POST", KEY)[0] == 200
    first, hit = warmed(gateway, "/c/a", "Authorization: first-key")
    other, others = warmed(gateway, "/c/a", "Authorization: second-key")
    assert hit.body == first.body != other.body == others.body
    assert ask(gateway, "/c/a").status == 401 and ask(gateway, "/c/a", "Authorization: third-key").status == 403
    remaining = int(hit.header("X-RateLimit-Remaining"))
    assert hit.header("X-RateLimit-Limit") == "50" and remaining < 49, "hits count"
    again = ask(gateway, "/c/a", "Authorization: first-key")
    assert is_hit(again) and int(again.header("X-RateLimit-Remaining")) < remaining


def test_a_key_that_is_gone_gets_nothing(either, upstream, counting):
    counting("/a")
    gateway = either(cached("c", upstream, **KEYED))
    assert gateway.admin("/tyk/keys/first-key", "POST", KEY)[0] == 200
    warmed(gateway, "/c/a", "Authorization: first-key")
    assert gateway.admin("/tyk/keys/first-key?org_id=default", "DELETE")[0] == 200
    assert ask(gateway, "/c/a", "Authorization: first-key").status == 403


def test_clients_without_a_key_are_told_apart_by_address(either, upstream, counting):
    counting("/a")
    gateway = either(cached("c", upstream))
    first, hit = warmed(gateway, "/c/a", "X-Real-IP: 192.0.2.1")
    other = ask(gateway, "/c/a", "X-Real-IP: 192.0.2.2")
    assert not is_hit(other) and other.body != first.body == hit.body


def test_headers_tell_requests_apart(either, upstream, counting):
    counting("/a")
    gateway = either(cached("c", upstream, options={"cache_by_headers": ["X-Tenant", "X-Role"]}))
    first, hit = warmed(gateway, "/c/a", "X-Tenant: one", "X-Role: admin")
    assert hit.body == first.body
    for headers in ([], ["X-Tenant: one"], ["X-Tenant: two", "X-Role: admin"], ["X-Role: admin"]):
        assert not is_hit(ask(gateway, "/c/a", *headers)), headers
    # Joined without marks, as names in the store are, these would be the same.
    for _ in range(3):
        forged = ask(gateway, "/c/a", "X-Tenant: oneX-Role-admin")
        assert not is_hit(forged) and forged.body != first.body


def test_an_answer_ends(either, upstream, counting):
    counting("/a")
    gateway = either(cached("c", upstream, options={"cache_timeout": 1}))
    first, _ = warmed(gateway, "/c/a")
    fresh = eventually(lambda: (reply := ask(gateway, "/c/a")) and not is_hit(reply) and reply, "the answer ends")
    assert fresh.body != first.body


def test_nothing_is_kept_for_no_time(start, redis, upstream, counting):
    counting("/a")
    counting("/marker")
    gateway = start(cached("c", upstream, {"advance_cache_config": [{"path": "/marker", "method": "GET", "timeout": 9}]},
                           {"cache_timeout": 0, "cache_all_safe_requests": False}),
                    cached("d", upstream, options={"cache_timeout": 0}))
    never_kept(gateway, redis, "/c/a")
    assert not any(is_hit(ask(gateway, "/d/a")) for _ in range(3))


def test_endpoints_say_what_is_kept(either, upstream, counting):
    for path in ("/plain/1", "/no", "/put", "/short"):
        counting(path)
    gateway = either(listed("c", upstream, cache=["/plain/{id}"], advance_cache_config=[
        {"path": "/put", "method": "PUT"}, {"path": "/short", "method": "GET", "timeout": 1},
        {"path": "/no", "method": "GET", "disabled": True}]))
    for method in ("GET", "OPTIONS", "HEAD"):
        warmed(gateway, "/c/plain/1", method=method)
    first, hit = warmed(gateway, "/c/put", method="PUT", body=b"x=1")
    assert hit.body == first.body
    assert not is_hit(ask(gateway, "/c/put", method="PUT", body=b"x=2")), "the body tells requests apart"
    warmed(gateway, "/c/short")
    eventually(lambda: not is_hit(ask(gateway, "/c/short")), "the endpoint's own time ends")
    for target, method in (("/c/no", "GET"), ("/c/plain/1", "POST"), ("/c/put", "GET")):
        assert not any(is_hit(ask(gateway, target, method=method)) for _ in range(3)), (target, method)


def test_a_part_of_the_body_counts(either, upstream, counting):
    counting("/part")
    gateway = either(listed("c", upstream, advance_cache_config=[
        {"path": "/part", "method": "POST", "cache_key_regex": "id=\\d+"}]))
    first, _ = warmed(gateway, "/c/part", method="POST", body=b"id=1&time=5")
    assert ask(gateway, "/c/part", method="POST", body=b"id=1&time=6").body == first.body
    assert not is_hit(ask(gateway, "/c/part", method="POST", body=b"id=2&time=5"))
    assert upstream.requests[-1].body == b"id=2&time=5"


def test_operations_of_an_oas_document(either, upstream, counting):
    for path in ("/kept", "/off", "/other"):
        counting(path)
    document = oas("o", upstream.url)
    document["paths"] = {path: {"get": {"operationId": name, "responses": {"200": {"description": "ok"}}}}
                         for path, name in (("/kept", "kept"), ("/off", "off"), ("/other", "other"))}
    document["x-tyk-api-gateway"]["middleware"] = {
        "global": {"cache": {"enabled": True, "timeout": 60}},
        "operations": {"kept": {"cache": {"enabled": True, "cacheResponseCodes": [200]}},
                       "off": {"cache": {"enabled": False, "timeout": 60}}}}
    gateway = either(document)
    warmed(gateway, "/o/kept")
    for path in ("/o/off", "/o/other"):
        assert not any(is_hit(ask(gateway, path)) for _ in range(3)), path


def test_statuses(either, upstream, counting):
    counting("/gone", status="404 Not Found")
    counting("/bad", status="500 Oh")
    gateway = either(cached("c", upstream, options={"cache_response_codes": [200, 404]}), cached("d", upstream))
    _, hit = warmed(gateway, "/c/gone")
    assert (hit.status, hit.reason) == (404, "Not Found")
    assert not any(is_hit(ask(gateway, "/c/bad")) for _ in range(3))
    _, hit = warmed(gateway, "/d/bad")
    assert (hit.status, hit.reason) == (500, "Oh"), "without a list every status is kept"


def test_parts_and_references_are_not_kept(start, redis, upstream):
    upstream.on("/part", lambda c, r: c.send(answer(b"pa", "206 Partial Content", "Content-Range: bytes 0-1/4")))
    upstream.on("/same", lambda c, r: c.send("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"))
    gateway = start(cached("c", upstream))
    never_kept(gateway, redis, "/c/part", "Range: bytes=0-1")
    never_kept(gateway, redis, "/c/same", 'If-None-Match: "1"')


def test_who_has_it_already(either, upstream, counting):
    counting("/a", 'ETag: "v1"')
    counting("/bare", "ETag: 1")
    gateway = either(cached("c", upstream))
    first, _ = warmed(gateway, "/c/a")
    with Client(gateway.port) as client:
        same = client.get("/c/a", 'If-None-Match: "v0", W/"v1"')
        assert (same.status, same.header("ETag"), same.header("Content-Type"), same.body) == (304, '"v1"', None, b"")
        assert is_hit(same) and same.header("X-RateLimit-Limit") == "0" and same.header("Content-Length") is None
        other = client.get("/c/a", 'If-None-Match: "v2"')
        assert (other.status, other.body) == (200, first.body)
    warmed(gateway, "/c/bare")
    assert ask(gateway, "/c/bare", 'If-None-Match: "21"').status == 200
    assert ask(gateway, "/c/bare", "If-None-Match: 21, 1").status == 304


def test_the_upstream_says_how_long(start, redis, upstream, counting):
    counting("/kept", "X-Tyk-Cache-Action-Set: 1", "X-Ttl: 30", status="418 Pot")
    counting("/not", "X-Tyk-Cache-Action-Set: 1", "X-Ttl: 0")
    counting("/odd", "X-Ttl: soon")
    gateway = start(cached("c", upstream, options={
        "cache_response_codes": [200], "enable_upstream_cache_control": True, "cache_control_ttl_header": "X-Ttl"}))
    never_kept(gateway, redis, "/c/not")
    redis.ask("FLUSHALL")
    warmed(gateway, "/c/kept")
    key, = redis.ask("KEYS", "cache-*")
    assert 25 <= redis.ask("TTL", key) <= 30
    redis.ask("FLUSHALL")
    warmed(gateway, "/c/odd")
    key, = redis.ask("KEYS", "cache-*")
    assert 55 <= redis.ask("TTL", key) <= 60


def test_what_is_in_redis(start, redis, upstream):
    upstream.on("/a", lambda c, r: c.send(
        "HTTP/1.1 200 Fine\r\nX-B: 2\r\nTransfer-Encoding: chunked\r\nx-a: 1\r\nConnection: close\r\n\r\n4\r\nbody\r\n0\r\n\r\n"))
    gateway = start(cached("api", upstream))
    first = ask(gateway, "/api/a?q")
    assert first.body == b"body"
    key, = entries(redis)
    assert key == "cache-apiapi127.0.0.1" + hashlib.md5(b"GET-/api/a?q").hexdigest()
    text, end = redis.ask("GET", key).split("|")
    assert base64.b64decode(text) == b"HTTP/1.1 200 Fine\r\nContent-Length: 4\r\nx-a: 1\r\nX-B: 2\r\n\r\nbody"
    assert 55 <= int(end) - time.time() <= 61 and 55 <= redis.ask("TTL", key) <= 60


def test_what_another_gateway_kept(start, redis, upstream):
    gateway = start(cached("api", upstream))
    ask(gateway, "/api/a")
    key, = entries(redis)
    text = (b"HTTP/1.1 203 Non-Authoritative Information\r\nTransfer-Encoding: chunked\r\nX-Theirs: 1\r\nX-Ratelimit-Limit: 9\r\n"
            b"\r\n5\r\ntheir\r\n1\r\ns\r\n0\r\n\r\n")
    redis.ask("SET", key, base64.b64encode(text).decode() + f"|{int(time.time()) + 60}", "EX", 60)
    hit = ask(gateway, "/api/a")
    assert is_hit(hit) and (hit.status, hit.header("X-Theirs"), hit.body) == (203, "1", b"theirs")
    assert hit.all("X-Ratelimit-Limit") == ["0"]


def test_damaged_values_are_replaced(start, redis, upstream):
    gateway = start(cached("api", upstream))
    ask(gateway, "/api/a")
    key, = entries(redis)
    good = redis.ask("GET", key)
    text, end = good.split("|")
    damaged = ["", "|", text, text + "|", text + "|soon", "garbage", f"garbage|{end}", text[:-8] + "|" + end, good + "|" + end,
               text + f"|{int(time.time()) - 10}", base64.b64encode(b"HTTP/1.1 nonsense").decode() + "|" + end]
    for value in damaged:
        redis.ask("SET", key, value)
        reply = ask(gateway, "/api/a")
        assert not is_hit(reply) and (reply.status, reply.body) == (200, b"ok"), value
        eventually(lambda: (redis.ask("GET", key) or "").split("|")[0] == text, "a good one takes its place")
    redis.ask("DEL", key)
    redis.ask("RPUSH", key, "a list")
    assert not is_hit(ask(gateway, "/api/a"))


def test_invalidation(either, upstream, counting):
    counting("/a")
    gateway = either(cached("c", upstream), cached("d", upstream))
    warmed(gateway, "/c/a")
    warmed(gateway, "/d/a")
    assert gateway.call("/tyk/cache/c", "DELETE")[0] == 403
    assert is_hit(ask(gateway, "/c/a"))
    for api in ("c", "unknown"):
        status, text = gateway.admin(f"/tyk/cache/{api}", "DELETE")
        assert (status, json.loads(text)) == (200, {"status": "ok", "message": "cache invalidated"})
    warmed(gateway, "/c/a")
    assert is_hit(ask(gateway, "/d/a"))


def test_invalidation_finds_every_page(start, redis, upstream):
    gateway = start(cached("c", upstream), cached("c*", upstream, path="/star/"))
    with socket.create_connection(("127.0.0.1", redis.port)) as link:
        for i in range(5000):
            link.sendall(b"SET cache-cckey%d v\r\n" % i)
        for name in (b"cache-c*c*key", b"cache-cx", b"cachecc", b"other"):
            link.sendall(b"SET %s v\r\n" % name)
        link.sendall(b"ECHO all\r\n")
        seen = b""
        while not seen.endswith(b"all\r\n"):
            seen += link.recv(65536)
    assert gateway.admin("/tyk/cache/c", "DELETE")[0] == 200
    left = {"cache-c*c*key", "cache-cx", "cachecc", "other"}
    assert {key for key in redis.ask("KEYS", "*") if "cache" in key or key == "other"} == left
    assert gateway.admin("/tyk/cache/c*", "DELETE")[0] == 200
    assert redis.ask("EXISTS", "cache-c*c*key", "cache-cx") == 1


def test_another_gateway_asks_for_invalidation(start, redis, upstream, counting):
    counting("/a")
    gateway = start(cached("c", upstream))
    warmed(gateway, "/c/a")
    signature = hashlib.sha256(b"DeleteAPICachec" + gateway.conf["node_secret"].encode()).hexdigest()
    redis.ask("PUBLISH", "tyk.cluster.notifications", json.dumps(
        {"command": "DeleteAPICache", "payload": "c", "signature": signature, "algorithm": 5}))
    eventually(lambda: redis.ask("KEYS", "cache-*") == [], "the answers are gone")


def test_a_store_of_its_own(new_gateway, redis, upstream, tmp_path, counting):
    counting("/a")
    own = Redis(tmp_path).start()
    try:
        gateway = new_gateway({**redis.conf(), "enable_separate_cache_store": True,
                               "cache_storage": {"type": "redis", "host": "127.0.0.1", "port": own.port}})
        gateway.write(cached("c", upstream)).start()
        warmed(gateway, "/c/a")
        assert redis.ask("KEYS", "cache-*") == [] and len(own.ask("KEYS", "cache-*")) == 1
        assert gateway.admin("/tyk/cache/c", "DELETE")[0] == 200
        assert own.ask("KEYS", "cache-*") == []
        gateway.stop()
    finally:
        own.stop()


def test_a_store_that_goes_and_comes_back(start, redis, upstream, counting):
    counting("/a")
    gateway = start(cached("c", upstream))
    warmed(gateway, "/c/a")
    redis.stop()
    with gateway.client() as client:
        for _ in range(50):
            began = time.monotonic()
            reply = client.get("/c/a")
            assert reply.status == 200 and not is_hit(reply)
            assert time.monotonic() - began < 2 * SLOW
    assert gateway.admin("/tyk/cache/c", "DELETE") == (500, '{"status":"error","message":"Cache invalidation failed"}\n')
    assert gateway.log().count("the store of cached answers fails") <= 4, "of each worker's client"
    redis.start()
    eventually(lambda: is_hit(ask(gateway, "/c/a")), "answers are kept again", 15)


def test_a_store_that_is_down_at_start(new_gateway, redis, upstream, counting):
    counting("/a")
    redis.stop()
    gateway = new_gateway(redis.conf()).write(cached("c", upstream)).start()
    assert ask(gateway, "/c/a").status == 200
    redis.start()
    eventually(lambda: is_hit(ask(gateway, "/c/a")), "answers are kept", 15)


def test_a_store_that_hangs(start, redis, upstream, counting):
    counting("/a")
    gateway = start(cached("c", upstream), workers=1, cache_lookup_timeout_ms=100)
    warmed(gateway, "/c/a")
    redis.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        reply = ask(gateway, "/c/a")
        assert (reply.status, is_hit(reply)) == (200, False)
        waited = time.monotonic() - began
        assert waited < 1.5 * SLOW, "one patience, not the store's timeout"
        began = time.monotonic()
        with gateway.client() as client:
            for _ in range(50):
                assert not is_hit(client.get("/c/a"))
        assert time.monotonic() - began < 3 * SLOW, "others do not wait at all for a while"
        gateway.wait_for_log("it does not answer in time")
    finally:
        redis.process.send_signal(signal.SIGCONT)
    eventually(lambda: is_hit(ask(gateway, "/c/a")), "hits again", 15)


def test_a_long_answer_streams_by(start, redis, upstream):
    go = threading.Event()

    def script(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.send(b"80000\r\n" + b"a" * 0x80000 + b"\r\n")
        assert go.wait(10)
        connection.send(b"100000\r\n" + b"b" * 0x100000 + b"\r\n0\r\n\r\n")

    upstream.on("/long", script)
    upstream.on("/told", lambda c, r: c.send(answer(b"c" * 0x180000)))
    gateway = start(cached("c", upstream))
    for _ in range(2):
        go.clear()
        with Client(gateway.port) as client:
            client.request("GET", "/c/long")
            head = client.head()
            assert head.status == 200 and not is_hit(head)
            assert client.line() and len(client.exactly(0x8000)) == 0x8000, "the first part is here before the second is made"
            go.set()
    go.set()
    assert len(ask(gateway, "/c/long").body) == 0x180000
    assert len(ask(gateway, "/c/told").body) == 0x180000
    never_kept(gateway, redis, "/c/long")
    never_kept(gateway, redis, "/c/told")


def test_the_limit_is_a_setting(either, upstream):
    body = bytes(range(256)) * 0x2000
    upstream.on("/two", lambda c, r: c.send(answer(body)))
    upstream.on("/one", lambda c, r: c.send(answer(body[:0x100000])))
    gateway = either(cached("c", upstream), cache_max_answer_size=len(body))
    _, hit = warmed(gateway, "/c/two")
    assert hit.body == body
    small = either(cached("d", upstream))
    _, hit = warmed(small, "/d/one")
    assert hit.body == body[:0x100000], "exactly as long as is kept"


def test_answers_that_break_off_are_not_kept(start, redis, upstream):
    def broken(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return False

    asked = threading.Event()

    def slow(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        asked.set()
        connection.wait_gone()

    upstream.on("/broken", broken).on("/left", slow)
    gateway = start(cached("c", upstream), workers=1)
    with Client(gateway.port) as client:
        client.request("GET", "/c/broken").expect_closed()
    with Client(gateway.port) as client:
        client.request("GET", "/c/left").head()
        assert asked.wait(10)
    upstream.on("/after", lambda c, r: c.send(answer(b"whole")))
    warmed(gateway, "/c/after")
    assert len(redis.ask("KEYS", "cache-*")) == 1


def test_streams_are_not_kept(start, redis, upstream):
    def events(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\ndata: 1\n\n")

    upstream.on("/events", events)
    gateway = start(cached("c", upstream))
    never_kept(gateway, redis, "/c/events")


def test_an_upgrade_passes_the_cache(start, upstream, counting):
    counting("/a")
    gateway = start(cached("c", upstream), http_server_options={"enable_websockets": True})
    warmed(gateway, "/c/a")
    assert not is_hit(ask(gateway, "/c/a", "Upgrade: websocket", "Connection: Upgrade"))


def test_codings_that_a_client_does_not_take(either, upstream):
    packed = gzip.compress(b"plain text")

    def script(connection, request):
        wanted = request.header("Accept-Encoding") or ""
        if "gzip" in wanted and "q=0" not in wanted:
            connection.send(answer(packed, "200 OK", "Content-Encoding: gzip"))
        else:
            connection.send(answer(b"plain text"))

    upstream.on("/a", script)
    gateway = either(cached("c", upstream))
    first, hit = warmed(gateway, "/c/a", "Accept-Encoding: gzip")
    assert first.body == hit.body == packed and hit.header("Content-Encoding") == "gzip"
    plain = ask(gateway, "/c/a")
    assert not is_hit(plain) and plain.body == b"plain text"
    refused = ask(gateway, "/c/a", "Accept-Encoding: gzip;q=0")
    assert refused.body == b"plain text"


def test_hooks_and_hits(start, redis, upstream, tmp_path, counting):
    """Hooks in front of the cache run for every request, those behind it for those that go upstream."""
    counting("/a")
    paths = {}
    for name in ("pre", "post"):
        path = tmp_path / f"{name}.js"
        path.write_text(f"var {name} = new TykJS.TykMiddleware.NewMiddleware({{}});\n"
                        f"{name}.NewProcessRequest(function (request, session) {{\n"
                        f"  request.SetHeaders['X-{name}'] = '1';\n"
                        f"  return {name}.ReturnData(request, session.meta_data);\n}});\n")
        paths[name] = {"name": name, "path": str(path)}
    gateway = start(cached("c", upstream, custom_middleware={
        "driver": "otto", "pre": [paths["pre"]], "post": [paths["post"]]}), enable_jsvm=True)
    warmed(gateway, "/c/a")
    calls = {p["name"]: p["calls"] for p in json.loads(gateway.admin("/tyk/plugins/c")[1])}
    asked = len(upstream.requests)
    assert calls["post"] == asked < calls["pre"]
    assert upstream.requests[-1].header("X-post") == "1"
    assert is_hit(ask(gateway, "/c/a"))
    calls = {p["name"]: p["calls"] for p in json.loads(gateway.admin("/tyk/plugins/c")[1])}
    assert calls["post"] == asked == len(upstream.requests)


def test_an_answer_is_kept_as_response_hooks_left_it(either, upstream):
    upstream.on("/", lambda c, r: c.send(answer(b'{"a":1}', "200 OK", "Server: up", "Content-Type: application/json")))
    gateway = either(cached("c", upstream, custom_middleware={"driver": "lua", "response": [
        {"name": "StampResponse", "path": str(ROOT / "plugins/lua/stamp_response.lua")}]}),
        coprocess_options={"enable_coprocess": True})
    first, hit = warmed(gateway, "/c/")
    assert json.loads(first.body) == json.loads(hit.body) == {"a": 1, "handled_by": "c"}
    assert (hit.header("X-Handled-By"), hit.header("Server")) == ("c", None)
    plugin, = json.loads(gateway.admin("/tyk/plugins/c")[1])
    assert plugin["calls"] == len(upstream.requests), "hits do not pass it again"


def test_virtual_endpoints_are_kept(start, redis, upstream):
    source = "function page(request, session, config) { return TykJsResponse({Body: 'v' + Math.random(), Code: 203}, session.meta_data); }"
    gateway = start(cached("c", upstream, {"virtual": [{
        "path": "/page", "method": "GET", "response_function_name": "page", "function_source_type": "blob",
        "function_source_uri": base64.b64encode(source.encode()).decode()}]}), enable_jsvm=True)
    first, hit = warmed(gateway, "/c/page")
    assert (hit.status, hit.body) == (203, first.body) and hit.body.startswith(b"v0.")


def test_cors_belongs_to_the_client_of_now(either, upstream):
    upstream.on("/a", lambda c, r: c.send(answer(b"ok", "200 OK", "Access-Control-Allow-Origin: https://up.example")))
    gateway = either(cached("c", upstream, CORS={
        "enable": True, "allowed_origins": ["https://one.example", "https://two.example"], "allowed_methods": ["GET"]}))
    warmed(gateway, "/c/a", "Origin: https://one.example")
    hit = ask(gateway, "/c/a", "Origin: https://two.example")
    assert is_hit(hit) and hit.all("Access-Control-Allow-Origin") == ["https://two.example"]


def test_rewrites_do_not_change_whose_answer_it_is(either, upstream, counting):
    counting("/target/1")
    counting("/target/2")
    gateway = either(cached("c", upstream, {"url_rewrites": [
        {"path": "/from", "method": "GET", "match_pattern": "/from/(\\d)", "rewrite_to": "/target/$1"}]}))
    first, hit = warmed(gateway, "/c/from/1")
    assert hit.body == first.body and upstream.requests[-1].path == "/target/1"
    assert not is_hit(ask(gateway, "/c/from/2"))


def test_hits_in_traffic_records(start, redis, upstream, counting):
    counting("/a", status="404 Not Found")
    gateway = start(cached("c", upstream, tags=["mine"]), enable_analytics=True,
                    analytics_config={"enable_detailed_recording": True})
    _, hit = warmed(gateway, "/c/a")

    def parted():
        found = [records.unpack(raw)
                 for raw in records.redis(redis.port, "LRANGE", "analytics-tyk-system-analytics", 0, -1)]
        hits = [record for record in found if "cached-response" in record["Tags"]]
        return (hits, [record for record in found if record not in hits]) if 0 < len(hits) < len(found) else None

    hits, proxied = eventually(parted, "records of both kinds are stored", 10)
    for record in hits:
        assert (record["ResponseCode"], record["Latency"]["Upstream"], record["Path"]) == (404, 0, "/c/a")
        assert record["Tags"] == ["mine", "cached-response", "org-default", "api-c"]
        raw = base64.b64decode(record["RawResponse"])
        assert raw.startswith(b"HTTP/1.1 404 Not Found\r\n") and raw.endswith(hit.body) and b"X-Tyk-Cached-Response: 1" in raw
    texts = [base64.b64decode(record["RawResponse"]) for record in proxied]
    assert all(text.startswith(b"HTTP/1.1 404") for text in texts)
    assert any(text.endswith(hit.body) for text in texts), "a record and the cache take the same body"


def test_a_stop_keeps_what_is_under_way(start, redis, upstream):
    big = b"x" * 1000000
    upstream.on("/a", lambda c, r: c.send(answer(big)))
    gateway = start(cached("c", upstream))
    warmed(gateway, "/c/a?first")
    with Client(gateway.port) as client:
        assert len(client.get("/c/a?last").body) == len(big)
    gateway.stop()
    assert len(redis.ask("KEYS", "cache-*")) == 2


def test_a_reload_turns_it_on_and_off(either, upstream, counting):
    counting("/a")
    gateway = either(cached("c", upstream))
    warmed(gateway, "/c/a")
    gateway.write(classic("c", upstream.url))
    gateway.reload()
    assert not any(is_hit(ask(gateway, "/c/a")) for _ in range(3))
    gateway.write(cached("c", upstream))
    gateway.reload()
    assert is_hit(ask(gateway, "/c/a"))


def test_a_definition_with_a_bad_pattern_is_refused(start, upstream):
    gateway = start(listed("bad", upstream, advance_cache_config=[{"path": "/a", "method": "POST", "cache_key_regex": "("}]),
                    cached("good", upstream))
    assert ask(gateway, "/bad/a").status == 404 and ask(gateway, "/good/a").status == 200
    gateway.wait_for_log("advance_cache_config/0/cache_key_regex")


@pytest.mark.slow
def test_many_clients_at_once(either, upstream, counting):
    for i in range(8):
        counting(f"/{i}")
    gateway = either(cached("c", upstream))
    wrong = []

    def load(worker):
        with gateway.client() as client:
            for round_ in range(150):
                path = f"/c/{(worker + round_) % 8}?{worker}"
                if client.get(path).status != 200:
                    wrong.append(path)

    threads = [threading.Thread(target=load, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(upstream.requests) < 8 * 150
