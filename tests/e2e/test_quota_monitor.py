"""Quotas that are watched: who is told when a share of one is used up."""
import json

import pytest

from support.gateway import classic
from support.upstream import Upstream


@pytest.fixture
def receiver():
    server = Upstream()
    yield server
    server.stop()


def put_key(gateway, name: str, quota: int, *limits: float, **more):
    body = {"org_id": "default", "rate": 1000, "per": 60, "quota_max": quota, "quota_renewal_rate": 3600,
            "access_rights": {"q": {"api_id": "q", "api_name": "q", "versions": ["Default"]}},
            "monitor": {"trigger_limits": list(limits)}, **more}
    status, text = gateway.admin(f"/tyk/keys/{name}", "POST", body)
    assert status == 200, text


def call(gateway, key: str, times: int = 1):
    return [gateway.get("/q/x", f"Authorization: {key}").status for _ in range(times)]


def heard(receiver):
    return [json.loads(request.body) for request in receiver.requests]


@pytest.mark.parametrize("store", ["embedded", "redis"])
def test_a_web_hook_is_told_of_each_share_once_in_its_time(new_gateway, upstream, receiver, request, store):
    conf = request.getfixturevalue("redis").conf() if store == "redis" else {}
    gateway = new_gateway({**conf, "monitor": {
        "enable_trigger_monitors": True, "monitor_user_keys": True, "global_trigger_limit": 90, "configuration": {
            "method": "POST", "target_path": receiver.url + "quota", "event_timeout": 60, "header_map": {"X-Who": "gateway"}}}})
    gateway.write(classic("q", upstream.url, use_keyless=False)).start()
    put_key(gateway, "watched", 10, 50, 80)
    put_key(gateway, "plain", 10)
    assert call(gateway, "watched", 4) == [200] * 4
    assert receiver.requests == []
    assert call(gateway, "watched", 4) == [200] * 4
    receiver.wait(1)
    assert call(gateway, "watched", 4) == [200, 200, 403, 403]
    receiver.wait(2)
    assert call(gateway, "plain", 10) == [200] * 10
    receiver.wait(3)
    told = [(one["org"], one["key"].removeprefix("default"), int(one["trigger_limit"])) for one in heard(receiver)]
    assert told == [("default", "watched", 50), ("default", "watched", 90), ("default", "plain", 90)]
    assert receiver.requests[0].header("X-Who") == "gateway"


def test_handlers_of_the_api_and_of_the_gateway_are_told(new_gateway, upstream):
    log = {"events": {"TriggerExceeded": [{"handler_name": "eh_log_handler", "handler_meta": {"prefix": "GATEWAY"}}]}}
    gateway = new_gateway({"monitor": {"enable_trigger_monitors": True, "monitor_user_keys": True}, "event_handlers": log})
    gateway.write(classic("q", upstream.url, use_keyless=False, event_handlers={"events": {
        "TriggerExceeded": [{"handler_name": "eh_log_handler", "handler_meta": {"prefix": "API"}}]}})).start()
    put_key(gateway, "watched", 4, 75)
    assert call(gateway, "watched", 2) == [200] * 2
    assert "TriggerExceeded" not in gateway.log()
    assert call(gateway, "watched") == [200]
    gateway.wait_for_log("API:TriggerExceeded")
    gateway.wait_for_log("GATEWAY:TriggerExceeded")


def test_organisations_are_watched_by_themselves(new_gateway, redis, upstream, receiver):
    gateway = new_gateway({**redis.conf(), "enforce_org_quotas": True, "monitor": {
        "enable_trigger_monitors": True, "monitor_org_keys": True,
        "configuration": {"method": "POST", "target_path": receiver.url, "event_timeout": 60}}})
    redis.ask("SET", "orgkey.default", json.dumps({
        "org_id": "default", "rate": 1000, "per": 1, "quota_max": 4, "quota_renewal_rate": 3600, "allowance": 1000,
        "monitor": {"trigger_limits": [50]}}))
    gateway.write(classic("q", upstream.url)).start()
    assert [gateway.get("/q/x").status for _ in range(4)] == [200] * 4
    receiver.wait(1)
    assert [(one["org"], one["key"]) for one in heard(receiver)] == [("default", "default")]


def test_nobody_is_told_where_nothing_is_watched(new_gateway, upstream, receiver):
    gateway = new_gateway({"monitor": {"enable_trigger_monitors": True, "monitor_org_keys": True, "global_trigger_limit": 10,
                                       "configuration": {"method": "POST", "target_path": receiver.url}}})
    gateway.write(classic("q", upstream.url, use_keyless=False)).start()
    put_key(gateway, "watched", 10, 50)
    assert call(gateway, "watched", 10) == [200] * 10
    gateway.stop()  # events that are under way are waited for
    assert receiver.requests == []
