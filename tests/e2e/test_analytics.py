"""Traffic records in a real Redis, as a pump would find them: docs/analytics.md says what is stored, and when."""
import base64
import gzip
import json
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from support.client import Client
from support.gateway import classic, oas
from support.upstream import answer
from support.wait import SLOW, eventually

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))
import records  # noqa: E402  (the decoder of the recorded cases)

LIST = "analytics-tyk-system-analytics"
ON = {"enable_analytics": True}


@pytest.fixture
def start(new_gateway, redis):
    def make(*definitions, analytics=None, **conf):
        return new_gateway({**redis.conf(), **ON, "analytics_config": analytics or {}, **conf}).write(*definitions).start()

    return make


def stored(redis, count=1, key=LIST):
    """Exactly so many records, taken off the list."""
    eventually(lambda: (redis.ask("LLEN", key) or 0) >= count, f"{count} records are stored", 10)
    found = [records.unpack(raw) for raw in records.redis(redis.port, "LRANGE", key, 0, -1)]
    redis.ask("DEL", key)
    assert len(found) == count, found
    return found


def plain(text):
    return base64.b64decode(text).decode()


def test_a_record_has_all_fields_of_the_reference(start, redis, upstream):
    gateway = start(classic("open", upstream.url))
    before = int(time.time())
    assert gateway.get("/open/thing?q=1", "User-Agent: ua/1").status == 200
    record, = stored(redis)
    assert list(record) == [
        "Method", "Host", "Path", "RawPath", "ContentLength", "UserAgent", "Day", "Month", "Year", "Hour", "ResponseCode",
        "APIKey", "TimeStamp", "APIVersion", "APIName", "APIID", "OrgID", "OauthID", "RequestTime", "RawRequest",
        "RawResponse", "IPAddress", "Geo", "Network", "Latency", "Tags", "Alias", "TrackPath", "ExpireAt", "ApiSchema",
        "GraphQLStats", "MCPStats", "CollectionName"]
    assert record["Host"] == upstream.url.split("//")[1].strip("/")
    assert (record["Method"], record["Path"], record["ResponseCode"], record["UserAgent"]) == ("GET", "/thing", 200, "ua/1")
    assert (record["APIID"], record["OrgID"], record["IPAddress"]) == ("open", "default", "127.0.0.1")
    seconds, nanoseconds = record["TimeStamp"]
    assert before <= seconds <= time.time() and 0 <= nanoseconds < 10 ** 9
    now = time.localtime(seconds)
    assert (record["Day"], record["Month"], record["Year"], record["Hour"]) == (
        now.tm_mday, now.tm_mon, now.tm_year, now.tm_hour)
    assert record["ExpireAt"][0] == seconds + 36500 * 24 * 3600
    assert record["Tags"] == ["org-default", "api-open"]
    assert "OriginalPath" not in record and record["TrackPath"] is False


def test_latency_tells_the_upstreams_part(start, redis, upstream):
    gateway = start(classic("open", upstream.url))

    def late(connection, _):
        time.sleep(0.2)
        connection.send(answer(b"late"))

    upstream.on("/late", late)
    assert gateway.get("/open/late").status == 200
    record, = stored(redis)
    latency = record["Latency"]
    assert latency["Total"] == latency["Upstream"] + latency["Gateway"] == record["RequestTime"]
    assert 190 <= latency["Upstream"] <= latency["Total"] < 2000 * SLOW


def test_errors_are_recorded_with_their_status(start, redis, upstream):
    gateway = start(classic("keyed", upstream.url, use_keyless=False), classic("gone", "http://127.0.0.1:1/"))
    assert gateway.get("/keyed/a").status == 401
    record, = stored(redis)
    assert (record["ResponseCode"], record["Path"], record["Latency"]["Upstream"]) == (401, "/a", 0)
    assert gateway.get("/gone/b").status == 500
    record, = stored(redis)
    assert (record["ResponseCode"], record["Path"], record["Host"]) == (500, "/b", "127.0.0.1:1")


def test_a_client_that_leaves_is_recorded(start, redis, upstream):
    gateway = start(classic("open", upstream.url))
    asked = threading.Event()

    def never(connection, _):
        asked.set()
        connection.wait_gone()

    upstream.on("/never", never)
    with gateway.client() as client:
        client.send("GET /open/never HTTP/1.1\r\nHost: h\r\n\r\n")
        assert asked.wait(10)
    record, = stored(redis)
    assert record["ResponseCode"] == 499


def test_sessions_give_alias_tags_and_the_keys_hash(start, redis, upstream):
    gateway = start(classic("keyed", upstream.url, use_keyless=False), hash_keys=True, allow_master_keys=True)
    status, text = gateway.admin("/tyk/keys/someones-key", "POST", {
        "org_id": "default", "alias": "me", "tags": ["gold"], "oauth_client_id": "client", "rate": 100, "per": 1,
        "quota_max": -1, "meta_data": {"tyk_developer_id": "dev"}})
    assert status == 200, text
    assert gateway.get("/keyed/a", "Authorization: someones-key").status == 200
    record, = stored(redis)
    key = record["APIKey"]
    assert len(key) == 8 and key != "00000000" and "someones-key" not in json.dumps(record)
    assert (record["Alias"], record["OauthID"]) == ("me", "client")
    assert record["Tags"] == ["gold", "dev-dev", f"key-{key}", "org-default", "api-keyed"]


def test_what_is_not_recorded(start, redis, upstream):
    mock = {"name": "Default", "use_extended_paths": True, "extended_paths": {
        "mock_response": [{"path": "/mock", "method": "GET", "code": 202, "body": "m"}],
        "do_not_track_endpoints": [{"path": "/quiet", "method": "GET"}]}}
    gateway = start(
        classic("open", upstream.url, version_data={"not_versioned": True, "versions": {"Default": mock}}),
        classic("silent", upstream.url, do_not_track=True), oas("oas", upstream.url),
        analytics={"ignored_ips": ["10.9.9.9"]})
    assert gateway.get("/open/mock").status == 202
    assert gateway.get("/open/quiet").status == 200
    assert gateway.get("/silent/a").status == 200
    assert gateway.get("/oas/a").status == 200, "recording is off unless an OAS document switches it on"
    assert gateway.get("/open/a", "X-Real-IP: 10.9.9.9").status == 200
    assert gateway.get("/nowhere").status == 404
    assert gateway.get("/open/last").status == 200
    assert stored(redis)[0]["Path"] == "/last"


def test_whole_messages(start, redis, upstream):
    gateway = start(classic("open", upstream.url, enable_detailed_recording=True),
                    analytics={"max_recorded_body": 1000})
    upstream.on("/echo", lambda connection, request: connection.send(answer(request.body, "200 OK", "X-Up: 1")))
    with gateway.client() as client:
        for body in (b"short", b"x" * 500_000):
            client.request("POST", "/open/echo?a=1", ["X-H: 1"], body)
            assert client.response().body == body
        client.send("POST /open/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert client.response().body == b"abcde"
    first, large, chunked = stored(redis, 3)
    head, _, body = plain(first["RawRequest"]).partition("\r\n\r\n")
    assert head.split("\r\n")[0] == "POST /echo?a=1 HTTP/1.1" and "X-H: 1" in head and body == "short"
    head, _, body = plain(first["RawResponse"]).partition("\r\n\r\n")
    assert head.split("\r\n")[0] == "HTTP/1.1 200 OK" and "X-Up: 1" in head and body == "short"
    assert "X-Ratelimit-Limit: 0" in head and "Content-Length: 5" in head
    for text in (plain(large["RawRequest"]), plain(large["RawResponse"])):
        assert text.endswith("\r\n\r\n" + "x" * 1000) and "Content-Length: 1000\r\n" in text
    assert chunked["ContentLength"] == -1
    assert plain(chunked["RawRequest"]).endswith("Content-Length: 5\r\n\r\nabcde")


def test_packed_answers_are_recorded_unpacked(start, redis, upstream):
    gateway = start(classic("open", upstream.url, enable_detailed_recording=True))
    packed = gzip.compress(b"the text")
    upstream.on("/gzip", lambda connection, _: connection.send(answer(packed, "200 OK", "Content-Encoding: gzip")))
    assert gateway.get("/open/gzip", "Accept-Encoding: gzip").body == packed
    assert gateway.get("/open/gzip").body == b"the text"
    for record in stored(redis, 2):
        assert plain(record["RawResponse"]).endswith("\r\n\r\nthe text")


def test_whole_messages_of_errors(start, redis, upstream):
    gateway = start(classic("keyed", upstream.url, use_keyless=False, enable_detailed_recording=True))
    assert gateway.get("/keyed/a").status == 401
    record, = stored(redis)
    assert plain(record["RawRequest"]).startswith("GET /a HTTP/1.1\r\n")
    assert plain(record["RawResponse"]).startswith("HTTP/1.1 401 Unauthorized\r\n")
    assert "Authorization field missing" in plain(record["RawResponse"])


def test_a_plugin_changes_the_record_or_drops_it(start, redis, upstream, new_gateway):
    mask = new_gateway().plugin("mask_record")
    gateway = start(classic("open", upstream.url, analytics_plugin={
        "enable": True, "plugin_path": mask, "func_name": "MaskRecord", "driver": "native"}))
    assert gateway.get("/open/health").status == 200
    assert gateway.get("/open/a").status == 200
    record, = stored(redis)
    assert record["Path"] == "/a" and record["IPAddress"] == "127.0.0.0"


def test_lists_get_an_end(start, redis, upstream):
    gateway = start(classic("open", upstream.url), analytics={"storage_expiration_time": 30})
    gateway.get("/open/a")
    eventually(lambda: 0 < redis.ask("TTL", LIST) <= 30, "the list ends some day")
    redis.ask("PERSIST", LIST)
    eventually(lambda: 0 < redis.ask("TTL", LIST) <= 30, "whoever made it live for good")


def test_lists_without_an_end(start, redis, upstream):
    gateway = start(classic("open", upstream.url), analytics={"storage_expiration_time": -1})
    gateway.get("/open/a")
    stored(redis)
    gateway.get("/open/a")
    eventually(lambda: redis.ask("LLEN", LIST) == 1, "it is stored")
    gateway.stop()
    assert redis.ask("TTL", LIST) == -1


def test_a_store_for_records_alone(new_gateway, redis, upstream):
    gateway = new_gateway({**ON, "enable_separate_analytics_store": True,
                           "analytics_storage": {"type": "redis", "host": "127.0.0.1", "port": redis.port}})
    gateway.write(classic("open", upstream.url)).start()
    assert gateway.get("/open/a").status == 200
    assert stored(redis)[0]["Path"] == "/a"
    assert redis.ask("KEYS", "*") in ([], ["tyk-liveness-probe"]), "nothing else is there"


def test_protobuf(start, redis, upstream):
    gateway = start(classic("open", upstream.url), analytics={"serializer_type": "protobuf"})
    assert gateway.get("/open/a").status == 200
    key = LIST + "_protobuf"
    eventually(lambda: redis.ask("LLEN", key) == 1, "it is stored")
    raw, = records.redis(redis.port, "LRANGE", key, 0, -1)
    assert b"\x12\x03GET\x1a\x02/a" in raw and redis.ask("EXISTS", LIST) == 0


def test_ten_lists(start, redis, upstream):
    gateway = start(classic("open", upstream.url), analytics={"enable_multiple_analytics_keys": True})
    gateway.get("/open/a")
    eventually(lambda: len(redis.ask("KEYS", LIST + "_[0-9]")) == 1, "one of ten lists is used")
    assert redis.ask("EXISTS", LIST) == 0


def test_nothing_is_lost_when_the_gateway_stops(start, redis, upstream):
    gateway = start(classic("open", upstream.url), workers=2)
    answered = []

    def load():
        with Client(gateway.port) as client:
            for _ in range(200):
                assert client.get("/open/a").status == 200
                answered.append(1)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gateway.stop()
    assert len(answered) == 800 and redis.ask("LLEN", LIST) == 800
    assert 0 < redis.ask("TTL", LIST) <= 60, "a list that was begun last has an end, too"


def test_nothing_is_lost_over_reloads(start, redis, upstream):
    gateway = start(classic("open", upstream.url))
    for round_ in range(3):
        gateway.write(classic("open", upstream.url, tags=[f"round{round_}"]))
        gateway.reload()
        for _ in range(20):
            assert gateway.get("/open/a").status == 200
    found = stored(redis, 60)
    assert [r["Tags"][0] for r in found].count("round2") == 20


def test_requests_do_not_wait_for_a_store_that_is_down(start, redis, upstream):
    gateway = start(classic("open", upstream.url), workers=1)
    assert gateway.get("/open/a").status == 200
    stored(redis)
    redis.stop()
    with gateway.client() as client:
        began = time.monotonic()
        for _ in range(1500):
            assert client.get("/open/a").status == 200
        assert time.monotonic() - began < 10 * SLOW
    gateway.wait_for_log("traffic records were dropped")
    redis.start()
    eventually(lambda: (redis.ask("LLEN", LIST) or 0) >= 900, "what was kept is stored", 20)
    assert redis.ask("LLEN", LIST) <= 1000, "the rest was dropped"


def test_without_redis_records_are_for_plugins_alone(new_gateway, upstream):
    gateway = new_gateway(ON).write(classic("open", upstream.url)).start()
    assert "enable_analytics needs Redis" in gateway.log()
    assert gateway.get("/open/a").status == 200


def test_stopping_does_not_wait_for_ever(start, redis, upstream):
    gateway = start(classic("open", upstream.url), workers=1)
    assert gateway.get("/open/a").status == 200
    stored(redis)
    redis.process.send_signal(signal.SIGSTOP)
    try:
        assert gateway.get("/open/a").status == 200
        began = time.monotonic()
        gateway.stop()
        assert time.monotonic() - began < 15 * SLOW
        assert "traffic records were dropped" in gateway.log()
    finally:
        redis.process.send_signal(signal.SIGCONT)
