"""Versions of an API: its own, and other APIs; and APIs made by importing a document."""
import base64
import json

import pytest

from support.gateway import classic, oas
from support.wait import eventually

UNKNOWN = '"This API version does not seem to exist"'


def versioned(name, target, location, versions, key="X-Version", default="", data=(), **changes):
    return classic(name, target, definition={"location": location, "key": key, **dict(data)},
                   version_data={"not_versioned": False, "default_version": default, "versions": versions}, **changes)


def child(name, target, internal=True, **changes):
    document = oas(name, target, **changes)
    document["x-tyk-api-gateway"]["info"]["state"]["internal"] = internal
    return document


def base(name, target, children, **versioning):
    document = oas(name, target)
    document["x-tyk-api-gateway"]["info"]["versioning"] = {
        "enabled": True, "name": "v1", "default": "v1", "location": "header", "key": "x-version",
        "versions": [{"name": version, "id": api} for version, api in children.items()], **versioning}
    return document


def seen(upstream, response):
    """The path and query that the upstream got last."""
    assert response.status == 200, response.body
    return upstream.requests[-1].target


def test_each_version_has_its_rules_and_its_target(new_gateway, upstream):
    gateway = new_gateway().write(versioned("v", upstream.url, "header", {
        "v1": {"name": "v1", "global_size_limit": 3},
        "v2": {"name": "v2", "override_target": upstream.url + "two/", "use_extended_paths": True,
               "extended_paths": {"black_list": [{"path": "/gone", "method": "GET"}]}}})).start()
    assert seen(upstream, gateway.get("/v/gone", "X-Version: v1")) == "/gone"
    assert gateway.get("/v/gone", "X-Version: v2").status == 403
    assert seen(upstream, gateway.get("/v/get", "X-Version: v2")) == "/two/get"
    with gateway.client() as client:
        assert client.request("POST", "/v/get", ["X-Version: v1"], b"four").response().status == 400
        assert client.request("POST", "/v/get", ["X-Version: v2"], b"four").response().status == 200
    nameless = gateway.get("/v/get")
    assert (nameless.status, b"Version information not found" in nameless.body) == (403, True)
    assert UNKNOWN.encode() in gateway.get("/v/get", "X-Version: v9").body


def test_the_default_version_is_told_and_expired_ones_are_refused(new_gateway, upstream):
    gateway = new_gateway({"version_header": "X-Used"}).write(versioned("d", upstream.url, "header", {
        "old": {"name": "old", "expires": "2020-01-01 00:00"}, "new": {"name": "new", "expires": "2099-01-02 03:04"}},
        default="new")).start()
    answer = gateway.get("/d/get")
    assert (answer.status, answer.header("X-Used")) == (200, "new")
    assert answer.header("X-Tyk-Api-Expires") == "Fri, 02 Jan 2099 03:04:00 UTC"
    assert gateway.get("/d/get", "X-Version: new").header("X-Used") is None
    assert b"Api Version has expired" in gateway.get("/d/get", "X-Version: old").body


@pytest.mark.parametrize("strip, left", [(False, "/v1/get?ver=v1&a=b"), (True, "/get?ver=v1&a=b")])
def test_a_version_in_the_path(new_gateway, upstream, strip, left):
    gateway = new_gateway().write(versioned("u", upstream.url, "url", {
        "v1": {"name": "v1", "use_extended_paths": True,
               "extended_paths": {"black_list": [{"path": "^/shut", "method": "GET"}]}}},
        data={"strip_versioning_data": strip})).start()
    assert seen(upstream, gateway.get("/u/v1/get?ver=v1&a=b")) == left
    assert gateway.get("/u/v1/shut").status == 403
    assert UNKNOWN.encode() in gateway.get("/u/v2/get").body


def test_a_key_opens_the_versions_it_names(new_gateway, upstream):
    gateway = new_gateway().write(versioned("k", upstream.url, "header", {"v1": {"name": "v1"}, "v2": {"name": "v2"}},
                                            default="v1", use_keyless=False)).start()
    session = {"org_id": "default", "rate": 0, "per": 0, "quota_max": -1,
               "access_rights": {"k": {"api_id": "k", "api_name": "k", "versions": ["v1"]}}}
    status, text = gateway.admin("/tyk/keys/create", "POST", session)
    assert status == 200, text
    token = "Authorization: " + json.loads(text)["key"]
    assert gateway.get("/k/get", token).status == 200
    assert gateway.get("/k/get", token, "X-Version: v1").status == 200
    refused = gateway.get("/k/get", token, "X-Version: v2")
    assert (refused.status, b"Access to this API has been disallowed" in refused.body) == (403, True)


def test_versions_share_plugins_and_have_their_own_endpoints(new_gateway, upstream):
    gateway = new_gateway({"enable_jsvm": True})
    (gateway.work / "middleware" / "hook.js").write_text("""
var calls = 0;
var hook = new TykJS.TykMiddleware.NewMiddleware({});
hook.NewProcessRequest(function(request, session) {
  calls += 1;
  request.SetHeaders["X-Calls"] = String(calls);
  return hook.ReturnData(request, {});
});
""")
    virtual = """function answer(request, session, spec) {
  return TykJsResponse({Body: "made up", Headers: {}, Code: 202}, session.meta_data);
}"""
    endpoint = {"path": "/made", "method": "GET", "response_function_name": "answer", "function_source_type": "blob",
                "function_source_uri": base64.b64encode(virtual.encode()).decode()}
    gateway.write(versioned("p", upstream.url, "header", {
        "v1": {"name": "v1"},
        "v2": {"name": "v2", "use_extended_paths": True, "extended_paths": {"virtual": [endpoint]}}},
        custom_middleware={"driver": "otto", "pre": [{"name": "hook", "path": "middleware/hook.js"}]})).start()
    assert gateway.get("/p/made", "X-Version: v2").status == 202
    assert seen(upstream, gateway.get("/p/made", "X-Version: v1")) == "/made"
    status, text = gateway.admin("/tyk/plugins/p")
    assert status == 200
    listed = [(entry["hook"], entry["calls"]) for entry in json.loads(text)]
    assert listed == [("pre", 2), ("virtual", 1)]


def test_a_base_hands_requests_to_its_versions(new_gateway, upstream):
    gateway = new_gateway().write(
        base("b", upstream.url + "one/", {"v2": "two", "v3": "gone", "v4": "Three name"}),
        child("two", upstream.url + "two/"),
        child("three", upstream.url + "three/", internal=False))
    three = json.loads((gateway.apps / "three.json").read_text())
    three["x-tyk-api-gateway"]["info"]["name"] = "Three Name #tag"
    gateway.replace("three.json", json.dumps(three))
    gateway.start()
    assert seen(upstream, gateway.get("/b/get?a=%2F")) == "/one/get?a=%2F"
    assert seen(upstream, gateway.get("/b/get?a=%2F", "x-version: v2")) == "/two/get?a=%2F"
    assert seen(upstream, gateway.get("/b/a%2Fb", "x-version: v4")) == "/three/a%2Fb"
    assert seen(upstream, gateway.get("/three/get")) == "/three/get"
    assert gateway.get("/two/get").status == 404
    for version in ("v3", "v9"):
        answer = gateway.get("/b/get", "x-version: " + version)
        assert (answer.status, UNKNOWN.encode() in answer.body) == (404, True)


def test_a_version_is_replaced_without_its_base(new_gateway, upstream):
    gateway = new_gateway().write(base("b", upstream.url, {"v2": "two"}), child("two", upstream.url + "two/")).start()
    assert seen(upstream, gateway.get("/b/get", "x-version: v2")) == "/two/get"
    gateway.write(child("two", upstream.url + "new/"))
    gateway.reload()
    assert seen(upstream, gateway.get("/b/get", "x-version: v2")) == "/new/get"


def test_versions_of_versions_end(new_gateway, upstream):
    first = base("one", upstream.url, {"v2": "two"}, default="v2")
    second = base("two", upstream.url, {"v2": "one"}, default="v2")
    gateway = new_gateway().write(first, second).start()
    assert gateway.get("/one/get").status == 500
    assert seen(upstream, gateway.get("/one/get", "x-version: v1")) == "/get"


def test_the_control_api_makes_versions(new_gateway, upstream):
    gateway = new_gateway().write(oas("shop", upstream.url + "one/")).start()
    query = "?base_api_id=shop&base_api_version_name=v1&new_version_name=v2"
    status, text = gateway.admin("/tyk/apis/oas" + query, "POST", child("second", upstream.url + "two/"))
    assert status == 200, text
    gateway.reload()
    assert seen(upstream, gateway.get("/shop/get", "x-api-version: v2")) == "/two/get"
    assert seen(upstream, gateway.get("/shop/get")) == "/one/get"
    status, text = gateway.admin("/tyk/apis/shop/versions")
    assert [api["versionName"] for api in json.loads(text)["apis"]] == ["v1", "v2"]
    assert gateway.admin("/tyk/apis/oas/second", "DELETE")[0] == 200
    gateway.reload()
    assert gateway.get("/shop/get", "x-api-version: v2").status == 404


def test_a_key_tells_its_limits(new_gateway, upstream):
    gateway = new_gateway().write(classic("k", upstream.url, use_keyless=False), classic("open", upstream.url)).start()
    session = {"org_id": "default", "rate": 5, "per": 60.5, "quota_max": 10, "quota_renewal_rate": 3600,
               "access_rights": {"k": {"api_id": "k", "api_name": "k", "versions": ["Default"]}}}
    token = "Authorization: " + json.loads(gateway.admin("/tyk/keys/create", "POST", session)[1])["key"]
    for _ in range(7):  # it counts nowhere
        page = gateway.get("/k/tyk/rate-limits/", token)
        assert (page.status, page.header("Content-Type")) == (200, "application/json")
    told = json.loads(page.body)
    assert told["rate_limit"] == {"requests": 5, "per_unit": 60.5}
    assert told["quota"]["quota_max"] == told["quota"]["quota_remaining"] == 10
    assert gateway.get("/k/tyk/rate-limits/", "Authorization: wrong").status == 403
    assert upstream.requests == []
    assert seen(upstream, gateway.get("/open/tyk/rate-limits/")) == "/tyk/rate-limits/"


def test_an_imported_document_is_served(new_gateway, upstream):
    gateway = new_gateway().start()
    document = {"openapi": "3.0.3", "info": {"title": "Shop", "version": "1"},
                "servers": [{"url": upstream.url + "base"}],
                "paths": {"/pets": {"get": {"responses": {"200": {"description": "ok"}}}}}}
    status, text = gateway.admin("/tyk/apis/oas/import?apiID=shop&listenPath=/shop/&allowList=true", "POST", document)
    assert status == 200, text
    gateway.reload()
    assert seen(upstream, gateway.get("/shop/pets")) == "/base/pets"
    assert gateway.get("/shop/other").status == 403


def test_event_handlers_read_and_write_keys(new_gateway, upstream):
    gateway = new_gateway({"enable_jsvm": True})
    (gateway.work / "middleware" / "event.js").write_text("""
var onFailure = new TykJS.TykEventHandlers.NewEventHandler({});
onFailure.NewHandler(function(event, context) {
  var before = TykGetKeyData("seen", context.APIID);
  TykSetKeyData("seen", JSON.stringify({org_id: "default", rate: 0, per: 0, quota_max: -1,
    access_rights: {e: {api_id: "e", api_name: "e", versions: ["Default"]}},
    meta_data: {before: before.indexOf("Key not found") >= 0 ? "nothing" : JSON.parse(before).meta_data.path,
                path: event.Meta.Path}}), "1");
});
""")
    gateway.write(classic("e", upstream.url, use_keyless=False, event_handlers={"events": {"AuthFailure": [
        {"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "onFailure", "path": "middleware/event.js"}}]}}))
    gateway.start()

    def told():
        status, text = gateway.admin("/tyk/keys/seen?org_id=default")
        return json.loads(text)["meta_data"] if status == 200 else None

    assert gateway.get("/e/first", "Authorization: wrong").status == 403
    eventually(lambda: told() == {"before": "nothing", "path": "/e/first"}, "the first key")
    assert gateway.get("/e/second", "Authorization: wrong").status == 403
    eventually(lambda: told() == {"before": "/e/first", "path": "/e/second"}, "the second key")
