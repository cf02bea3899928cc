"""The example plugins in plugins/python/ do what they say."""
import importlib.util
import json
import os
import sys
import types

import pytest

from support.gateway import ROOT, Gateway, classic
from support.upstream import answer

pytestmark = pytest.mark.skipif(os.environ.get("TYKPP_PRESET") == "tsan",
                                reason="the interpreter is built without ThreadSanitizer")
SECRET = "only for this test"


def entry(name, file):
    return {"name": name, "path": str(ROOT / "plugins/python" / file)}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    running = Gateway(tmp_path_factory.mktemp("examples"), {"coprocess_options": {"enable_coprocess": True}})

    def api(name, **more):
        middleware = {key: more.pop(key) for key in ("pre", "post", "auth_check", "post_key_auth", "response") if key in more}
        return classic(name, upstream.url, custom_middleware={"driver": "python", **middleware}, **more)

    running.write(
        api("trace", pre=[entry("TraceId", "trace_id.py")]),
        api("token", auth_check=entry("SignedToken", "signed_token.py"),
            post_key_auth=[entry("ForwardIdentity", "forward_identity.py")], use_keyless=False, enable_coprocess_auth=True,
            config_data={"token_secret": SECRET}),
        api("once", post=[entry("Idempotency", "idempotency.py")]),
        api("hide", response=[entry("HideFields", "hide_fields.py")], config_data={"hide": ["password"]}))
    running.start()
    yield running
    running.stop()


def token_maker():
    """The example's own function, imported with a stand-in for the gateway's module."""
    decorators = types.ModuleType("tyk.decorators")
    decorators.Hook = lambda function: function
    sys.modules.update({"tyk": types.ModuleType("tyk"), "tyk.decorators": decorators})
    spec = importlib.util.spec_from_file_location("signed_token", ROOT / "plugins/python/signed_token.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_token


def test_trace_id(gateway, upstream):
    gateway.get("/trace/", "X-Trace-Id: known-good-id")
    assert upstream.requests[-1].header("X-Trace-Id") == "known-good-id"
    for bad in ("", "no good!"):
        gateway.get("/trace/", "X-Trace-Id: " + bad)
        assert len(upstream.requests[-1].header("X-Trace-Id")) == 32


def test_signed_token_and_forward_identity(gateway, upstream):
    make = token_maker()
    assert gateway.get("/token/", "Authorization: " + make(SECRET, "ada", 60)).status == 200
    assert upstream.requests[-1].header("X-User") == "ada"
    assert upstream.requests[-1].header("Authorization") is None
    for bad in (make("another secret", "ada", 60), make(SECRET, "ada", -5), "ada", "", "ada.99999999999.00"):
        refused = gateway.get("/token/", "Authorization: " + bad)
        assert (refused.status, json.loads(refused.body)["error"]) == (401, "The token is not valid")


def test_idempotency(gateway, upstream):
    def post(key):
        with gateway.client() as client:
            return client.request("POST", "/once/", ["Idempotency-Key: " + key], b"order").response().status

    assert [post("a"), post("a"), post("b"), post("a")] == [200, 409, 200, 409]
    assert len(upstream.requests) == 2


def test_hide_fields(gateway, upstream):
    document = {"name": "a", "password": "b", "more": [{"password": "c", "n": 1}]}
    upstream.on("/", lambda c, r: c.send(answer(json.dumps(document).encode(), "200 OK", "Content-Type: application/json")))
    assert json.loads(gateway.get("/hide/").body) == {"name": "a", "more": [{"n": 1}]}
    upstream.on("/", lambda c, r: c.send(answer(b"password", "200 OK", "Content-Type: text/plain")))
    assert gateway.get("/hide/").body == b"password"
