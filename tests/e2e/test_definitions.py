"""Bad definitions: each gets a named error, and everything else serves."""
import json
import os

import pytest

from support.gateway import classic, oas


def with_field(name: str, value, **changes):
    return json.dumps({**classic("bad", "http://127.0.0.1:1/", "/bad/", **changes), name: value})


def with_proxy(**changes):
    return json.dumps(classic("bad", "http://127.0.0.1:1/", "/bad/", proxy=changes))


def with_plugin(driver, **entry):
    return with_field("custom_middleware", {"driver": driver, "pre": [{"name": "Hook", "path": "x.so", **entry}]})


BROKEN = {
    "an empty file": "",
    "truncated JSON": '{"api_id": "bad", "proxy": {"listen_path": "/bad/"',
    "a truncated text": '{"api_id": "ba',
    "a number": "17",
    "a list": "[]",
    "null": "null",
    "not JSON": "listen_path: /bad/",
    "trailing rubbish": with_field("slug", "x") + "}",
    "no UTF-8": b'{"api_id": "bad\xff\xfe", "proxy": {"listen_path": "/bad/", "target_url": "http://h/"}}',
    "NUL bytes": b"\x00" * 4096,
    "ten thousand brackets": "[" * 10000,
    "ten thousand objects": '{"a":' * 10000,
    "a listen path of the wrong type": with_proxy(listen_path=17),
    "a target of the wrong type": with_proxy(target_url=["http://h/"]),
    "a proxy of the wrong type": with_field("proxy", "http://h/"),
    "a switch of the wrong type": with_field("use_keyless", "yes"),
    "an api id of the wrong type": with_field("api_id", {"a": 1}),
    "no listen path": with_proxy(listen_path=""),
    "a listen path with a space": with_proxy(listen_path="/with space/"),
    "a listen path with unbalanced braces": with_proxy(listen_path="/bad/{id/"),
    "a listen path with a bad pattern": with_proxy(listen_path="/bad/{id:[}/"),
    "no target": with_proxy(target_url=""),
    "a target that is no URL": with_proxy(target_url="http://[::1"),
    "a target of an unknown scheme": with_proxy(target_url="gopher://h/"),
    "a target with a port that is no number": with_proxy(target_url="http://h:port/"),
    "a target with a port out of range": with_proxy(target_url="http://h:70000/"),
    "an unknown driver": with_plugin("cobol"),
    "a plugin that is missing": with_plugin("native"),
    "a plugin that is no shared object": with_plugin("native", path="/etc/passwd"),
    "a plugin that is a directory": with_plugin("native", path="/"),
    "a plugin of another kind of library": with_plugin("native", path="/lib/x86_64-linux-gnu/libz.so.1"),
    "hooks of the wrong type": with_field("custom_middleware", {"driver": "native", "pre": "Hook"}),
    "an OAS document without the extension": json.dumps({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}}),
    "an OAS document whose extension is a list": json.dumps({**oas("bad", "http://h/"), "x-tyk-api-gateway": []}),
    "an OAS document without a server": json.dumps({**oas("bad", "http://h/"), "x-tyk-api-gateway": {
        "info": {"id": "bad", "name": "bad", "state": {"active": True}}, "upstream": {"url": "http://h/"}}}),
    "an OAS document without an upstream": json.dumps({**oas("bad", "http://h/"), "x-tyk-api-gateway": {
        "info": {"id": "bad", "name": "bad", "state": {"active": True}}, "server": {"listenPath": {"value": "/bad/"}}}}),
}


def problems(gateway) -> str:
    """What an operator can see: the log and /hello."""
    return gateway.log() + json.dumps(gateway.hello())


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    """One gateway whose folder has every broken file at once."""
    from support.gateway import Gateway
    running = Gateway(tmp_path_factory.mktemp("gateway"))
    running.write(classic("good", upstream.url), oas("oasgood", upstream.url))
    for number, text in enumerate(BROKEN.values()):
        running.replace(f"broken{number:02}.json", text)
    (running.apps / "folder.json").mkdir()
    (running.apps / "notes.txt").write_text("no definition")
    (running.apps / "dangling.json").symlink_to("/no/such/file")
    os.mkfifo(running.apps / "pipe.json")
    running.start()
    yield running
    running.stop()


def test_good_definitions_serve_beside_broken_ones(gateway):
    assert gateway.get("/good/").status == 200
    assert gateway.get("/oasgood/").status == 200


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_definition_is_reported_by_the_name_of_its_file(gateway, name):
    file = f"broken{list(BROKEN).index(name):02}.json"
    assert file in gateway.log(), f"{file} ({name}) is not in the log"


def test_hello_names_the_first_broken_ones_and_counts_the_rest(gateway):
    document = gateway.hello()
    assert document["status"] == "warn"
    text = document["details"]["apis"]["output"]
    assert "broken00.json" in text
    assert len(text) < 4096, "a page of health stays a page, however many definitions are broken"


@pytest.mark.parametrize("file", ["folder.json", "dangling.json", "pipe.json"])
def test_what_is_no_file_is_reported_by_its_name(gateway, file):
    assert file in problems(gateway)


def test_a_file_of_another_kind_is_left_alone(gateway):
    assert "notes.txt" not in problems(gateway)


def test_none_of_the_broken_ones_serves(gateway):
    # Most are not loaded; those with a plugin that cannot be loaded refuse every request.
    assert gateway.get("/bad/").status == 500


def test_a_reload_finds_the_same(gateway):
    gateway.reload()
    assert gateway.get("/good/").status == 200
    assert "broken00.json" in json.dumps(gateway.hello())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_reported(new_gateway, upstream):
    gateway = new_gateway().write(classic("good", upstream.url), classic("secret", upstream.url))
    (gateway.apps / "secret.json").chmod(0)
    gateway.start()
    assert gateway.get("/good/").status == 200
    assert "secret.json" in problems(gateway)


def test_a_definition_of_50_megabytes_is_refused_without_holding_up_the_others(new_gateway, upstream):
    gateway = new_gateway().write(classic("good", upstream.url))
    gateway.replace("huge.json", json.dumps(classic("huge", upstream.url, slug="x" * (50 << 20))))
    gateway.start()
    assert gateway.get("/good/").status == 200
    assert gateway.get("/huge/").status == 404
    assert "huge.json" in json.dumps(gateway.hello())


def test_two_apis_with_one_listen_path_are_both_served_and_reported(new_gateway, upstream):
    gateway = new_gateway().write(classic("twin1", upstream.url + "1/", "/twin/"), classic("twin2", upstream.url + "2/", "/twin/"))
    gateway.start()
    for number in ("1", "2"):
        assert gateway.get(f"/twin/-twin{number}/a").status == 200
        assert upstream.requests[-1].target == f"/{number}/a"
    assert "twin" in json.dumps(gateway.hello())


def test_two_files_with_one_id_do_not_disturb_a_third(new_gateway, upstream):
    gateway = new_gateway().write(classic("good", upstream.url))
    gateway.replace("a.json", json.dumps(classic("same", upstream.url + "a/", "/a/")))
    gateway.replace("b.json", json.dumps(classic("same", upstream.url + "b/", "/b/")))
    gateway.start()
    assert gateway.get("/good/").status == 200
    assert "same" in json.dumps(gateway.hello())


def test_unknown_fields_are_no_error(new_gateway, upstream):
    gateway = new_gateway().write(classic("good", upstream.url, some_future_field={"a": 1})).start()
    assert gateway.get("/good/").status == 200


def test_no_definition_at_all_is_no_error(new_gateway):
    gateway = new_gateway().start()
    assert gateway.hello()["status"] == "pass"
    assert gateway.get("/x").status == 404


def test_what_is_not_built_is_an_error_of_that_definition_and_names_the_field(new_gateway, upstream):
    gateway = new_gateway().write(classic("good", upstream.url),
                                  classic("keyed", upstream.url, use_keyless=False, use_openid=True))
    gateway.start()
    assert gateway.get("/good/").status == 200
    assert gateway.get("/keyed/").status != 200, "an API that asks for authentication must not be open"
    assert upstream.requests[-1].target == "/"
    assert "keyed" in json.dumps(gateway.hello())
