"""Authentication methods beside plain tokens: JSON Web Tokens, basic, signatures, choices between them."""
import base64
import hashlib
import hmac
import json
import subprocess
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from support.bundle import rsa_key
from support.gateway import classic, oas
from support.wait import eventually

SECRET = b"a shared secret"


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64(data) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def unsigned(header: dict, claims) -> str:
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return b64url(json.dumps(header).encode()) + "." + b64url(body)


def hs256(claims, secret=SECRET, **header) -> str:
    text = unsigned({"alg": "HS256", "typ": "JWT", **header}, claims)
    return text + "." + b64url(hmac.new(secret, text.encode(), "sha256").digest())


def rs256(claims, key, kid) -> str:
    text = unsigned({"alg": "RS256", "kid": kid}, claims)
    made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(key)], input=text.encode(), capture_output=True,
                          check=True)
    return text + "." + b64url(made.stdout)


def jwk(public, kid) -> dict:
    shown = subprocess.run(["openssl", "rsa", "-pubin", "-in", str(public), "-noout", "-modulus"], capture_output=True,
                           check=True, text=True)
    return {"kty": "RSA", "use": "sig", "kid": kid, "e": "AQAB",
            "n": b64url(bytes.fromhex(shown.stdout.split("=")[1].strip()))}


class KeyServer:
    """Publishes a key set, counts who asks, may be down."""

    def __init__(self):
        self.keys, self.asked, self.status, self.body = [], 0, 200, None
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked += 1
                body = owner.body if owner.body is not None else json.dumps({"keys": owner.keys}).encode()
                self.send_response(owner.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer():
    server = KeyServer()
    yield server
    server.stop()


def policy(name, *apis, **members):
    rights = {api: {"api_id": api, "api_name": api, "versions": ["Default"]} for api in apis}
    return {"id": name, "org_id": "default", "active": True, "rate": 1000, "per": 60, "quota_max": -1,
            "access_rights": rights, **members}


@pytest.fixture
def start(new_gateway):
    def make(*definitions, policies=(), **conf):
        gateway = new_gateway({"policies": {"policy_source": "file", "policy_record_name": "policies.json"}, **conf})
        (gateway.work / "policies.json").write_text(json.dumps({one["id"]: one for one in policies}))
        gateway.conf["policies"]["policy_record_name"] = str(gateway.work / "policies.json")
        return gateway.write(*definitions).start()

    return make


def protected(name, upstream, **changes):
    return classic(name, upstream.url, use_keyless=False, **changes)


def hmac_api(upstream, **changes):
    return protected("j", upstream, enable_jwt=True, jwt_signing_method="hmac", jwt_source=b64(SECRET),
                     jwt_identity_base_field="sub", jwt_default_policies=["gold"], **changes)


def issued_api(upstream, issuer, **changes):
    return protected("j", upstream, enable_jwt=True, jwt_signing_method="rsa", jwt_source=b64(issuer.url),
                     jwt_identity_base_field="sub", jwt_default_policies=["gold"], **changes)


def ask(gateway, token, path="/j/x"):
    return gateway.get(path, f"Authorization: Bearer {token}")


def put_key(gateway, name, **session):
    status, text = gateway.admin(f"/tyk/keys/{name}", "POST",
                                 {"org_id": "default", "rate": 1000, "per": 60, "quota_max": -1, **session})
    assert status == 200, text


def rights(*apis):
    return {api: {"api_id": api, "api_name": api, "versions": ["Default"]} for api in apis}


# --- JSON Web Tokens


def test_a_token_that_is_no_token_harms_nobody(start, upstream):
    gateway = start(hmac_api(upstream), policies=[policy("gold", "j")])
    good = hs256({"sub": "me", "exp": time.time() + 60})
    head, claims, signature = good.split(".")
    deep = b'{"a":' * 5000 + b"1" + b"}" * 5000
    bad = [".", "..", "...", good + ".", good[:-1], good + "A", f"{head}.{claims}.", f"{head}.{claims}", f".{claims}.{signature}",
           f"{head}..{signature}", good.replace(".", "=."), good.upper(), b64url(b"[]") + f".{claims}.{signature}",
           hs256(b"[]"), hs256(b"null"), hs256(b'{"sub":"me"'), hs256(b'{"sub":"\xff"}'), hs256(deep), hs256({"sub": "me"}, b"x"),
           hs256({"sub": "me"}, b"\0"), hs256({"sub": "me"}, crit=["b64"], b64=False), hs256({"sub": "me"}, alg="hs256"),
           hs256({"sub": "me"}, alg=None), hs256({"sub": "me"}, alg=["HS256"]), "a" * 7000, "%00", "\x80\xff"]
    for token in bad:
        answer = ask(gateway, token)
        assert (answer.status, json.loads(answer.body)) == (403, {"error": "Key not authorized"}), token[:80]
    for algorithm in ("none", "RS256", "ES256", "EdDSA"):
        answer = ask(gateway, hs256({"sub": "me"}, alg=algorithm))
        assert json.loads(answer.body) == {"error": "Key not authorized: Unexpected signing method"}
    assert ask(gateway, f"{b64url(b'{}')}.{claims}.").status == 403
    for claims in ({"sub": 7}, {"sub": ["me"]}, {"sub": {}}, {"sub": ""}, {"sub": None}):
        assert ask(gateway, hs256(claims)).status == 403
    for claims in ({"sub": "me", "exp": "soon"}, {"sub": "me", "exp": -1e308}, {"sub": "me", "nbf": 1e308}, {"sub": "me", "iat": []}):
        assert ask(gateway, hs256(claims)).status == 401

    assert upstream.requests == []
    assert ask(gateway, good).status == 200


def test_users_keep_their_session_over_a_restart_of_the_gateway(start, upstream):
    gateway = start(hmac_api(upstream), policies=[policy("gold", "j")])
    assert ask(gateway, hs256({"sub": "me", "exp": 4102444800})).status == 200
    name = "default" + hashlib.md5(b"me").hexdigest()
    status, text = gateway.admin(f"/tyk/keys/{name}?org_id=default")
    assert status == 200, text
    session = json.loads(text)
    assert session["alias"] == "me" and session["apply_policies"] == ["gold"]
    assert session["meta_data"] == {"TykJWTSessionID": name} and session["expires"] == 4102444800
    gateway.stop()
    gateway.start()
    assert ask(gateway, hs256({"sub": "me", "exp": 4102444800})).status == 200


def test_a_policy_that_goes_away_takes_its_users_along(start, upstream):
    gateway = start(hmac_api(upstream), policies=[policy("gold", "j")])
    token = hs256({"sub": "me"})
    assert ask(gateway, token).status == 200
    (gateway.work / "policies.json").write_text("{}")
    gateway.reload()
    eventually(lambda: ask(gateway, token).status in (403, 500), "the token is refused")


def test_issuers_may_rotate_their_keys_and_go_down(start, upstream, issuer, tmp_path):
    one, two = rsa_key(tmp_path, "one"), rsa_key(tmp_path, "two")
    issuer.keys = [jwk(one[1], "one")]
    gateway = start(issued_api(upstream, issuer), policies=[policy("gold", "j")], jwks={"cache": {"timeout": 2}})
    first, second = rs256({"sub": "me"}, one[0], "one"), rs256({"sub": "me"}, two[0], "two")
    for _ in range(20):
        assert ask(gateway, first).status == 200
    asked = issuer.asked
    assert asked <= 2, "one set for all workers"
    assert ask(gateway, second).status == 403
    issuer.keys = [jwk(two[1], "two")]
    assert ask(gateway, second).status == 200, "an unknown key is asked for"
    assert ask(gateway, first).status == 403, "and the old one is gone"
    issuer.status = 500
    asked = issuer.asked
    eventually(lambda: ask(gateway, second).status == 200 and issuer.asked > asked, "the issuer is asked in vain")
    for _ in range(5):
        assert ask(gateway, second).status == 200, "the last set goes on while the issuer is down"
    issuer.status, issuer.keys = 200, [jwk(one[1], "one")]
    eventually(lambda: ask(gateway, second).status == 403, "the new set counts", 10)
    assert ask(gateway, first).status == 200


def test_unknown_keys_do_not_make_the_gateway_hammer_the_issuer(start, upstream, issuer, tmp_path):
    key = rsa_key(tmp_path)
    issuer.keys = [jwk(key[1], "one")]
    gateway = start(issued_api(upstream, issuer), policies=[policy("gold", "j")])
    text = rs256({"sub": "me"}, key[0], "one").split(".", 1)[1]
    for number in range(50):
        head = b64url(json.dumps({"alg": "RS256", "kid": f"k{number}"}).encode())
        assert ask(gateway, f"{head}.{text}").status == 403
    assert issuer.asked <= 6
    assert ask(gateway, rs256({"sub": "me"}, key[0], "one")).status == 200


@pytest.mark.parametrize("body", ids=list(map(str, range(8))), argvalues=[b"", b"[]", b"{}", b"\xff" * 100, b'{"keys":7}', b'{"keys":[7,{"kty":"RSA","n":"AA","e":"AQ"}]}',
                                  b'{"keys":' + b"[" * 9000, b"x" * (2 << 20)])
def test_what_an_issuer_publishes_may_be_anything(start, upstream, issuer, tmp_path, body):
    key = rsa_key(tmp_path)
    issuer.body = body
    gateway = start(issued_api(upstream, issuer), classic("open", upstream.url), policies=[policy("gold", "j")])
    assert ask(gateway, rs256({"sub": "me"}, key[0], "one")).status == 403
    assert gateway.get("/open/x").status == 200


def test_oas_definitions_may_name_several_issuers(start, upstream, issuer, tmp_path):
    one, two = rsa_key(tmp_path, "one"), rsa_key(tmp_path, "two")
    other = KeyServer()
    try:
        issuer.keys, other.keys = [jwk(one[1], "one")], [jwk(two[1], "two")]
        api = oas("j", upstream.url)
        api["components"] = {"securitySchemes": {"jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}}
        api["security"] = [{"jwt": []}]
        scheme = {"enabled": True, "header": {"enabled": True, "name": "Authorization"}, "signingMethod": "rsa",
                  "jwksURIs": [{"url": issuer.url}, {"url": other.url, "cacheTimeout": "1h"}], "defaultPolicies": ["gold"],
                  "allowedIssuers": ["me"]}
        api["x-tyk-api-gateway"]["server"]["authentication"] = {"enabled": True, "securitySchemes": {"jwt": scheme}}
        gateway = start(api, policies=[policy("gold", "j")])
        for key, kid in ((one, "one"), (two, "two")):
            assert ask(gateway, rs256({"sub": "me", "iss": "me"}, key[0], kid)).status == 200
        answer = ask(gateway, rs256({"sub": "me", "iss": "you"}, one[0], "one"))
        assert json.loads(answer.body) == {"error": "Key not authorized: invalid issuer claim: you"}
        assert ask(gateway, rs256({"sub": "me", "iss": "me"}, two[0], "one")).status == 403
    finally:
        other.stop()


# --- basic authentication


def basic(user, password):
    return "Authorization: Basic " + b64(f"{user}:{password}")


@pytest.mark.parametrize("conf", [{}, {"hash_keys": True, "hash_key_function": "murmur64"}])
def test_users_come_with_their_password_only(start, upstream, conf):
    gateway = start(protected("b", upstream, use_basic_auth=True), **conf)
    put_key(gateway, "ann", basic_auth_data={"password": "geheim"}, access_rights=rights("b"))
    put_key(gateway, "bare-key", access_rights=rights("b"))
    assert gateway.get("/b/x", basic("ann", "geheim")).status == 200
    assert gateway.get("/b/x", basic("ann", "geheim")).status == 200
    for user, password in (("ann", "Geheim"), ("ann", ""), ("ann", "geheim "), ("bob", "geheim"), ("", ""), ("bare-key", ""),
                           ("ann\0", "geheim"), ("a" * 5000, "x")):
        answer = gateway.get("/b/x", basic(user, password))
        assert answer.status == 401 and answer.header("WWW-Authenticate") == 'Basic realm="b"', (user, password)
    for value in ("Basic", "Basic a b", "Basic ====", "Basic " + b64("ann"), "Basic " + b64("ann:a:b"), "x"):
        assert gateway.get("/b/x", f"Authorization: {value}").status == 400, value
    assert gateway.get("/b/x").status == 401


def test_wrong_passwords_do_not_stop_others(start, upstream):
    gateway = start(protected("b", upstream, use_basic_auth=True), classic("open", upstream.url))
    put_key(gateway, "ann", basic_auth_data={"password": "geheim"}, access_rights=rights("b"))
    threads = [threading.Thread(target=gateway.get, args=("/b/x", basic("ann", f"no {number}"))) for number in range(24)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    assert gateway.get("/open/x").status == 200
    assert time.monotonic() - begun < 2
    for thread in threads:
        thread.join()
    assert gateway.get("/b/x", basic("ann", "geheim")).status == 200


# --- signatures


def signed(secret, key_id, date, algorithm="hmac-sha256", headers=("date",), extra=""):
    text = "\n".join(f"{name}: {value}" for name, value in (("date", date),) if name in headers) + extra
    value = quote(b64(hmac.new(secret, text.encode(), algorithm[5:]).digest()), safe="")
    return (f"Date: {date}", f'Authorization: Signature keyId="{key_id}",algorithm="{algorithm}",signature="{value}"')


def test_signatures_hold_for_their_text_and_time(start, upstream):
    gateway = start(protected("s", upstream, enable_signature_checking=True, hmac_allowed_clock_skew=5000,
                              hmac_allowed_algorithms=["hmac-sha256", "hmac-sha512"]))
    put_key(gateway, "mobile", hmac_enabled=True, hmac_string="secret", access_rights=rights("s"))
    put_key(gateway, "silent", hmac_string="secret", access_rights=rights("s"))
    now = formatdate(usegmt=True)
    good = signed(b"secret", "mobile", now)
    assert gateway.get("/s/x", *good).status == 200
    assert gateway.get("/s/x", good[0], good[1].replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")).status == 200
    assert gateway.get("/s/x", *signed(b"secret", "mobile", now, "hmac-sha512")).status == 200
    bad = [signed(b"other", "mobile", now), signed(b"secret", "silent", now), signed(b"secret", "nobody", now),
           signed(b"secret", "mobile", now, "hmac-sha384"), signed(b"secret", "mobile", formatdate(time.time() - 60, usegmt=True)),
           signed(b"secret", "mobile", "now"), good[1:], (good[0],), (good[0], "Authorization: Signature"),
           (good[0], 'Authorization: Signature keyId="mobile'), (good[0], good[1] + ',more="1"'), (good[0], "Authorization: " + "," * 5000),
           (good[0], 'Authorization: Signature keyId="mobile",algorithm="rsa-sha256",signature="AA=="')]
    for headers in bad:
        answer = gateway.get("/s/x", *headers)
        assert answer.status == 400, headers
        assert json.loads(answer.body) == {"error": "Authorization field missing, malformed or invalid"}


def test_tokens_may_have_to_come_with_a_signature(start, upstream):
    config = {"auth_header_name": "X-Key", "validate_signature": True,
              "signature": {"algorithm": "MasherySHA256", "header": "X-Sig", "secret": "s", "allowed_clock_skew": 5,
                            "error_code": 418, "error_message": "no"}}
    gateway = start(protected("t", upstream, use_standard_auth=True, auth_configs={"authToken": config}))
    put_key(gateway, "mobile", access_rights=rights("t"))
    digest = hashlib.sha256(f"mobiles{int(time.time())}".encode()).hexdigest()
    assert gateway.get("/t/x", "X-Key: mobile", f"X-Sig: {digest}").status == 200
    old = hashlib.sha256(f"mobiles{int(time.time()) - 60}".encode()).hexdigest()
    for headers in (("X-Key: mobile",), ("X-Key: mobile", f"X-Sig: {old}"), ("X-Key: mobile", "X-Sig: zz")):
        answer = gateway.get("/t/x", *headers)
        assert (answer.status, json.loads(answer.body)) == (418, {"error": "no"})


# --- several methods


def choice(upstream, mode):
    api = oas("m", upstream.url)
    api["components"] = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                                             "user": {"type": "http", "scheme": "basic"},
                                             "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}}
    api["security"] = [{"key": []}, {"user": [], "jwt": []}]
    schemes = {"key": {"enabled": True, "header": {"enabled": True, "name": "X-Key"}},
               "user": {"enabled": True, "header": {"enabled": True, "name": "Authorization"}},
               "jwt": {"enabled": True, "header": {"enabled": True, "name": "X-Jwt"}, "signingMethod": "hmac",
                       "source": b64(SECRET), "defaultPolicies": ["gold"], "skipKid": True}}
    api["x-tyk-api-gateway"]["server"]["authentication"] = {"enabled": True, "securityProcessingMode": mode,
                                                            "securitySchemes": schemes}
    return api


def test_clients_choose_between_groups_of_methods(start, upstream):
    gateway = start(choice(upstream, "compliant"), policies=[policy("gold", "m")])
    put_key(gateway, "mobile", access_rights=rights("m"))
    put_key(gateway, "ann", basic_auth_data={"password": "pw"}, access_rights=rights("m"))
    token = "X-Jwt: " + hs256({"sub": "me"})
    assert gateway.get("/m/x", "X-Key: mobile").status == 200
    assert gateway.get("/m/x", basic("ann", "pw"), token).status == 200
    assert gateway.get("/m/x", "X-Key: none", basic("ann", "pw"), token).status == 200
    answer = gateway.get("/m/x", basic("ann", "pw"))
    assert (answer.status, json.loads(answer.body)) == (400, {"error": "Authorization field missing"})
    answer = gateway.get("/m/x", token)
    assert answer.status == 401 and answer.header("WWW-Authenticate") is None


def test_outside_compliant_mode_the_first_group_counts(start, upstream):
    gateway = start(choice(upstream, "legacy"), policies=[policy("gold", "m")])
    put_key(gateway, "mobile", access_rights=rights("m"))
    put_key(gateway, "ann", basic_auth_data={"password": "pw"}, access_rights=rights("m"))
    assert gateway.get("/m/x", "X-Key: mobile").status == 200
    assert gateway.get("/m/x", basic("ann", "pw"), "X-Jwt: " + hs256({"sub": "me"})).status == 401
