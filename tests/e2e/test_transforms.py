"""Headers, URLs and methods that definitions change, with variables, as upstreams and clients see it."""
import json

import pytest

from support.client import Client
from support.gateway import classic, oas
from support.upstream import Upstream, answer


def versioned(**members) -> dict:
    """Version data whose one version has these members."""
    lists = members.pop("lists", None)
    if lists is not None:
        members.update(use_extended_paths=True, extended_paths=lists)
    return {"not_versioned": True, "versions": {"Default": {"name": "Default", **members}}}


def rewrite(pattern: str, to: str, path: str = "/", method: str = "GET", **more) -> dict:
    return {"path": path, "method": method, "match_pattern": pattern, "rewrite_to": to, **more}


@pytest.fixture
def start(new_gateway):
    def make(*definitions, **conf):
        return new_gateway(conf).write(*definitions).start()

    return make


@pytest.fixture
def other():
    server = Upstream()
    yield server
    server.stop()


def ask(gateway, path, *headers, method="GET", body=b""):
    with Client(gateway.port) as client:
        return client.request(method, path, headers, body).response(method)


def test_headers_of_requests_and_answers(start, upstream):
    upstream.on("/items/1", lambda c, r: c.send(answer(b"ok", "200 OK", "X-Up: 1", "X-Where: up")))
    gateway = start(classic("h", upstream.url, enable_context_vars=True, version_data=versioned(
        global_headers={"X-Where": "global", "x-path": "$tyk_context.path", "X-Was": "$tyk_context.headers_X_Old"},
        global_headers_remove=["X-Old", "X-Forwarded-For"],
        global_response_headers={"X-Where": "global"},
        lists={"transform_headers": [{"path": "/items/{id}", "method": "GET", "add_headers": {"X-Where": "endpoint"}}],
               "transform_response_headers": [{"path": "/items/{id}", "method": "GET", "delete_headers": ["X-Up"],
                                               "add_headers": {"X-Id": "$tyk_context.request_id"}}]})))
    got = ask(gateway, "/h/items/1", "X-Old: 7", "X-Forwarded-For: 192.0.2.1")
    assert (got.header("X-Where"), got.header("X-Up"), len(got.header("X-Id"))) == ("global", None, 36)
    sent = upstream.wait()[-1]
    assert sent.header("X-Where") == "endpoint"
    assert sent.header("X-Path") == "/h/items/1"
    assert (sent.header("X-Old"), sent.header("X-Was")) == (None, "7")
    assert sent.header("X-Forwarded-For") is None


def test_headers_of_streams(start, upstream):
    def stream(connection, _):
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        return False

    upstream.on("/events", stream)
    gateway = start(classic("s", upstream.url, version_data=versioned(global_response_headers={"X-Set": "1"})))
    assert ask(gateway, "/s/events").header("X-Set") == "1"


def test_forms_are_read_and_still_reach_the_upstream(start, upstream):
    gateway = start(classic("f", upstream.url, enable_context_vars=True, version_data=versioned(
        global_headers={"X-Q": "$tyk_context.request_data_q"})))
    form = "Content-Type: application/x-www-form-urlencoded"
    assert ask(gateway, "/f/a?q=url", form, method="POST", body=b"q=a+b%0d%0aX-Evil:+1").status == 200
    sent = upstream.wait()[-1]
    assert sent.body == b"q=a+b%0d%0aX-Evil:+1"
    assert sent.header("X-Q") == "a b  X-Evil: 1"
    assert sent.header("X-Evil") is None


def test_rewrites_stay_with_the_target(start, upstream):
    gateway = start(classic("r", upstream.url + "base/", version_data=versioned(lists={"url_rewrites": [
        rewrite(r"/old/(\w+)", "/new/$1?from=$0", "/old/{x}"),
        rewrite("/listen", "/r/inner", "/listen"),
        rewrite("/broken", "/%zz", "/broken"),
        rewrite("/bad/(", "/never", "/bad")]})))
    for path in ("/r/old/abc?gone=1", "/r/listen", "/r/broken?a=b"):
        assert ask(gateway, path).status == 200
    assert [r.target for r in upstream.wait(3)] == ["/base/new/abc?from=/old/abc", "/base/inner", "/base/broken?a=b"]
    bad = ask(gateway, "/r/bad/x")
    assert bad.status == 500
    assert json.loads(bad.body)["error"] == "URLRewrite regexp error /bad/("


def test_rewrites_leave_for_other_hosts_and_share_connections(start, upstream, other):
    there = f"127.0.0.1:{other.port}"
    gateway = start(
        classic("away", upstream.url, version_data=versioned(lists={"url_rewrites": [
            rewrite("/fixed/(.*)", f"http://{there}/deep/$1", "/fixed"),
            rewrite(r"/to/([\w.:]+)/(.*)", "http://$1/$2", "/to")]})),
        classic("kept", upstream.url, proxy={"preserve_host_header": True}, version_data=versioned(
            lists={"url_rewrites": [rewrite("/fixed/(.*)", f"http://{there}/$1", "/fixed")]})),
        workers=1)
    with Client(gateway.port) as client:
        assert client.get("/away/fixed/a/b?c=d").status == 200
        assert client.get(f"/away/to/{there}/x").status == 200
        assert client.get("/kept/fixed/y").status == 200
        nowhere = client.get("/away/to/a:b:c/x")
    sent = other.wait(3)
    assert [r.target for r in sent] == ["/deep/a/b?c=d", "/x", "/y"]
    assert [r.header("Host") for r in sent] == [there, there, "h"], "the client's own"
    assert {r.connection for r in sent} == {0}
    assert nowhere.status == 500
    assert upstream.requests == []


def test_triggers_choose_the_result(start, upstream):
    gateway = start(classic("t", upstream.url, version_data=versioned(lists={"url_rewrites": [rewrite(
        ".*", "/default", method="POST", triggers=[
            {"on": "any", "rewrite_to": "/urgent/$tyk_context.trigger-0-payload-0-0",
             "options": {"payload_matches": {"match_rx": r"urgent=(\w+)"}}},
            {"on": "all", "rewrite_to": "/both",
             "options": {"header_matches": {"X-A": {"match_rx": "1"}}, "query_val_matches": {"b": {"match_rx": "2"}}}}])]})))
    for path, headers, body in (("/t/", (), b"is urgent=7"), ("/t/?b=2", ("X-A: 1",), b"x"), ("/t/?b=2", (), b"x")):
        assert ask(gateway, path, *headers, method="POST", body=body).status == 200
    assert [(r.target, r.body) for r in upstream.wait(3)] == \
        [("/urgent/7", b"is urgent=7"), ("/both", b"x"), ("/default", b"x")]


def test_methods(start, upstream):
    gateway = start(classic("m", upstream.url, version_data=versioned(lists={"method_transforms": [
        {"path": "/post", "method": "GET", "to_method": "post"},
        {"path": "/get", "method": "HEAD", "to_method": "GET"},
        {"path": "/head", "method": "GET", "to_method": "HEAD"}]})))
    with Client(gateway.port) as client:
        assert client.get("/m/post").status == 200
        head = client.request("HEAD", "/m/get").response("HEAD")
        assert head.status == 200
        refused = client.get("/m/head")
    sent = upstream.wait(2)
    assert [(r.method, r.header("Content-Length")) for r in sent] == [("POST", "0"), ("GET", None)]
    assert (refused.status, json.loads(refused.body)["error"]) == (405, "Method not allowed")


def test_oas(start, upstream):
    document = oas("o", upstream.url)
    document["paths"] = {"/pets/{id}": {"get": {"operationId": "pet", "responses": {"200": {"description": "ok"}}}}}
    document["x-tyk-api-gateway"]["middleware"] = {
        "global": {"contextVariables": {"enabled": True},
                   "transformResponseHeaders": {"enabled": True, "add": [{"name": "X-From", "value": "$tyk_context.headers_X_In"}]}},
        "operations": {"pet": {
            "transformRequestHeaders": {"enabled": True, "add": [{"name": "X-Op", "value": "pet"}]},
            "transformRequestMethod": {"enabled": True, "toMethod": "DELETE"},
            "urlRewrite": {"enabled": True, "pattern": r"/pets/(\d+)", "rewriteTo": "/animals/$1",
                           "triggers": [{"condition": "any", "rewriteTo": "/special/$1",
                                         "rules": [{"in": "requestContext", "name": "headers_X_In", "pattern": "^s"}]}]}}}}
    gateway = start(document)
    assert ask(gateway, "/o/pets/7", "X-In: plain").header("X-From") == "plain"
    assert ask(gateway, "/o/pets/8", "X-In: special").header("X-From") == "special"
    assert [(r.method, r.target, r.header("X-Op")) for r in upstream.wait(2)] == \
        [("DELETE", "/animals/7", "pet"), ("DELETE", "/special/8", "pet")]


def test_what_cannot_be_done_is_not_loaded(start, upstream):
    gateway = start(
        classic("loop", upstream.url, version_data=versioned(lists={"url_rewrites": [rewrite("a", "tyk://self/b")]})),
        classic("vault", upstream.url, version_data=versioned(global_headers={"X-A": "$secret_vault.a"})),
        classic("fine", upstream.url))
    assert ask(gateway, "/loop/a").status == 404
    assert ask(gateway, "/vault/a").status == 404
    assert ask(gateway, "/fine/a").status == 200
    log = gateway.log()
    assert "url_rewrites/0/rewrite_to" in log and "looping (tyk://) is not built yet" in log
    assert "secret_vault is not built yet" in log
