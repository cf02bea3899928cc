"""OAuth 2: the gateway as an API's authorisation server, on a real Redis."""
import base64
import json
import threading
import urllib.parse

import pytest

from support.gateway import SECRET, Gateway, classic
from support.redis import Redis
from support.upstream import Upstream
from support.wait import eventually

ORG = "5e9d9544a1dcd60001d0ed20"
BACK = "http://client.example/back"
GRANTS = ["authorization_code", "refresh_token", "password", "client_credentials"]
FORM = "Content-Type: application/x-www-form-urlencoded"
POLICY = {"id": "pol", "org_id": ORG, "rate": 100, "per": 1, "quota_max": -1, "tags": ["t"],
          "access_rights": {api: {"api_id": api, "api_name": api, "versions": ["Default"]} for api in ("oa", "ob")}}


def basic(name, secret):
    return "Authorization: Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


class Site:
    """A gateway with two OAuth APIs, and its Redis."""

    def __init__(self, folder, upstream, receiver, env=None, **conf):
        self.redis = Redis(folder).start()
        (folder / "policies").mkdir()
        (folder / "policies" / "pol.json").write_text(json.dumps(POLICY))
        self.gateway = Gateway(folder / "gateway", {
            **self.redis.conf(), "hash_keys": True, "hash_key_function": "",
            "policies": {"policy_path": str(folder / "policies")}, "oauth_token_expire": 600, **conf}, env)
        for name in ("oa", "ob"):
            self.gateway.write(classic(
                name, upstream.url, use_keyless=False, org_id=ORG, use_oauth2=True,
                CORS={"enable": True, "allowed_origins": ["http://page.example"]},
                oauth_meta={"allowed_access_types": GRANTS, "allowed_authorize_types": ["code", "token"],
                            "auth_login_redirect": "http://login.example/in"},
                notifications={"shared_secret": "shh", "oauth_on_keychange_url": receiver.url + "/news"}))
        self.gateway.start()
        self.client("app")

    def stop(self):
        self.gateway.stop()
        self.redis.stop()

    def client(self, name, api="oa", **changes):
        body = {"api_id": api, "client_id": name, "secret": "s3", "redirect_uri": BACK, "policy_id": "pol", **changes}
        status, text = self.gateway.admin("/tyk/oauth/clients/create", "POST", body)
        assert status == 200, text
        return json.loads(text)

    def post(self, path, *headers, **form):
        with self.gateway.client() as client:
            body = urllib.parse.urlencode(form).encode()
            return client.request("POST", path, [FORM, *headers], body).response()

    def token(self, api="oa", client="app", **form):
        reply = self.post(f"/{api}/oauth/token/", basic(client, "s3"), **form)
        return reply.status, json.loads(reply.body)

    def given(self, **form):
        status, answer = self.token(**form)
        assert status == 200, answer
        return answer

    def code(self, **form):
        form = {"response_type": "code", "client_id": "app", "redirect_uri": BACK, **form}
        reply = self.post("/oa/tyk/oauth/authorize-client/", f"X-Tyk-Authorization: {SECRET}", **form)
        return reply.status, json.loads(reply.body)

    def visit(self, token, api="oa"):
        return self.gateway.get(f"/{api}/get", f"Authorization: Bearer {token}").status


@pytest.fixture(scope="module")
def receiver():
    server = Upstream()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory, upstream, receiver):
    made = Site(tmp_path_factory.mktemp("oauth"), upstream, receiver)
    yield made
    made.stop()


def test_client_credentials(site):
    answer = site.given(grant_type="client_credentials")
    assert answer["expires_in"] == 600 and answer["token_type"] == "bearer" and "refresh_token" not in answer
    assert site.visit(answer["access_token"]) == 200
    assert site.visit("none") == 403
    assert site.gateway.get("/oa/get").status == 400
    assert site.gateway.get("/oa/get", f"Authorization: Basic {answer['access_token']}").status == 400


def test_a_code_is_good_once_even_for_two_at_once(site):
    status, answer = site.code(state="a&b")
    assert status == 200 and answer["state"] == "a&b"
    assert answer["redirect_to"] == f"{BACK}?code={answer['code']}&state=a%26b"
    outcomes = []

    def exchange():
        outcomes.append(site.token(grant_type="authorization_code", code=answer["code"], redirect_uri=BACK)[0])

    threads = [threading.Thread(target=exchange) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == [200, 403, 403, 403, 403, 403]


def test_codes_are_bound_to_client_and_address(site):
    site.client("other")
    _, answer = site.code()
    exchange = {"grant_type": "authorization_code", "code": answer["code"]}
    assert site.token(client="other", redirect_uri=BACK, **exchange)[1]["error"] == "invalid_grant"
    assert site.token(redirect_uri=BACK + "/else", **exchange)[1]["error"] == "invalid_request"
    assert site.token(redirect_uri=BACK, **exchange)[0] == 200


@pytest.mark.parametrize("uri", ["http://evil.example/back", "https://client.example/back", BACK + "#x", "javascript:1",
                                 "http://client.example/back/../../x", "http://client.example@evil.example/back",
                                 "http://client.example/back\r\nX: y"])
def test_addresses_that_are_not_the_clients(site, uri):
    status, answer = site.code(redirect_uri=uri)
    assert status == 403 and answer["error"] == "invalid_request" and "redirect_to" not in answer


def test_refresh_tokens_rotate(site):
    _, code = site.code(key_rules=json.dumps({"org_id": ORG, "rate": 5, "per": 1, "quota_max": -1, "alias": "mine",
                                              "access_rights": POLICY["access_rights"]}))
    first = site.given(grant_type="authorization_code", code=code["code"], redirect_uri=BACK)
    second = site.given(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert site.visit(second["access_token"]) == 200 and site.visit(first["access_token"]) == 403
    assert site.token(grant_type="refresh_token", refresh_token=first["refresh_token"])[1]["error"] == "invalid_grant"
    site.client("third")
    assert site.token(client="third", grant_type="refresh_token", refresh_token=second["refresh_token"])[1]["error"] == \
        "invalid_client"
    status, text = site.gateway.admin(f"/tyk/keys/{second['access_token']}")
    session = json.loads(text)
    assert session["alias"] == "mine" and session["oauth_client_id"] == "app"


def test_the_token_of_the_fragment(site):
    status, answer = site.code(response_type="token", state="x")
    assert status == 200 and answer["redirect_to"].startswith(f"{BACK}#access_token=")
    assert site.visit(answer["access_token"]) == 200
    assert site.code(response_type="id_token")[1]["error"] == "unsupported_response_type"


def test_the_password_of_a_user(site):
    user = {"org_id": ORG, "rate": 9, "per": 1, "quota_max": -1, "access_rights": POLICY["access_rights"],
            "basic_auth_data": {"password": "pw"}}
    assert site.gateway.admin("/tyk/keys/user", "POST", user)[0] == 200
    ask = {"grant_type": "password", "username": "user"}
    first = site.given(password="pw", **ask)
    assert site.visit(first["access_token"]) == 200
    assert site.token(password="no", **ask)[1]["error"] == "access_denied"
    assert site.token(grant_type="password", username="nobody", password="pw")[1]["error"] == "access_denied"
    second = site.given(password="pw", **ask)
    assert site.visit(second["access_token"]) == 200
    eventually(lambda: site.visit(first["access_token"]) == 403, "the user's earlier token is gone")
    stored = site.redis.ask("KEYS", "oauth-data.oa.oauth-refresh.*")
    assert not any("$2a$" in site.redis.ask("GET", name) for name in stored)


def test_wrong_clients(site):
    grant = {"grant_type": "client_credentials"}
    ask = lambda *headers, **form: json.loads(site.post("/oa/oauth/token", *headers, **form).body)["error"]  # noqa: E731
    assert ask(**grant) == ask("Authorization: Basic %%%", **grant) == "invalid_request"
    assert ask(basic("nobody", "s3"), **grant) == "server_error"
    assert ask(basic("app", "wrong"), **grant) == "unauthorized_client"
    assert ask(basic("app", "s3"), grant_type="magic") == ask(basic("app", "s3")) == "unsupported_grant_type"
    assert site.token(api="ob", **grant)[1]["error"] == "server_error"  # known to the other API alone
    site.client("poor", policy_id="")
    assert site.token(client="poor", **grant)[1]["error"] == "server_error"


def test_methods_and_the_headers_of_token_answers(site):
    with site.gateway.client() as client:
        reply = client.get("/oa/oauth/token/?grant_type=client_credentials", basic("app", "s3"))
        assert reply.status == 403 and json.loads(reply.body)["error"] == "invalid_request"
        assert reply.header("Cache-Control") == "no-cache, no-store, must-revalidate"
        assert reply.header("X-Frame-Options") == "DENY"
        assert client.request("PUT", "/oa/oauth/token").response().status == 405
        assert client.request("GET", "/oa/tyk/oauth/authorize-client", [f"X-Tyk-Authorization: {SECRET}"]).response().status == 405
        assert client.get("/oa/tyk/oauth/authorize-client").status == 403
        assert client.get("/oa/oauth/tokens").status == 400  # not an endpoint: the API itself
    body = json.dumps({"grant_type": "client_credentials"}).encode()
    with site.gateway.client() as client:
        reply = client.request("POST", "/oa/oauth/token", ["Content-Type: application/json", basic("app", "s3")], body).response()
        assert reply.status == 200


def test_login_redirect_and_cors(site):
    query = f"response_type=code&client_id=app&redirect_uri={urllib.parse.quote(BACK, '')}"
    reply = site.gateway.get(f"/oa/oauth/authorize/?{query}", "Origin: http://page.example")
    assert reply.status == 307 and reply.header("Location") == f"http://login.example/in?{query}" and reply.body == b""
    assert reply.header("Access-Control-Allow-Origin") == "http://page.example"
    assert site.gateway.get("/oa/oauth/authorize/?response_type=code&client_id=none").status == 403
    posted = site.post("/oa/oauth/authorize", response_type="code", client_id="app", redirect_uri=BACK)
    assert posted.status == 307 and posted.header("Location") == "http://login.example/in"


def test_revoking(site):
    site.client("gone")
    first, second = (site.token(client="gone", grant_type="client_credentials")[1]["access_token"] for _ in range(2))
    assert site.post("/oa/oauth/revoke", token=first).status == 200
    eventually(lambda: site.visit(first) == 403, "the token is gone")
    assert site.visit(second) == 200
    assert site.post("/oa/oauth/revoke").status == 400
    assert site.post("/oa/oauth/revoke_all", client_id="gone").status == 401
    assert site.post("/oa/oauth/revoke_all", client_id="gone", client_secret="no").status == 401
    assert site.post("/oa/oauth/revoke_all", client_id="none", client_secret="s3").status == 404
    assert site.post("/oa/oauth/revoke_all", client_id="gone", client_secret="s3").status == 200
    eventually(lambda: site.visit(second) == 403, "all tokens are gone")


def test_revoking_does_not_touch_keys_that_are_no_tokens(site):
    key = {"org_id": ORG, "rate": 9, "per": 1, "quota_max": -1, "access_rights": POLICY["access_rights"]}
    made = json.loads(site.gateway.admin("/tyk/keys/safe", "POST", key)[1])
    assert site.post("/oa/oauth/revoke", token=made["key"]).status == 200
    assert site.gateway.admin(f"/tyk/keys/{made['key']}")[0] == 200


def test_tokens_of_a_client_that_was_removed(site):
    site.client("short")
    token = site.token(client="short", grant_type="client_credentials")[1]["access_token"]
    assert site.visit(token) == 200
    listed = json.loads(site.gateway.admin("/tyk/oauth/clients/oa/short/tokens")[1])
    assert len(listed) == 1 and site.redis.ask("EXISTS", "apikey-" + listed[0]["code"]) == 1
    assert site.gateway.admin("/tyk/oauth/clients/oa/short", "DELETE")[0] == 200
    reply = lambda: site.gateway.get("/oa/get", f"Authorization: Bearer {token}")  # noqa: E731
    eventually(lambda: b"OAuth client access was revoked" in reply().body, "the client is missed")


def test_a_new_policy_takes_the_tokens(site):
    site.client("moved")
    token = site.token(client="moved", grant_type="client_credentials")[1]["access_token"]
    body = {"redirect_uri": BACK, "policy_id": ""}
    assert site.gateway.admin("/tyk/oauth/clients/oa/moved", "PUT", body)[0] == 200
    eventually(lambda: site.visit(token) == 403, "the tokens are gone")


def test_notifications(site, receiver):
    receiver.clear()
    _, code = site.code()
    answer = site.given(grant_type="authorization_code", code=code["code"], redirect_uri=BACK)
    call = eventually(lambda: next((r for r in receiver.requests if code["code"].encode() in r.body), None), "the news")
    assert json.loads(call.body) == {"auth_code": code["code"], "new_oauth_token": answer["access_token"],
                                     "refresh_token": answer["refresh_token"], "old_refresh_token": "",
                                     "notification_type": "new"}
    headers = {name.lower(): value for name, value in call.headers}
    assert headers["x-tyk-shared-secret"] == "shh" and headers["user-agent"] == "Tyk-Gatewy-Notifications"


def test_what_the_store_holds(site):
    site.client("kept", meta_data={"tier": "gold"}, description="d")
    client = json.loads(site.redis.ask("GET", "oauth-data.oa.oauth-clientid.kept"))
    assert client == {"id": "kept", "secret": "s3", "redirecturi": BACK, "meta_data": {"tier": "gold"},
                      "policyid": "pol", "description": "d"}
    assert "oauth-clientid.kept" in site.redis.ask("LRANGE", f"oauth-data.oa.oauth-client-index.{ORG}", 0, -1)
    token = site.token(client="kept", grant_type="client_credentials")[1]["access_token"]
    session = json.loads(site.gateway.admin(f"/tyk/keys/{token}")[1])
    assert session["meta_data"]["tier"] == "gold" and session["tags"] == ["t"]
    lists = site.redis.ask("ZRANGE", "oauth-data.oa.oauth-client-tokens.kept", 0, -1)
    assert len(lists) == 1 and 590 < site.redis.ask("TTL", "apikey-" + lists[0]) <= 600
    assert json.loads(site.redis.ask("GET", "oauth-data.oa.oauth-access." + lists[0]))["ExpiresIn"] == 3600


def test_lapsed_tokens_are_purged(site):
    site.redis.ask("ZADD", "oauth-data.oa.oauth-client-tokens.old", 1000, "lapsed", 4102444800, "good")
    assert site.gateway.admin("/tyk/oauth/tokens?scope=lapsed", "DELETE")[0] == 200
    assert site.redis.ask("ZRANGE", "oauth-data.oa.oauth-client-tokens.old", 0, -1) == ["good"]
    assert site.redis.ask("EXISTS", "oauth-purge-lock") == 0


def test_purges_by_itself(tmp_path, upstream, receiver):
    site = Site(tmp_path, upstream, receiver, {"TYK_GW_PRIVATE_OAUTHTOKENSPURGEINTERVAL": "1"})
    try:
        site.redis.ask("ZADD", "oauth-data.oa.oauth-client-tokens.old", 1000, "lapsed", 4102444800, "good")
        eventually(lambda: site.redis.ask("ZRANGE", "oauth-data.oa.oauth-client-tokens.old", 0, -1) == ["good"], "a purge")
    finally:
        site.stop()


def test_a_body_that_is_too_large(site):
    with site.gateway.client() as client:
        reply = client.request("POST", "/oa/oauth/token", [FORM, basic("app", "s3")], b"x" * (2 << 20)).response()
        assert reply.status == 413


def test_a_store_that_is_down(tmp_path, upstream, receiver):
    site = Site(tmp_path, upstream, receiver)
    try:
        token = site.given(grant_type="client_credentials")["access_token"]
        site.redis.stop()
        eventually(lambda: site.token(grant_type="client_credentials")[1].get("error") == "server_error", "an error")
        assert site.visit(token + "x") == 403
        assert site.gateway.admin("/tyk/oauth/clients/oa")[0] == 500
    finally:
        site.stop()
