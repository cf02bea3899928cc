"""The admin API: its listener, its secret, and APIs that come and go."""
import json

import pytest

from support.gateway import SECRET, Gateway, classic, free_port, oas

DENIED = '{"status":"error","message":"Attempted administrative access with invalid or missing key!"}\n'


@pytest.fixture
def gateway(new_gateway, upstream):
    return new_gateway().write(classic("first", upstream.url)).start()


def status_of(gateway, *arguments, **options):
    status, text = gateway.admin(*arguments, **options)
    return status, json.loads(text)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper()])
@pytest.mark.parametrize("path", ["/tyk/apis", "/tyk/reload", "/tyk/no-such-thing"])
def test_a_wrong_secret_is_refused(gateway, secret, path):
    assert gateway.admin(path, secret=secret) == (403, DENIED)


def test_an_empty_secret_opens_nothing(new_gateway):
    gateway = new_gateway({"secret": ""}).start()
    assert gateway.admin("/tyk/apis", secret="")[0] == 403
    assert gateway.admin("/tyk/apis", secret=None)[0] == 403


def test_a_control_port_takes_admin_and_health_away_from_the_api_port(new_gateway, upstream):
    gateway = new_gateway({"control_api_port": free_port()}).write(classic("api", upstream.url)).start()
    assert gateway.admin("/tyk/apis")[0] == 200
    assert gateway.call("/hello", port=gateway.admin_port)[0] == 200
    assert gateway.get("/api/").status == 200
    for path in ("/tyk/apis", "/hello", "/ready"):
        assert gateway.call(path, secret=SECRET)[0] == 404
    assert gateway.call("/api/", port=gateway.admin_port)[0] == 404


def test_hello_tells_status_and_version(gateway):
    document = gateway.hello()
    assert document["status"] == "pass"
    assert document["description"] == "Tyk GW"
    assert document["version"]


def test_hello_takes_get_alone(gateway):
    assert gateway.call("/hello", "POST", b"x")[0] == 405


def test_the_health_endpoints_may_have_other_names(new_gateway):
    gateway = new_gateway({"health_check_endpoint_name": "alive", "readiness_check_endpoint_name": "steady"})
    gateway.spawn()
    from support.wait import eventually

    def alive():
        try:
            return gateway.call("/alive")[0] == 200
        except OSError:
            return False

    eventually(alive, "/alive answers")
    assert gateway.call("/steady")[0] == 200
    assert gateway.call("/hello")[0] == 404


def test_apis_are_listed_by_id(new_gateway, upstream):
    gateway = new_gateway().write(*(classic(name, upstream.url) for name in ("b", "c", "a"))).start()
    status, listed = status_of(gateway, "/tyk/apis")
    assert status == 200
    assert [api["api_id"] for api in listed] == ["a", "b", "c"]


def test_an_api_is_created_changed_and_deleted(gateway, upstream):
    assert status_of(gateway, "/tyk/apis", "POST", classic("new", upstream.url + "v1/")) == (
        200, {"key": "new", "status": "ok", "action": "added"})
    assert gateway.get("/new/").status == 404, "definitions take effect at the reload"
    gateway.reload()
    assert gateway.get("/new/x").status == 200
    assert upstream.requests[-1].target == "/v1/x"

    assert status_of(gateway, "/tyk/apis/new", "PUT", classic("new", upstream.url + "v2/")) == (
        200, {"key": "new", "status": "ok", "action": "modified"})
    gateway.reload()
    gateway.get("/new/x")
    assert upstream.requests[-1].target == "/v2/x"
    assert status_of(gateway, "/tyk/apis/new")[1]["proxy"]["target_url"] == upstream.url + "v2/"

    assert status_of(gateway, "/tyk/apis/new", "DELETE") == (200, {"key": "new", "status": "ok", "action": "deleted"})
    gateway.reload()
    assert gateway.get("/new/x").status == 404
    assert not (gateway.apps / "new.json").exists()
    assert gateway.get("/first/").status == 200


def test_an_oas_api_is_created_changed_and_deleted(gateway, upstream):
    status, result = status_of(gateway, "/tyk/apis/oas", "POST", oas("doc", upstream.url))
    assert (status, result["key"], result["action"]) == (200, "doc", "added")
    gateway.reload()
    assert gateway.get("/doc/x").status == 200
    status, document = status_of(gateway, "/tyk/apis/oas/doc")
    assert (status, document["x-tyk-api-gateway"]["info"]["id"]) == (200, "doc")
    assert status_of(gateway, "/tyk/apis/doc")[1]["is_oas"] is True

    assert gateway.admin("/tyk/apis/oas/doc", "PUT", oas("doc", upstream.url + "v2/"))[0] == 200
    gateway.reload()
    gateway.get("/doc/x")
    assert upstream.requests[-1].target == "/v2/x"

    assert gateway.admin("/tyk/apis/oas/doc", "DELETE")[0] == 200
    gateway.reload()
    assert gateway.get("/doc/x").status == 404


def test_an_api_without_an_id_gets_one(gateway, upstream):
    definition = classic("x", upstream.url, "/generated/")
    del definition["api_id"]
    status, result = status_of(gateway, "/tyk/apis", "POST", definition)
    assert status == 200 and len(result["key"]) == 32
    gateway.reload()
    assert gateway.get("/generated/").status == 200


@pytest.mark.parametrize("path, method, body, status, message", [
    ("/tyk/apis/absent", "GET", None, 404, "API not found"),
    ("/tyk/apis/absent", "PUT", {}, 404, "API not found"),
    ("/tyk/apis/absent", "DELETE", None, 404, "API not found"),
    ("/tyk/apis", "POST", b"{", 400, "Request malformed"),
    ("/tyk/apis", "POST", b"", 400, "Request malformed"),
    ("/tyk/apis", "POST", b'{"api_id": 17}', 400, "Request malformed"),
    ("/tyk/apis", "POST", {"api_id": "../up"}, 400, "Invalid API ID"),
    ("/tyk/apis", "PUT", {}, 405, "Method not supported"),
    ("/tyk/apis/first", "PUT", {"api_id": "other"}, 400,
     "Request APIID does not match that in Definition! For Update operations these must match."),
    ("/tyk/apis/oas/first", "GET", None, 400,
     "the requested API definition is in Tyk classic format, please use old api endpoint"),
    ("/tyk/apis/oas", "POST", b"{", 400, "request malformed"),
    ("/tyk/reload", "POST", {}, 405, "Method not supported"),
])
def test_what_cannot_be_done_is_told(gateway, path, method, body, status, message):
    assert status_of(gateway, path, method, body) == (status, {"status": "error", "message": message})


def test_an_id_cannot_leave_the_folder_of_definitions(gateway):
    for id in ("../escaped", "..", "a/b", "a\\b", "a\x00b"):
        assert gateway.admin("/tyk/apis", "POST", classic(id, "http://h/"))[0] == 400
    assert sorted(p.name for p in gateway.work.glob("*escaped*")) == []
    assert [p.name for p in gateway.apps.iterdir()] == ["first.json"]


def test_an_unknown_path_below_tyk_is_404(gateway):
    assert gateway.admin("/tyk/no-such-thing") == (404, "404 page not found\n")


def test_no_temporary_file_is_left_in_the_folder(gateway, upstream):
    for _ in range(5):
        gateway.admin("/tyk/apis", "POST", classic("new", upstream.url))
    assert sorted(p.name for p in gateway.apps.iterdir()) == ["first.json", "new.json"]


def test_the_file_watch_and_the_admin_api_agree(new_gateway, upstream):
    gateway = new_gateway({"enable_file_watch": True}).start()
    gateway.admin("/tyk/apis", "POST", classic("new", upstream.url))
    from support.wait import eventually
    eventually(lambda: gateway.get("/new/").status == 200, "the created API serves", 8)


def test_a_body_of_a_megabyte_is_taken(gateway, upstream):
    assert gateway.admin("/tyk/apis", "POST", classic("large", upstream.url, config_data={"x": "y" * (1 << 20)}))[0] == 200
    gateway.reload()
    assert gateway.get("/large/").status == 200
