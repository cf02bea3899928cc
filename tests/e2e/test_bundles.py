"""Bundles from a real web server: loaded, verified, swapped, rolled back."""
import json
import re
import subprocess
import time
import zipfile

import pytest

from support.bundle import BundleServer, lua_bundle, lua_hook, rsa_key, write_bundle
from support.gateway import classic, oas
from support.wait import eventually


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = BundleServer(tmp_path_factory.mktemp("bundles"))
    yield running
    running.stop()


def conf(server, **more):
    return {"enable_bundle_downloader": True, "bundle_base_url": server.url(), "bundle_insecure_skip_verify": True,
            "coprocess_options": {"enable_coprocess": True}, "enable_jsvm": True, **more}


def bundled(upstream, bundle, name="api", **more):
    return classic(name, upstream.url, custom_middleware_bundle=bundle, **more)


def mark(gateway, upstream, path="/api/"):
    """Status, and what the bundle's plugin wrote."""
    status = gateway.get(path).status
    return status, upstream.requests[-1].header("X-Mark") if status == 200 else None


def serves(gateway, upstream, value, path="/api/"):
    eventually(lambda: mark(gateway, upstream, path) == (200, value), f"{path} is served with {value}", 10)


def test_a_bundle_is_fetched_over_tls_verified_and_used(new_gateway, upstream, server, tmp_path):
    private, public = rsa_key(tmp_path)
    lua_bundle(server.folder / "signed.zip", "signed", private)
    gateway = new_gateway(conf(server, public_key_path=str(public))).write(bundled(upstream, "signed.zip")).start()
    serves(gateway, upstream, "signed")
    status, text = gateway.admin("/tyk/plugins")
    plugin = json.loads(text)[0]
    assert (status, plugin["bundle"], plugin["driver"], plugin["status"]) == (200, "signed.zip", "lua", "loaded")
    assert server.asked("signed.zip") == [200]


def test_an_oas_definition_names_its_bundle_too(new_gateway, upstream, server):
    lua_bundle(server.folder / "oas.zip", "oas")
    definition = oas("api", upstream.url)
    definition["x-tyk-api-gateway"]["middleware"] = {"global": {"pluginConfig": {"bundle": {"enabled": True, "path": "oas.zip"}}}}
    gateway = new_gateway(conf(server)).write(definition).start()
    serves(gateway, upstream, "oas")


def test_a_bundle_that_is_there_is_not_asked_for_again(new_gateway, upstream, server):
    lua_bundle(server.folder / "once.zip", "once")
    gateway = new_gateway(conf(server)).write(bundled(upstream, "once.zip")).start()
    serves(gateway, upstream, "once")
    gateway.reload()
    gateway.stop()
    gateway.start()
    serves(gateway, upstream, "once")
    assert server.asked("once.zip") == [200]


@pytest.mark.parametrize("driver", ["native", "otto", "python", "lua"])
def test_every_driver_loads_from_a_bundle(new_gateway, upstream, server, driver):
    files, entry = {
        "native": lambda g: ({"add.so": open(g.plugin("add_foo_bar"), "rb").read()}, {"name": "AddFooBar", "path": "add.so"}),
        "otto": lambda g: ({"sub/p.js": "var p = new TykJS.TykMiddleware.NewMiddleware({});\n"
                            "p.NewProcessRequest(function (r) { r.SetHeaders.Foo = 'Bar'; return p.ReturnData(r, {}); });\n"},
                           {"name": "p", "path": "sub/p.js"}),
        "python": lambda g: ({"middleware.py": "from tyk.decorators import *\n@Hook\ndef Foo(request, session, spec):\n"
                              "    request.add_header('Foo', 'Bar')\n    return request, session\n"}, {"name": "Foo"}),
        "lua": lambda g: ({"foo.lua": lua_hook("x").replace("X-Mark", "Foo").replace('"x"', '"Bar"')}, {"name": "Mark"}),
    }[driver](new_gateway())
    write_bundle(server.folder / f"{driver}.zip", files, {"driver": driver, "pre": [entry]})
    gateway = new_gateway(conf(server)).write(bundled(upstream, f"{driver}.zip")).start()
    eventually(lambda: gateway.get("/api/").status == 200, "the API is served", 10)
    assert upstream.requests[-1].header("Foo") == "Bar"


def unsafe(name):
    def make(path):
        write_bundle(path, {name: "x"}, {"driver": "lua", "pre": [{"name": "Mark"}]})
    return make


def cut(path):
    lua_bundle(path, "x")
    path.write_bytes(path.read_bytes()[:-200])


def no_manifest(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mark.lua", lua_hook("x"))


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open("zeros", "w", force_zip64=True) as out:
            for _ in range(1024):
                out.write(bytes(1 << 20))


def symlink(path):
    link = zipfile.ZipInfo("mark.lua")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("manifest.json", json.dumps({"file_list": ["mark.lua"], "checksum": "", "custom_middleware": {}}))


BAD = {
    "a cut off zip": cut,
    "no zip": lambda path: path.write_text("<html>sorry</html>"),
    "an empty file": lambda path: path.write_bytes(b""),
    "no manifest": no_manifest,
    "a manifest that is no JSON": lambda path: zipfile.ZipFile(path, "w").writestr("manifest.json", "{"),
    "a name that leaves the folder": unsafe("../../evil.lua"),
    "an absolute name": unsafe("/tmp/evil.lua"),
    "a symbolic link": symlink,
    "a file that is listed and missing": lambda path: lua_bundle(path, "x", file_list=["mark.lua", "gone.lua"]),
    "a wrong checksum": lambda path: lua_bundle(path, "x", checksum="0" * 32),
    "an unknown driver": lambda path: write_bundle(path, {"a": "b"}, {"driver": "cobol", "pre": [{"name": "A"}]}),
    "a bomb": bomb,
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_bundle_is_an_error_of_its_api_alone(new_gateway, upstream, server, kind):
    name = re.sub(r"\W", "_", kind) + ".zip"
    BAD[kind](server.folder / name)
    gateway = new_gateway(conf(server)).write(bundled(upstream, name, "bad"), classic("good", upstream.url)).start()
    text = gateway.reload()  # with block=true it waits for the download
    assert gateway.get("/good/").status == 200
    assert gateway.get("/bad/").status in (404, 500), "an API whose plugins are missing never serves"
    assert "bad.json" in text, "the reload says what is wrong"
    assert "bad.json" in json.dumps(gateway.hello())
    assert len(upstream.requests) == 1


def test_without_the_right_signature_nothing_loads(new_gateway, upstream, server, tmp_path):
    _, public = rsa_key(tmp_path)
    other, _ = rsa_key(tmp_path, "other")
    lua_bundle(server.folder / "unsigned.zip", "x")
    lua_bundle(server.folder / "other.zip", "x", other)
    gateway = new_gateway(conf(server, public_key_path=str(public))).write(
        bundled(upstream, "unsigned.zip", "unsigned"), bundled(upstream, "other.zip", "other")).start()
    text = gateway.reload()
    assert "isn't signed" in text
    assert "verification error" in text
    assert [gateway.get(path).status for path in ("/unsigned/", "/other/")] == [404, 404]


def test_a_server_that_has_no_such_bundle_delays_nobody_else(new_gateway, upstream, server):
    gateway = new_gateway(conf(server)).write(bundled(upstream, "nosuch.zip", "bad"), classic("good", upstream.url)).start()
    assert gateway.get("/good/").status == 200
    assert gateway.get("/bad/").status == 404
    eventually(lambda: len(server.asked("nosuch.zip")) >= 5, "it is tried five times", 30)
    eventually(lambda: "404" in json.dumps(gateway.hello()), "/hello says why", 10)


def test_the_last_good_bundle_serves_when_the_next_is_broken(new_gateway, upstream, server):
    lua_bundle(server.folder / "good1.zip", "good")
    cut(server.folder / "broken1.zip")
    gateway = new_gateway(conf(server)).write(bundled(upstream, "good1.zip")).start()
    serves(gateway, upstream, "good")
    gateway.write(bundled(upstream, "broken1.zip"))
    text = gateway.reload()
    assert mark(gateway, upstream) == (200, "good")
    assert "keeps serving" in text


def test_a_changed_bundle_is_noticed_by_its_etag_and_rolled_back(new_gateway, upstream, server):
    lua_bundle(server.folder / "live.zip", "one")
    gateway = new_gateway(conf(server, bundle_revalidate=True)).write(bundled(upstream, "live.zip")).start()
    serves(gateway, upstream, "one")
    gateway.reload()
    assert server.asked("live.zip")[-1] == 304
    lua_bundle(server.folder / "live.zip", "two and longer")
    gateway.reload()
    serves(gateway, upstream, "two and longer")
    began = time.monotonic()
    status, text = gateway.admin("/tyk/plugins/api/rollback", "POST")
    took = time.monotonic() - began
    assert status == 200, text
    assert mark(gateway, upstream) == (200, "one")
    assert took < 1, "a rollback waits for nothing"
    gateway.reload()
    assert mark(gateway, upstream) == (200, "one"), "the server's version comes back only when it changes"


def test_there_is_nothing_to_roll_back_without_an_earlier_bundle(new_gateway, upstream, server):
    lua_bundle(server.folder / "first.zip", "x")
    gateway = new_gateway(conf(server)).write(bundled(upstream, "first.zip"), classic("plain", upstream.url)).start()
    serves(gateway, upstream, "x")
    assert gateway.admin("/tyk/plugins/api/rollback", "POST")[0] == 404
    assert gateway.admin("/tyk/plugins/plain/rollback", "POST")[0] == 404
    assert gateway.admin("/tyk/plugins/none/rollback", "POST")[0] == 404


@pytest.mark.slow
def test_bundles_are_swapped_under_load_without_a_failed_request(new_gateway, upstream, server, nginx):
    for number in range(6):
        lua_bundle(server.folder / f"swap{number}.zip", str(number))
    gateway = new_gateway(conf(server)).write(
        classic("load", f"http://127.0.0.1:{nginx}/", custom_middleware_bundle="swap0.zip"),
        bundled(upstream, "swap0.zip")).start()
    serves(gateway, upstream, "0")
    load = subprocess.Popen(["wrk", "-t1", "-c32", "-d60s", "--timeout", "10s", f"http://127.0.0.1:{gateway.port}/load/"],
                            stdout=subprocess.PIPE, text=True)
    for number in range(1, 6):
        gateway.write(classic("load", f"http://127.0.0.1:{nginx}/", custom_middleware_bundle=f"swap{number}.zip"),
                      bundled(upstream, f"swap{number}.zip"))
        gateway.reload()
        serves(gateway, upstream, str(number))
    load.send_signal(2)
    report = load.communicate()[0]
    assert int(re.search(r"(\d+) requests in", report)[1]) > 100
    assert "Non-2xx" not in report and "Socket errors" not in report, report
