"""Several bundles in one name: fetched, merged, swapped and rolled back together, each with modules of its own."""
import hashlib
import json
import subprocess

import pytest

from support.bundle import BundleServer, lua_bundle, marking_bundle, rsa_key, write_bundle
from support.gateway import BINARY, classic, oas
from support.wait import eventually


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = BundleServer(tmp_path_factory.mktemp("bundles"))
    yield running
    running.stop()


def conf(server, **more):
    return {"enable_bundle_downloader": True, "bundle_base_url": server.url(), "bundle_insecure_skip_verify": True,
            "coprocess_options": {"enable_coprocess": True}, "enable_jsvm": True, **more}


def bundled(upstream, bundles, name="api", **more):
    return classic(name, upstream.url, custom_middleware_bundle=bundles, **more)


def marks(gateway, upstream):
    """What the hooks First and Second wrote."""
    status = gateway.get("/api/").status
    return [upstream.requests[-1].header(f"X-{name}") for name in ("First", "Second")] if status == 200 else status


def serves(gateway, upstream, first, second):
    wanted = [f"{value} {value}" for value in (first, second)]
    eventually(lambda: marks(gateway, upstream) == wanted, f"the API is served with {wanted}", 10)


@pytest.mark.parametrize("driver", ["otto", "python", "lua"])
def test_modules_of_one_name_are_kept_apart(new_gateway, upstream, server, driver):
    marking_bundle(server.folder / f"{driver}1.zip", driver, "First", "one")
    marking_bundle(server.folder / f"{driver}2.zip", driver, "Second", "two")
    gateway = new_gateway(conf(server)).write(bundled(upstream, f"{driver}1.zip, {driver}2.zip")).start()
    serves(gateway, upstream, "one", "two")
    gateway.stop()
    gateway.start()
    serves(gateway, upstream, "one", "two")
    assert [server.asked(f"{driver}{number}.zip") for number in (1, 2)] == [[200], [200]], "what is there is not fetched again"


@pytest.mark.parametrize("driver", ["otto", "python", "lua"])
def test_hooks_of_one_name_are_kept_apart(new_gateway, upstream, server, driver):
    for number in (1, 2):
        marking_bundle(server.folder / f"same-{driver}{number}.zip", driver, "First", str(number))
    gateway = new_gateway(conf(server)).write(bundled(upstream, f"same-{driver}1.zip,same-{driver}2.zip")).start()
    eventually(lambda: gateway.get("/api/").status == 200, "the API is served", 10)
    # The second of the list runs last, and is not the first once more.
    seen = upstream.requests[-1].header("X-First")
    assert seen.endswith("2 2"), seen
    status, text = gateway.admin("/tyk/plugins/api")
    assert status == 200
    assert [(plugin["name"], plugin["status"]) for plugin in json.loads(text)] == [("First", "loaded")] * 2


def test_an_oas_definition_names_several_too(new_gateway, upstream, server):
    marking_bundle(server.folder / "oas1.zip", "lua", "First", "one")
    marking_bundle(server.folder / "oas2.zip", "lua", "Second", "two")
    definition = oas("api", upstream.url)
    bundle = {"enabled": True, "path": "oas1.zip,oas2.zip"}
    definition["x-tyk-api-gateway"]["middleware"] = {"global": {"pluginConfig": {"bundle": bundle}}}
    gateway = new_gateway(conf(server)).write(definition).start()
    serves(gateway, upstream, "one", "two")


def test_they_lie_where_the_reference_puts_them(new_gateway, upstream, server):
    (server.folder / "team").mkdir(exist_ok=True)
    marking_bundle(server.folder / "team/a.v1.zip", "lua", "First", "one")
    marking_bundle(server.folder / "b.zip", "lua", "Second", "two")
    name = "team/a.v1.zip, b.zip"
    gateway = new_gateway(conf(server)).write(bundled(upstream, name)).start()
    serves(gateway, upstream, "one", "two")
    folder = gateway.work / "middleware/bundles" / hashlib.md5(name.encode()).hexdigest()
    assert sorted(entry.name for entry in folder.iterdir()) == ["b", "team__a.v1"]
    assert (folder / "team__a.v1/mark.lua").exists()


def together(first, second):
    """Makes two bundles of Lua with these changes to their `custom_middleware`."""
    def make(server, stem):
        for number, middleware in ((1, first), (2, second)):
            files = {"mark.lua": "function Mark(request) return request end"}
            write_bundle(server.folder / f"{stem}{number}.zip", files, {"driver": "lua", **middleware})
    return make


CHECK = {"auth_check": {"name": "Mark", "path": "mark.lua"}}
CLASHES = {
    "two checks": (together(CHECK, CHECK), 'bundle "{0}2.zip" declares an auth_check hook but another bundle has already set one'),
    "two drivers": (together({}, {"driver": "python"}), 'bundle "{0}2.zip" declares driver "python" but earlier bundles set "lua"'),
    "a bad second": (lambda server, stem: (lua_bundle(server.folder / f"{stem}1.zip", "x"),
                                           lua_bundle(server.folder / f"{stem}2.zip", "x", checksum="0" * 32)),
                     'Couldn\'t load bundle "{0}2.zip": invalid checksum'),
    "no second": (lambda server, stem: lua_bundle(server.folder / f"{stem}1.zip", "x"),
                  'Couldn\'t fetch bundle "{0}2.zip": HTTP Error, got status code 404'),
}


@pytest.mark.parametrize("kind", CLASHES)
def test_what_does_not_go_together_is_one_error_and_the_last_good_set_serves(new_gateway, upstream, server, kind):
    make, reason = CLASHES[kind]
    stem = kind.replace(" ", "-")
    make(server, stem)
    marking_bundle(server.folder / "good1.zip", "lua", "First", "one")
    marking_bundle(server.folder / "good2.zip", "lua", "Second", "two")
    gateway = new_gateway(conf(server)).write(bundled(upstream, "good1.zip,good2.zip"), classic("plain", upstream.url)).start()
    serves(gateway, upstream, "one", "two")
    gateway.write(bundled(upstream, f"{stem}1.zip,{stem}2.zip"))
    text = gateway.reload()
    assert reason.format(stem) in json.dumps(json.loads(text), ensure_ascii=False).replace('\\"', '"'), text
    assert "keeps serving" in text
    assert text.count("keeps serving") == 1, "one error"
    assert marks(gateway, upstream) == ["one one", "two two"]
    assert gateway.get("/plain/").status == 200


def test_names_that_cannot_be_told_apart_are_an_error_of_the_definition(new_gateway, upstream, server):
    gateway = new_gateway(conf(server)).write(bundled(upstream, "a.zip, a.tgz")).start()
    text = gateway.reload()
    assert "/custom_middleware_bundle" in text
    assert "names two bundles whose folder would be a" in text
    assert gateway.get("/api/").status == 404


@pytest.mark.parametrize("kind", ["classic", "oas"])
def test_lint_tells_of_such_names(tmp_path, kind):
    definition, place = classic("api", "http://127.0.0.1:1", custom_middleware_bundle="a.zip, a.tgz"), "/custom_middleware_bundle"
    if kind == "oas":
        definition, place = oas("api", "http://127.0.0.1:1"), "/x-tyk-api-gateway/middleware/global/pluginConfig/bundle"
        bundle = {"enabled": True, "path": "a.zip, a.tgz"}
        definition["x-tyk-api-gateway"]["middleware"] = {"global": {"pluginConfig": {"bundle": bundle}}}
    (tmp_path / "api.json").write_text(json.dumps(definition))
    done = subprocess.run([str(BINARY), "lint", str(tmp_path / "api.json")], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert f"{place}: error: names two bundles whose folder would be a" in done.stdout + done.stderr


def test_each_must_be_signed_where_there_is_a_key(new_gateway, upstream, server, tmp_path):
    private, public = rsa_key(tmp_path)
    marking_bundle(server.folder / "signed1.zip", "lua", "First", "one", private)
    marking_bundle(server.folder / "signed2.zip", "lua", "Second", "two", private)
    marking_bundle(server.folder / "unsigned2.zip", "lua", "Second", "two")
    gateway = new_gateway(conf(server, public_key_path=str(public))).write(
        bundled(upstream, "signed1.zip,signed2.zip"), bundled(upstream, "signed1.zip,unsigned2.zip", "bad")).start()
    serves(gateway, upstream, "one", "two")
    assert "isn't signed" in gateway.reload()
    assert gateway.get("/bad/").status == 404


def test_the_set_is_revalidated_and_rolled_back_as_a_whole(new_gateway, upstream, server):
    marking_bundle(server.folder / "live1.zip", "python", "First", "one")
    marking_bundle(server.folder / "live2.zip", "python", "Second", "two")
    gateway = new_gateway(conf(server, bundle_revalidate=True)).write(bundled(upstream, "live1.zip,live2.zip")).start()
    serves(gateway, upstream, "one", "two")
    gateway.reload()
    assert [server.asked(f"live{number}.zip")[-1] for number in (1, 2)] == [304, 304]
    marking_bundle(server.folder / "live2.zip", "python", "Second", "three")
    gateway.reload()
    serves(gateway, upstream, "one", "three")
    status, text = gateway.admin("/tyk/plugins/api/rollback", "POST")
    assert status == 200, text
    assert marks(gateway, upstream) == ["one one", "two two"]
    gateway.reload()
    assert marks(gateway, upstream) == ["one one", "two two"], "a rollback lasts"
    marking_bundle(server.folder / "live1.zip", "python", "First", "uno")
    gateway.reload()
    serves(gateway, upstream, "uno", "three")
