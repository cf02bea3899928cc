"""Rates and quotas against a real Redis: exact, shared between gateways, and alive when Redis is not."""
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.client import Client
from support.gateway import classic
from support.wait import eventually

LIMITERS = {
    "bucket": {},
    "rolling": {"enable_redis_rolling_limiter": True},
    "sentinel": {"enable_sentinel_rate_limiter": True},
    "fixed window": {"enable_fixed_window_rate_limiter": True},
}


@pytest.fixture
def start(new_gateway, upstream, redis):
    """A gateway on the test's Redis, with a protected and an open API."""
    def make(**conf):
        gateway = new_gateway({**redis.conf(), **conf})
        return gateway.write(classic("keyed", upstream.url, use_keyless=False),
                             classic("open", upstream.url)).start()

    return make


def store(redis, token, **session):
    redis.ask("SET", f"apikey-{token}", json.dumps({"org_id": "default", **session}))
    return f"Authorization: {token}"


def ask(port, count, header, path="/keyed/get"):
    """The statuses of some requests on one connection."""
    with Client(port) as client:
        return [client.get(path, header).status for _ in range(count)]


def ask_all(jobs):
    """The statuses that all `ask` calls with these arguments give at the same time."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        return [status for statuses in pool.map(lambda job: ask(*job), jobs) for status in statuses]


class Load:
    """Requests on one connection until it is left; what came when."""

    def __init__(self, port, header="Accept: */*", path="/keyed/get", pause=0.0):
        self.port, self.header, self.path, self.pause = port, header, path, pause
        self.answers, self.failure, self.done = [], None, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        if self.failure is not None:
            raise self.failure

    def run(self):
        try:
            with Client(self.port) as client:
                while not self.done.wait(self.pause) if self.pause else not self.done.is_set():
                    status = client.get(self.path, self.header).status
                    self.answers.append((time.monotonic(), status))
        except (AssertionError, OSError) as failure:
            self.failure = failure

    def since(self, moment):
        return {status for when, status in self.answers if when >= moment}


def test_two_gateways_admit_exactly_the_quota(start, redis):
    header = store(redis, "busy", quota_max=1000, quota_renewal_rate=3600)
    one, two = start(), start()
    statuses = ask_all([(gateway.port, 150, header) for gateway in (one, two) for _ in range(4)])
    assert len(statuses) == 1200
    assert statuses.count(200) == 1000 and statuses.count(403) == 200
    assert redis.ask("GET", "quota-busy") == "1200"


def test_the_default_limiter_keeps_to_its_rate(start, redis):
    header = store(redis, "fast", rate=100, per=1)
    gateway = start()
    loads = [Load(gateway.port, header) for _ in range(3)]
    for load in loads:
        load.__enter__()
    eventually(lambda: loads[0].answers and time.monotonic() - loads[0].answers[0][0] > 6, "six seconds", 20)
    for load in loads:
        load.__exit__()
    admitted = sorted(when for load in loads for when, status in load.answers if status == 200)
    # Five windows; the sixth does not begin before they are over.
    first_five = [when for when in admitted if when < admitted[0] + 4.95]
    assert 490 <= len(first_five) <= 510
    assert not redis.ask("KEYS", "rate-limit*")


@pytest.mark.parametrize("limiter", LIMITERS)
def test_every_limiter_admits_the_rate(start, redis, limiter):
    # Windows of ten years: none ends while the test runs.
    header = store(redis, "five", rate=5, per=315360000)
    gateway = start(**LIMITERS[limiter])
    statuses = ask(gateway.port, 9, header)
    if limiter == "sentinel":  # it logs behind the decision: one or two more may pass
        assert statuses[:5] == [200] * 5
        eventually(lambda: ask(gateway.port, 1, header) == [429], "the mark stands")
    else:
        assert statuses == [200] * 5 + [429] * 4
    names = redis.ask("KEYS", "rate-limit*")
    expected = {"bucket": [], "rolling": ["rate-limit-five"], "sentinel": ["rate-limit-five", "rate-limit-five.BLOCKED"]}
    if limiter == "fixed window":
        assert len(names) == 1 and names[0].startswith("rate-limit-five/")
    else:
        assert sorted(names) == expected[limiter]


@pytest.mark.parametrize("limiter", ["rolling", "fixed window"])
def test_two_gateways_share_a_rate_that_redis_counts(start, redis, limiter):
    header = store(redis, "shared", rate=50, per=315360000)
    gateways = [start(**LIMITERS[limiter]) for _ in range(2)]
    statuses = ask_all([(gateway.port, 20, header) for gateway in gateways for _ in range(2)])
    assert statuses.count(200) == 50 and statuses.count(429) == 30


def test_gateways_find_each_other(start, redis):
    gateways = [start(drl_notification_frequency=1) for _ in range(2)]
    for gateway in gateways:
        gateway.wait_for_log("gateways that share limits: 2")
    # So low a rate is counted in one place now.
    header = store(redis, "lowly", rate=7, per=3600)
    statuses = [status for gateway in gateways for status in ask(gateway.port, 6, header)]
    assert statuses.count(200) == 7 and redis.ask("KEYS", "rate-limit*") == ["rate-limit-lowly"]
    gateways[1].stop()
    eventually(lambda: "gateways that share limits: 1" in gateways[0].log(), "the other gateway is forgotten", 10)


def test_a_restart_of_redis_under_load(start, redis):
    session = {"rate": 100000, "per": 60, "quota_max": 1000000, "quota_renewal_rate": 3600}
    header = store(redis, "steady", **session)
    gateway = start(enable_redis_rolling_limiter=True, storage={**redis.conf()["storage"], "timeout": 1})
    with Load(gateway.port, path="/open/get", pause=0.01) as opened, Load(gateway.port, header, pause=0.01) as keyed:
        eventually(lambda: len(keyed.answers) > 10, "requests are served")
        assert {status for _, status in keyed.answers} == {200}
        redis.stop()
        down = time.monotonic()
        eventually(lambda: keyed.since(down) & {403, 429}, "keys are refused", 15)
        redis.start()
        store(redis, "steady", **session)
        up = time.monotonic()
        eventually(lambda: 200 in keyed.since(up), "keys are let in again", 30)
    assert opened.since(0) == {200}
    assert keyed.since(0) <= {200, 403, 429}


def test_a_throttled_request_waits_for_its_turn(start, redis):
    patient = store(redis, "patient", rate=1, per=1, throttle_interval=0.2, throttle_retry_limit=20)
    hasty = store(redis, "hasty", rate=1, per=3600, throttle_interval=0.1, throttle_retry_limit=2)
    gateway = start()
    began = time.monotonic()
    assert ask(gateway.port, 2, patient) == [200, 200]
    assert time.monotonic() - began > 0.9
    assert ask(gateway.port, 2, hasty) == [200, 429]


def test_a_client_that_leaves_ends_its_throttling(start, redis):
    header = store(redis, "gone", rate=1, per=3600, throttle_interval=600, throttle_retry_limit=100)
    gateway = start()
    assert ask(gateway.port, 1, header) == [200]
    client = gateway.client()
    client.request("GET", "/keyed/get", [header])
    client.close()
    gateway.stop()  # at once: nobody waits any more


def test_an_edited_key_has_a_full_rate(start, redis):
    header = store(redis, "edited", rate=1, per=3600, last_updated="1")
    gateway = start(local_session_cache={"disable_cached_session_state": True})
    assert ask(gateway.port, 2, header) == [200, 429]
    store(redis, "edited", rate=1, per=3600, last_updated="2")
    assert ask(gateway.port, 2, header) == [200, 429]


def test_counters_of_a_pattern(start, redis):
    members = {"rate": 3, "per": 315360000, "quota_max": 100, "quota_renewal_rate": 3600}
    pattern = {"rate_limit_pattern": "$tyk_meta.team-$secret_conf.site"}
    headers = [store(redis, token, meta_data={**pattern, "team-": "reds-"}, **members) for token in ("anna", "bert")]
    gateway = start(enable_redis_rolling_limiter=True, secrets={"site": "north"})
    assert ask(gateway.port, 2, headers[0]) + ask(gateway.port, 2, headers[1]) == [200, 200, 200, 429]
    assert sorted(redis.ask("KEYS", "*reds*")) == ["quota-reds-north", "rate-limit-reds-north"]
    assert redis.ask("GET", "quota-reds-north") == "3"


def test_limits_of_an_organisation(start, redis):
    redis.ask("SET", "orgkey.default", json.dumps({"org_id": "default", "quota_max": 3, "quota_renewal_rate": 3600}))
    gateway = start(enforce_org_quotas=True)
    anybody = "Accept: */*"
    assert ask(gateway.port, 4, anybody, "/open/get") == [200, 200, 200, 403]
    assert "organisation quota has been exceeded" in gateway.get("/open/get").body.decode()
    assert redis.ask("GET", "quota-default") == "5"


def test_an_organisation_that_is_switched_off(start, redis):
    redis.ask("SET", "orgkey.default", json.dumps({"org_id": "default", "is_inactive": True}))
    gateway = start(enforce_org_quotas=True)
    reply = gateway.get("/open/get")
    assert reply.status == 403 and "organisation access has been disabled" in reply.body.decode()
