"""Keys, organisation keys and policies by the control API, on the embedded store and on Redis."""
import json
import signal
import time

import pytest

from support.gateway import SECRET, classic
from support.redis import Redis
from support.wait import eventually

ORG = "5e9d9544a1dcd60001d0ed20"
MURMUR = {"hash_keys": True, "hash_key_function": "murmur64"}
DENIED = "Access to this API has been disallowed"


def protected(name, url, **changes):
    return classic(name, url, use_keyless=False, org_id=ORG, auth={"auth_header_name": "Authorization"}, **changes)


def key(*apis, **members):
    rights = {api: {"api_id": api, "api_name": api, "versions": ["Default"]} for api in apis}
    return {"org_id": ORG, "rate": 1000, "per": 60, "quota_max": -1, "access_rights": rights, **members}


@pytest.fixture(params=["embedded", "redis"])
def store(request, tmp_path_factory):
    """What a gateway is told about its store: each kind once."""
    if request.param == "embedded":
        yield {}
        return
    server = Redis(tmp_path_factory.mktemp("redis")).start()
    yield server.conf()
    server.stop()


@pytest.fixture
def start(new_gateway, upstream):
    def make(*confs, apis=("one",), **changes):
        merged = {}
        for conf in confs:
            merged.update(conf)
        gateway = new_gateway(merged)
        for api in apis:
            gateway.write(protected(api, upstream.url, **changes))
        return gateway.start()

    return make


def call(gateway, method, path, body=None, status=200):
    got, text = gateway.admin("/tyk" + path, method, body)
    assert got == status, text
    return json.loads(text)


def visit(gateway, token, api="one"):
    reply = gateway.get(f"/{api}/get", f"Authorization: {token}")
    return reply.status


def test_a_keys_life(start, store):
    gateway = start(store, MURMUR)
    made = call(gateway, "POST", "/keys", key("one", alias="first"))
    token = made["key"]
    assert made["action"] == "added" and len(made["key_hash"]) == 16
    assert visit(gateway, token) == 200
    assert call(gateway, "GET", f"/keys/{token}")["alias"] == "first"
    assert call(gateway, "GET", f"/keys/{made['key_hash']}?hashed=1")["alias"] == "first"

    assert call(gateway, "PUT", f"/keys/{token}", key("one", alias="second", is_inactive=True)) == {
        "key": token, "status": "ok", "action": "modified"}
    assert visit(gateway, token) == 403  # at once, although the session was in the caches
    changed = call(gateway, "GET", f"/keys/{token}")
    assert changed["alias"] == "second" and changed["is_inactive"]

    assert call(gateway, "DELETE", f"/keys/{token}")["action"] == "deleted"
    assert visit(gateway, token) == 403
    assert call(gateway, "GET", f"/keys/{token}", status=404)["message"] == "Key not found"
    assert call(gateway, "DELETE", f"/keys/{token}", status=404)["message"] == "There is no such key found"
    assert call(gateway, "PUT", f"/keys/{token}", key("one"), 404)["message"] == "Key is not found"


def test_names_of_keys(start):
    gateway = start(MURMUR)
    made = call(gateway, "POST", "/keys/my-key", key("one"))
    assert made["key_hash"] == "4769538431cb9f4f"
    assert visit(gateway, "my-key") == visit(gateway, made["key"]) == 200
    assert call(gateway, "GET", "/keys/my-key", status=404)
    assert call(gateway, "GET", f"/keys/my-key?org_id={ORG}")["org_id"] == ORG
    assert call(gateway, "GET", "/keys/my-key?api_id=one")["org_id"] == ORG
    assert call(gateway, "GET", f"/keys/my-key?username=true&org_id={ORG}")["org_id"] == ORG
    assert call(gateway, "PUT", "/keys/my-key", key("one"))["key"] == made["key"]
    gone = call(gateway, "DELETE", f"/keys/{made['key_hash']}?hashed=1&api_id=-1")
    assert gone is None
    assert visit(gateway, "my-key") == 403


def test_keys_without_hashing(start):
    gateway = start({"hash_keys": False, "hash_key_function": ""})
    made = call(gateway, "POST", "/keys/plain", key("one"))
    assert made == {"key": ORG + "plain", "status": "ok", "action": "added"}
    assert visit(gateway, "plain") == visit(gateway, ORG + "plain") == 200
    assert call(gateway, "GET", f"/keys/{ORG}plain?hashed=1", status=400)
    call(gateway, "POST", "/keys/other", key("one", org_id="else"))
    assert call(gateway, "GET", "/keys")["keys"] == sorted([ORG + "plain", "elseother"])
    assert call(gateway, "GET", f"/keys?filter={ORG}")["keys"] == [ORG + "plain"]
    assert call(gateway, "GET", f"/keys?filter={ORG}&api_id=one")["keys"] == [ORG + "plain"]
    assert call(gateway, "GET", f"/keys?filter={ORG}&api_id=two")["keys"] == []
    assert call(gateway, "GET", "/keys?api_id=one", status=400)


def test_lists_hashes_where_that_is_allowed(start, store):
    gateway = start(store, MURMUR, {"enable_hashed_keys_listing": True}, apis=("one", "two"))
    assert call(gateway, "GET", "/keys") == {"keys": []}
    first = call(gateway, "POST", "/keys", key("one"))["key_hash"]
    second = call(gateway, "POST", "/keys", key("one", "two"))["key_hash"]
    assert call(gateway, "GET", "/keys")["keys"] == sorted([first, second])
    assert call(gateway, "GET", "/keys?api_id=two")["keys"] == [second]


def test_keys_survive_a_restart_and_a_crash(start, store):
    gateway = start(store, MURMUR)
    call(gateway, "POST", "/keys/kept", key("one"))
    gateway.stop()
    gateway.start()
    assert visit(gateway, "kept") == 200
    call(gateway, "POST", "/keys/crashed", key("one"))
    gateway.process.kill()
    gateway.process.wait()
    gateway.process = None
    gateway.start()
    assert visit(gateway, "kept") == visit(gateway, "crashed") == 200


def test_other_gateways_of_the_store_see_a_change_at_once(start, redis):
    first, second = (start(redis.conf(), MURMUR) for _ in range(2))
    call(first, "POST", "/keys/shared", key("one"))
    assert visit(second, "shared") == 200
    call(first, "PUT", f"/keys/shared?org_id={ORG}", key("one", is_inactive=True))
    began = time.monotonic()
    eventually(lambda: visit(second, "shared") == 403, "the other gateway refuses the key")
    assert time.monotonic() - began < 5  # its cache alone would have kept it for ten
    call(second, "DELETE", f"/keys/shared?org_id={ORG}")
    assert call(first, "GET", f"/keys/shared?org_id={ORG}", status=404)


def test_what_the_store_holds(start, redis):
    gateway = start(redis.conf(), MURMUR, session_lifetime=0)
    made = call(gateway, "POST", "/keys/my-key", key("one", expires=4102444800, tags=["a"]))
    stored = json.loads(redis.ask("GET", "apikey-" + made["key_hash"]))
    assert stored["tags"] == ["a"] and stored["org_id"] == ORG and "quota_remaining" not in stored
    assert redis.ask("TTL", "apikey-" + made["key_hash"]) == -1
    call(gateway, "PUT", f"/keys/my-key?org_id={ORG}", key("one", session_lifetime=50))
    assert 40 < redis.ask("TTL", "apikey-" + made["key_hash"]) <= 50
    assert redis.ask("KEYS", "*my-key*") == []


def test_a_store_that_is_down(start, redis):
    gateway = start(redis.conf(), MURMUR, {"storage": {**redis.conf()["storage"], "timeout": 1}})
    call(gateway, "POST", "/keys/my-key", key("one"))
    redis.stop()

    def refused():
        status, text = gateway.admin("/tyk/keys", "POST", key("one"))
        return status == 500 and "key store does not answer" in text

    eventually(refused, "an error that names the store")
    for method, path in [("GET", "/keys/x"), ("DELETE", "/keys/x"), ("GET", "/org/keys"), ("GET", "/org/keys/x"),
                         ("POST", "/keys/create")]:
        body = key("one") if method == "POST" else None
        assert "key store does not answer" in call(gateway, method, path, body, 500)["message"]
    assert gateway.get("/one/get", "Authorization: my-key").status in (200, 403)
    redis.start()
    eventually(lambda: gateway.admin("/tyk/keys", "POST", key("one"))[0] == 200, "the store is back")


@pytest.mark.parametrize("method,path,body,status,message", [
    ("POST", "/keys", "{", 400, "Request malformed"),
    ("POST", "/keys", "", 400, "Request malformed"),
    ("POST", "/keys", "[]", 400, "Request malformed"),
    ("POST", "/keys", '{"rate":"many"}', 400, "Request malformed"),
    ("POST", "/keys", '{"date_created":"yesterday"}', 400, "Request malformed"),
    ("POST", "/keys", "[" * 100_000, 400, "Request malformed"),
    ("PUT", "/keys", "{}", 404, "Key is not found"),
    ("PUT", "/keys/none", "{", 400, "Request malformed"),
    ("PUT", "/keys/none", "{}", 404, "Key is not found"),
    ("DELETE", "/keys", None, 404, "There is no such key found"),
    ("POST", "/keys", "{}", 500, "Failed to create key, ensure security settings are correct."),
    ("POST", "/keys/create", "{", 500, "Unmarshalling failed"),
    ("POST", "/keys/create", "{}", 400, "Failed to create key, keys must have at least one Access Rights record set."),
    ("POST", "/keys/create", '{"apply_policies":["none"]}', 500, 'Failed to create key - policy not found: "none"'),
    ("POST", "/keys/preview", "{", 500, "Unmarshalling failed"),
    ("POST", "/keys/policy/none", "{", 400, "Couldn't decode instruction"),
    ("POST", "/keys/policy/none", "{}", 404, "Key not found"),
    ("PATCH", "/keys/none", "{}", 405, "Method not supported"),
    ("GET", "/org/keys/none", None, 404, "Org not found"),
    ("DELETE", "/org/keys/none", None, 404, "Org not found"),
    ("POST", "/org/keys/o", "{", 400, "Request malformed"),
    ("POST", "/policies", "{}", 400, "Unable to create policy without id."),
    ("POST", "/policies", "{", 400, "Request malformed"),
    ("POST", "/policies", '{"id":"../up"}', 400,
     "Invalid Policy ID: Allowed characters: a-z, A-Z, 0-9, ., _, -, ~"),
    ("PUT", "/policies", "{}", 400, "Must specify an apiID to update"),
    ("DELETE", "/policies", None, 400, "Must specify an apiID to delete"),
    ("DELETE", "/policies/..", None, 500, "Delete failed"),
    ("GET", "/policies/none", None, 404, "Policy not found"),
])
def test_bad_input(bad_input_gateway, method, path, body, status, message):
    text = body.encode() if body is not None else None
    assert call(bad_input_gateway, method, path, text, status)["message"] == message
    assert bad_input_gateway.process.poll() is None


@pytest.fixture(scope="module")
def bad_input_gateway(tmp_path_factory, upstream):
    from support.gateway import Gateway
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), MURMUR)
    gateway.write(protected("one", upstream.url)).start()
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("members", [
    {"quota_max": 1, "quota_renewal_rate": 2**63 - 1}, {"session_lifetime": 2**63 - 1}, {"expires": 2**63 - 1},
    {"expires": 2**63 - 1, "post_expiry_action": "retain", "post_expiry_grace_period": 2**63 - 1},
    {"expires": -2**63}, {"rate": 1e308, "per": 1e-308}])
def test_absurd_numbers(bad_input_gateway, members):
    made = call(bad_input_gateway, "POST", "/keys/absurd", key("one", **members))
    assert call(bad_input_gateway, "GET", f"/keys/{made['key']}")["org_id"] == ORG


def test_the_secret_is_needed(bad_input_gateway):
    for secret in (None, "", "wrong", SECRET + "x"):
        for method, path in [("POST", "/tyk/keys"), ("GET", "/tyk/keys/x"), ("POST", "/tyk/policies")]:
            status, text = bad_input_gateway.admin(path, method, key("one") if method == "POST" else None, secret)
            assert status == 403 and "Attempted administrative access" in text


def test_certificates_of_keys_must_exist(bad_input_gateway):
    wrong = key("one", mtls_static_certificate_bindings=["other" + "0" * 64])
    assert call(bad_input_gateway, "POST", "/keys", wrong, 400)["message"].startswith("invalid certificate ID: other")
    unknown = key("one", mtls_static_certificate_bindings=[ORG + "0" * 64])
    assert call(bad_input_gateway, "POST", "/keys/create", unknown, 400)["message"] == \
        f"certificate not found: {ORG}{'0' * 64}"
    call(bad_input_gateway, "POST", "/keys/plain", key("one"))
    assert call(bad_input_gateway, "PUT", f"/keys/plain?org_id={ORG}", key("one", certificate="c"), 400)["message"] == \
        "Key must be used with an existent certificate"


def test_basic_auth_keys_do_not_show_their_password(start, redis):
    gateway = start(redis.conf(), MURMUR)
    made = call(gateway, "POST", "/keys/user", key("one", basic_auth_data={"password": "secret"}))
    assert made["key"] == "" and made["key_hash"]
    stored = json.loads(redis.ask("GET", "apikey-" + made["key_hash"]))["basic_auth_data"]
    assert stored["hash_type"] == "bcrypt" and stored["password"].startswith("$2a$10$")
    shown = call(gateway, "GET", f"/keys/user?org_id={ORG}")
    assert "password" not in shown["basic_auth_data"]
    # Without a password, or with the kept text, the kept one stays.
    for password in ({}, {"basic_auth_data": {"password": stored["password"]}}):
        call(gateway, "PUT", f"/keys/user?org_id={ORG}", key("one", **password))
        assert json.loads(redis.ask("GET", "apikey-" + made["key_hash"]))["basic_auth_data"] == stored
    call(gateway, "PUT", f"/keys/user?org_id={ORG}", key("one", basic_auth_data={"password": "new"}))
    assert json.loads(redis.ask("GET", "apikey-" + made["key_hash"]))["basic_auth_data"] != stored
    assert call(gateway, "POST", "/keys/long", key("one", basic_auth_data={"password": "x" * 73}), 400)
    assert "secret" not in gateway.log()


def test_master_keys_where_they_are_allowed(start):
    gateway = start(MURMUR, {"allow_master_keys": True}, apis=("one", "two"))
    token = call(gateway, "POST", "/keys/create", {"org_id": ORG, "rate": 10, "per": 60, "quota_max": -1})["key"]
    assert visit(gateway, token, "one") == visit(gateway, token, "two") == 200


def test_organisations(start, redis):
    gateway = start(redis.conf(), MURMUR, {"suppress_default_org_store": True})
    assert call(gateway, "POST", "/org/keys/unknown", {}, 404)["message"] == \
        "No such organisation found in Active API list"
    assert call(gateway, "POST", f"/org/keys/{ORG}?reset_quota=1", {"quota_max": 5, "quota_renewal_rate": 60}) == {
        "key": ORG, "status": "ok", "action": "added"}
    assert json.loads(redis.ask("GET", f"orgkey.{ORG}"))["quota_max"] == 5
    assert call(gateway, "PUT", f"/org/keys/{ORG}", {"quota_max": 6})["action"] == "modified"
    assert call(gateway, "GET", f"/org/keys/{ORG}")["quota_max"] == 6
    assert call(gateway, "GET", "/org/keys") == {"keys": [ORG]}
    assert call(gateway, "GET", "/org/keys?filter=none") == {"keys": []}
    assert call(gateway, "DELETE", f"/org/keys/{ORG}")["action"] == "deleted"
    assert call(gateway, "GET", "/org/keys") == {"keys": []}


def test_policies(start, tmp_path):
    gateway = start(MURMUR, {"policies": {"policy_path": str(tmp_path)}})
    gold = {"id": "gold", "org_id": ORG, "rate": 100, "per": 1, "quota_max": -1, "key_expires_in": 600,
            "access_rights": {"one": {"api_id": "one", "api_name": "one", "versions": ["Default"]}}}
    assert call(gateway, "POST", "/policies", gold) == {"key": "gold", "status": "ok", "action": "added"}
    assert json.loads((tmp_path / "gold.json").read_text())["key_expires_in"] == 600
    assert [p.name for p in tmp_path.iterdir()] == ["gold.json"]
    assert call(gateway, "GET", "/policies/gold", status=404)
    gateway.reload()
    assert call(gateway, "GET", "/policies/gold")["rate"] == 100
    assert [p["id"] for p in call(gateway, "GET", "/policies")] == ["gold"]

    token = call(gateway, "POST", "/keys", {"org_id": ORG, "apply_policies": ["gold"]})["key"]
    assert visit(gateway, token) == 200
    shown = call(gateway, "GET", f"/keys/{token}")
    assert shown["rate"] == 100 and 0 < shown["expires"] - time.time() <= 600

    assert call(gateway, "PUT", "/policies/other", gold, 400)["message"].startswith("Request ID does not match")
    assert call(gateway, "PUT", "/policies/gold", {**gold, "rate": 7})["action"] == "modified"
    assert call(gateway, "DELETE", "/policies/gold")["action"] == "deleted"
    assert call(gateway, "DELETE", "/policies/gold", status=500)["message"] == "Delete failed"
    assert visit(gateway, token) == 200  # in force until the next reload
    gateway.reload()
    assert visit(gateway, token) == 403


def test_policies_of_a_key_by_its_hash(start, tmp_path):
    gateway = start(MURMUR, {"policies": {"policy_path": str(tmp_path)}}, apis=("one", "two"))
    call(gateway, "POST", "/policies", {"id": "p", "org_id": ORG, "access_rights": {"two": {"versions": ["Default"]}}})
    gateway.reload()
    made = call(gateway, "POST", "/keys", key("one"))
    assert list(call(gateway, "GET", f"/keys/{made['key']}")["access_rights"]) == ["one"]
    assert call(gateway, "POST", f"/keys/policy/{made['key_hash']}", {"policy": "p"}) == {
        "key": made["key_hash"], "status": "ok", "action": "updated"}
    assert list(call(gateway, "GET", f"/keys/{made['key']}")["access_rights"]) == ["two"]
    assert visit(gateway, made["key"], "two") == 200


def test_quotas_in_answers_and_their_reset(start, redis):
    gateway = start(redis.conf(), MURMUR)
    made = call(gateway, "POST", "/keys/q", key("one", quota_max=5, quota_renewal_rate=600))
    where = f"/keys/q?org_id={ORG}"
    assert call(gateway, "GET", where)["quota_remaining"] == 5
    redis.ask("SET", "quota-" + made["key_hash"], 2, "EX", 600)
    assert call(gateway, "GET", where)["quota_remaining"] == 3
    redis.ask("SET", "quota-" + made["key_hash"], 9, "EX", 600)
    assert "quota_remaining" not in call(gateway, "GET", where)
    body = key("one", quota_max=5, quota_renewal_rate=600)
    call(gateway, "PUT", where + "&suppress_reset=1", body)
    assert redis.ask("GET", "quota-" + made["key_hash"]) == "9"
    call(gateway, "PUT", where, body)
    assert redis.ask("GET", "quota-" + made["key_hash"]) is None
    assert call(gateway, "GET", where)["quota_remaining"] == 5


def test_events_of_keys(new_gateway, upstream):
    events = {name: [{"handler_name": "eh_log_handler", "handler_meta": {"prefix": "TOLD"}}]
              for name in ("TokenCreated", "TokenUpdated", "TokenDeleted")}
    gateway = new_gateway({**MURMUR, "event_handlers": {"events": events}})
    gateway.write(protected("one", upstream.url)).start()
    call(gateway, "POST", "/keys/told", key("one"))
    call(gateway, "PUT", f"/keys/told?org_id={ORG}", key("one"))
    call(gateway, "DELETE", f"/keys/told?org_id={ORG}")
    for name in ("TokenCreated", "TokenUpdated", "TokenDeleted"):
        gateway.wait_for_log(f"TOLD:{name}")
    assert "not built" not in gateway.log()


def test_a_stop_while_a_call_waits_for_the_store(start, redis):
    gateway = start(redis.conf(), MURMUR, {"graceful_shutdown_timeout_duration": 1})
    redis.process.send_signal(signal.SIGSTOP)
    try:
        with gateway.client() as client:
            client.request("GET", "/tyk/keys/x", [f"X-Tyk-Authorization: {SECRET}"])
            time.sleep(0.1)  # until the call is under way: nothing tells that it is
            gateway.stop()
    finally:
        redis.process.send_signal(signal.SIGCONT)
