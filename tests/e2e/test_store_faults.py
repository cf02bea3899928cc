"""What a gateway does while its store of keys is in trouble, and afterwards: docs/storage.md says it, this shows it."""
import contextlib
import json
import os
import subprocess
import threading
import time

import pytest

from support.gateway import SANITIZED, classic
from support.wait import eventually

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
TOKEN = "Authorization: token"
SESSION = {"org_id": "default", "rate": 100000, "per": 60, "quota_max": -1}


@pytest.fixture
def make(new_gateway, upstream):
    """A gateway with a protected and an open API; sessions are not cached, so that each request asks the store."""
    def made(*confs, env=None, **conf):
        merged = {"allow_master_keys": True, "local_session_cache": {"disable_cached_session_state": True}, **conf}
        for one in confs:
            merged.update(one)
        gateway = new_gateway(merged, env)
        return gateway.write(classic("keyed", upstream.url, use_keyless=False), classic("open", upstream.url)).start()

    return made


def give(redis, **more):
    redis.ask("SET", "apikey-token", json.dumps({**SESSION, **more}))


def keyed(gateway):
    return gateway.get("/keyed/get", TOKEN).status


def opened(gateway):
    return gateway.get("/open/get").status


def test_redis_that_is_down_at_start(make, redis):
    redis.stop()
    gateway = make(redis.conf())
    assert keyed(gateway) == 403 and opened(gateway) == 200
    redis.start()
    give(redis)
    eventually(lambda: keyed(gateway) == 200, "the key is known without a restart")


@pytest.mark.parametrize("seconds", [0, 10])
def test_redis_that_goes_under_load(make, redis, seconds):
    give(redis)
    gateway = make(redis.conf())
    assert keyed(gateway) == 200
    done, seen, broken = threading.Event(), set(), []

    def load():
        with gateway.client() as client:
            while not done.is_set():
                seen.add(client.get("/keyed/get", TOKEN).status)
                if client.get("/open/get").status != 200:
                    broken.append(1)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    redis.stop()
    eventually(lambda: 403 in seen, "keys are refused")
    time.sleep(seconds)  # the fault itself: pauses between attempts to connect grow meanwhile
    redis.start()
    give(redis)
    eventually(lambda: keyed(gateway) == 200, "keys are known again")
    done.set()
    for thread in threads:
        thread.join()
    assert seen <= {200, 403} and not broken


def test_redis_that_is_slow_holds_nobody_else_up(make, redis):
    give(redis)
    gateway = make(redis.conf(), workers=1)
    assert keyed(gateway) == 200
    redis.ask("CLIENT", "PAUSE", "1500")
    waiting = threading.Thread(target=lambda: results.append(keyed(gateway)))
    results = []
    waiting.start()
    with gateway.client() as client:
        assert [client.get("/open/get").status for _ in range(200)] == [200] * 200
    waiting.join()
    assert results == [200], "it waited, within the store's timeout"


def test_redis_that_comes_back_empty(make, redis):
    give(redis)
    gateway = make(redis.conf())
    assert keyed(gateway) == 200
    redis.ask("FLUSHALL")
    assert keyed(gateway) == 403
    give(redis)
    assert keyed(gateway) == 200


def test_redis_without_memory(make, redis):
    give(redis)
    gateway = make(redis.conf())
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    status, text = gateway.admin("/tyk/keys/other", "POST", SESSION)
    assert status == 500 and "does not answer" in text, text
    assert keyed(gateway) == 200, "what is there can be read"
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    assert gateway.admin("/tyk/keys/other", "POST", SESSION)[0] == 200


def test_redis_with_another_password(make, redis):
    conf = redis.conf()
    conf["storage"]["password"] = "what-it-was"
    redis.ask("CONFIG", "SET", "requirepass", "what-it-is")
    gateway = make(conf)
    assert keyed(gateway) == 403 and opened(gateway) == 200
    gateway.wait_for_log("wrong_password")
    assert "what-it-was" not in gateway.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_disk_that_is_full(make, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        gateway = make({"storage": {"type": "embedded", "file": str(disk / "keys.db")}})
        assert gateway.admin("/tyk/keys/token", "POST", SESSION)[0] == 200
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as out, contextlib.suppress(OSError):
            while out.write(b"x" * 4096):
                pass
        large = {**SESSION, "meta_data": {"much": "x" * 200000}}
        status, text = gateway.admin("/tyk/keys/large", "POST", large)
        assert status == 500 and "does not answer" in text, text
        assert keyed(gateway) == 200 and opened(gateway) == 200
        filler.unlink()
        eventually(lambda: gateway.admin("/tyk/keys/large", "POST", large)[0] == 200, "there is room again")
        gateway.stop()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def stepped(tmp_path):
    """(environment, set(text)): programs started with the one see the clock moved by what the other writes; time that is
    counted and not read goes on as it does when a clock is set."""
    clock = tmp_path / "clock"
    clock.write_text("+0")
    return {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}, clock.write_text


@pytest.mark.skipif(not os.path.exists(FAKETIME) or SANITIZED, reason="needs libfaketime, which sanitizers do not go with")
@pytest.mark.parametrize("kind", ["embedded", "redis"])
@pytest.mark.parametrize("step", ["+1d", "-1d"])
def test_a_clock_that_is_set(make, redis, tmp_path, kind, step):
    env, move = stepped(tmp_path)
    storage = redis.conf() if kind == "redis" else {"storage": {"type": "embedded", "file": str(tmp_path / "keys.db")}}
    gateway = make(storage, env=env)
    soon = int(time.time()) + 3600
    for name, more in (("token", {"quota_max": 4, "quota_renewal_rate": 3600}), ("short", {"expires": soon})):
        assert gateway.admin(f"/tyk/keys/{name}", "POST", {**SESSION, **more})[0] == 200
    short = lambda: gateway.get("/keyed/get", "Authorization: short").status
    assert keyed(gateway) == keyed(gateway) == short() == 200
    move(step)
    assert short() == (401 if step == "+1d" else 200), "a key ends by the clock"
    assert [keyed(gateway) for _ in range(3)] == [200, 200, 403], "no request of the quota is lost, and none is given"
    move("+0")
    assert short() == 200 and keyed(gateway) == 403 and opened(gateway) == 200
