"""Bundles from a real web server: loaded, verified, swapped, rolled back."""
import json
import re
import subprocess
import time
import warnings
import zipfile

import pytest

from support.bundle import BundleServer, Cutter, lua_bundle, lua_hook, rsa_key, write_bundle
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


def zipped(*entries):
    """A maker of zips with these (name, bytes)."""
    def make(path):
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of equal names
            for name, content in entries:
                archive.writestr(name, content)
    return make


def manifest(text):
    return zipped(("manifest.json", text))


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open("zeros", "w", force_zip64=True) as out:
            for _ in range(1024):
                out.write(bytes(1 << 20))
    assert path.stat().st_size < 2 << 20


def lying_bomb(path):
    """The directory says that the file has ten bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(300 << 20))
        archive.writestr("manifest.json", "{}")
    content = path.read_bytes()
    path.write_bytes(content.replace((300 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")))


def symlink(path):
    link = zipfile.ZipInfo("mark.lua")
    link.external_attr = 0o120777 << 16
    zipped((link, "/etc/passwd"), ("manifest.json", "{}"))(path)


def non_utf8_name(path):
    zipped(("naXXme.lua", "x"), ("manifest.json", "{}"))(path)
    path.write_bytes(path.read_bytes().replace(b"naXXme", b"na\xff\nme"))


def hooks(driver, **more):
    return json.dumps({"file_list": [], "checksum": "d41d8cd98f00b204e9800998ecf8427e",
                       "custom_middleware": {"driver": driver, "pre": [{"name": "A", "path": "a"}]}, **more})


# How a bundle is made, and what has to be said of it.
BAD = {
    "a cut off zip": (cut, "Couldn't save bundle: zip: "),
    "no zip": (lambda path: path.write_text("<html>sorry</html>"), "Couldn't save bundle: zip: not a valid zip file"),
    "an empty file": (lambda path: path.write_bytes(b""), "Couldn't save bundle: zip: not a valid zip file"),
    "no manifest": (zipped(("mark.lua", lua_hook("x"))), "Couldn't load bundle: the bundle has no manifest.json"),
    "a folder called manifest.json": (zipped(("manifest.json/", "")), "but no file: manifest.json"),
    "a manifest that is no JSON": (manifest("{"), "Couldn't load bundle: manifest.json is no valid JSON: "),
    "a manifest that is a list": (manifest("[1, 2]"), "Couldn't load bundle: manifest.json is no JSON object"),
    "a manifest that is null": (manifest("null"), "Couldn't load bundle: manifest.json is no JSON object"),
    "a deep manifest": (manifest('{"a": ' * 100_000), "Couldn't load bundle: manifest.json nests too deeply"),
    "a long manifest": (manifest('{"a": "' + "x" * (5 << 20) + '"}'), "Couldn't load bundle: manifest.json is too large"),
    "a manifest that is not UTF-8": (manifest(b'{"file_list": ["\xff\xfe"]}'), "manifest.json is no valid JSON: "),
    "many names in file_list": (manifest(hooks("lua", file_list=[f"f{i}" for i in range(100_000)])),
                                "manifest.json: file_list names more than 4096 files"),
    "a name that is listed twice": (manifest(hooks("lua", file_list=["a", "./a"])), "file_list names a file twice: "),
    "a listed name that leaves the folder": (manifest(hooks("lua", file_list=["a/../../b"])),
                                             "invalid file path in manifest.json: a/../../b"),
    "no hooks at all": (manifest('{"file_list": []}'), "manifest.json has no custom_middleware object"),
    "a hook of the wrong type": (manifest(hooks("lua").replace('"A"', "7")), "expected a string, found number"),
    "a name that leaves the folder": (unsafe("../../evil.lua"), "invalid file path in archive: ../../evil.lua"),
    "an absolute name": (unsafe("/tmp/evil.lua"), "invalid file path in archive: /tmp/evil.lua"),
    "a name with a backslash": (unsafe("..\\evil.lua"), "invalid file path in archive: "),
    "a name that is not UTF-8": (non_utf8_name, "invalid file path in archive: "),
    "a symbolic link": (symlink, "link in archive: mark.lua"),
    "two files of one name": (zipped(("a.lua", "x"), ("a.lua", "y"), ("manifest.json", "{}")),
                              "the archive has two files of one name: a.lua"),
    "two manifests": (zipped(("manifest.json", "{}"), ("manifest.json", hooks("lua"))),
                      "the archive has two files of one name: manifest.json"),
    "a file that is a folder too": (zipped(("a", "x"), ("a/b", "y")), "a file in the archive is a folder too: a"),
    "many files": (zipped(*((f"f{i}", "") for i in range(5000))), "the archive has more than 4096 files"),
    "a file that is listed and missing": (lambda path: lua_bundle(path, "x", file_list=["mark.lua", "gone.lua"]),
                                          "the bundle lacks a file of its file_list: gone.lua"),
    "a wrong checksum": (lambda path: lua_bundle(path, "x", checksum="0" * 32), "Couldn't load bundle: invalid checksum"),
    "an unknown driver": (lambda path: write_bundle(path, {"a": "b"}, {"driver": "cobol", "pre": [{"name": "A"}]}),
                          "cobol"),
    "a bomb": (bomb, "Couldn't save bundle: the archive unpacks to more than 268435456 bytes"),
    "a bomb that lies": (lying_bomb, "Couldn't save bundle: "),
}


def told(gateway, reason):
    """The answer of a reload, and /hello, say why; no line of either log or answer is torn."""
    text = gateway.reload()  # with block=true it waits for the download
    assert reason in str(json.loads(text)), text
    assert reason in str(gateway.hello())


def left_over(gateway):
    """What lies in the folder of bundles."""
    folder = gateway.work / "middleware/bundles"
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_bundle_is_an_error_of_its_api_alone(new_gateway, upstream, server, kind):
    name = re.sub(r"\W", "_", kind) + ".zip"
    make, reason = BAD[kind]
    make(server.folder / name)
    gateway = new_gateway(conf(server)).write(bundled(upstream, name, "bad"), classic("good", upstream.url)).start()
    told(gateway, reason)
    assert gateway.get("/good/").status == 200
    # Where the bundle itself is good, a hook that cannot be loaded refuses the requests that reach it.
    loaded = kind == "an unknown driver"
    assert gateway.get("/bad/").status == (500 if loaded else 404), "an API whose plugins are missing never serves"
    assert "bad.json" in json.dumps(gateway.hello())
    assert len(upstream.requests) == 1
    if kind != "a hook of the wrong type" and not loaded:
        assert left_over(gateway) == [], "nothing of a bad bundle stays on the disk"


NAMES = {
    "dots": ("../../../etc/passwd", "HTTP Error, got status code 404"),
    "a directory": ("folder", "HTTP Error, got status code 403"),
    "a query": ("a.zip?b=c#d", "HTTP Error, got status code 404"),
    "control characters": ("a\nb\u0000c.zip", "HTTP Error, got status code 40"),
    "a very long name": ("x" * 100_000, "names a bundle with more than 4096 bytes"),
    "a redirect loop": ("loop/x.zip", "Error getting bundle: stopped after 10 redirects"),
    "an address elsewhere": ("http://127.0.0.1:1/a.zip", "HTTP Error, got status code 404"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_bad_name_is_an_error_of_its_api_alone(new_gateway, upstream, server, kind):
    (server.folder / "folder").mkdir(exist_ok=True)
    name, reason = NAMES[kind]
    gateway = new_gateway(conf(server)).write(bundled(upstream, name, "bad"), classic("good", upstream.url)).start()
    assert gateway.get("/good/").status == 200
    told(gateway, reason)
    assert gateway.get("/bad/").status == 404
    assert left_over(gateway) == []


def test_names_of_files_stay_below_the_base_url_too(new_gateway, upstream, tmp_path):
    (tmp_path / "served/folder").mkdir(parents=True)
    lua_bundle(tmp_path / "outside.zip", "x")
    lua_bundle(tmp_path / "served/inside.zip", "inside")
    gateway = new_gateway({"enable_bundle_downloader": True, "bundle_base_url": f"file://{tmp_path}/served",
                           "coprocess_options": {"enable_coprocess": True}})
    gateway.write(bundled(upstream, "inside.zip"), bundled(upstream, "folder", "folder"),
                  bundled(upstream, "absent.zip", "absent")).start()
    serves(gateway, upstream, "inside")
    told(gateway, "folder: is no file")
    told(gateway, "absent.zip: No such file or directory")


def test_credentials_of_the_base_url_are_in_no_log_and_no_answer(new_gateway, upstream, server):
    lua_bundle(server.folder / "secret.zip", "ok")
    base = server.url("/?token=hunter2").replace("https://", "https://user:hunter1@")
    gateway = new_gateway(conf(server, bundle_base_url=base, log_level="debug")).write(
        bundled(upstream, "secret.zip"), bundled(upstream, "secret-absent.zip", "absent"),
        bundled(upstream, "loop/secret.zip", "loop")).start()
    serves(gateway, upstream, "ok")
    told(gateway, "404")
    told(gateway, "10 redirects")
    gateway.conf["bundle_base_url"] = "https://user:hunter1@nosuch.invalid/?token=hunter2"
    gateway.stop()
    gateway.start()
    told(gateway, "Error getting bundle: ")
    everything = gateway.log() + gateway.reload() + json.dumps(gateway.hello())
    assert "secret-absent.zip" in everything
    assert "hunter" not in everything


def test_a_connection_that_is_cut_half_way_is_an_error_of_its_api_alone(new_gateway, upstream, tmp_path):
    """Each try gets half of the bundle and then a reset."""
    lua_bundle(tmp_path / "b.zip", "x")
    content = (tmp_path / "b.zip").read_bytes()
    with Cutter(content) as cutter:
        gateway = new_gateway({"enable_bundle_downloader": True, "bundle_base_url": f"http://127.0.0.1:{cutter.port}/",
                               "coprocess_options": {"enable_coprocess": True}})
        gateway.write(bundled(upstream, "b.zip", "bad"), classic("good", upstream.url)).start()
        assert gateway.get("/good/").status == 200
        told(gateway, "Couldn't fetch bundle: Error getting bundle: ")
        assert gateway.get("/bad/").status == 404
        assert cutter.asked >= 5, "it is tried five times"
        assert left_over(gateway) == []
        cutter.whole = True
        gateway.reload()
        serves(gateway, upstream, "x", "/bad/")


def test_a_full_disk_is_an_error_of_its_api_alone(new_gateway, upstream, server):
    write_bundle(server.folder / "large.zip", {"mark.lua": lua_hook("x"), "zeros": bytes(1 << 20)},
                 {"driver": "lua", "pre": [{"name": "Mark", "path": "mark.lua"}]})
    lua_bundle(server.folder / "small.zip", "small")
    gateway = new_gateway(conf(server))
    folder = gateway.work / "middleware"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("may not mount")
    try:
        gateway.write(bundled(upstream, "small.zip"), bundled(upstream, "large.zip", "large")).start()
        serves(gateway, upstream, "small")
        told(gateway, "Couldn't save bundle: can't write: No space left on device")
        assert gateway.get("/large/").status == 404
        assert len(left_over(gateway)) == 1, "what did not fit is gone"
        gateway.stop()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


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


def test_with_a_key_a_file_that_is_not_listed_is_refused(new_gateway, upstream, server, tmp_path):
    private, public = rsa_key(tmp_path)
    lua_bundle(server.folder / "more.zip", "x", private)
    with zipfile.ZipFile(server.folder / "more.zip", "a") as archive:
        archive.writestr("evil.lua", "x")
    gateway = new_gateway(conf(server, public_key_path=str(public))).write(bundled(upstream, "more.zip", "bad")).start()
    told(gateway, "Couldn't load bundle: the bundle is signed, but has a file that file_list does not name: evil.lua")
    assert gateway.get("/bad/").status == 404
    assert left_over(gateway) == []


def test_a_certificate_that_nobody_vouches_for_is_refused(new_gateway, upstream, server):
    lua_bundle(server.folder / "tls.zip", "tls")
    changes = {"bundle_insecure_skip_verify": False}
    gateway = new_gateway(conf(server, **changes)).write(bundled(upstream, "tls.zip", "bad")).start()
    told(gateway, "Couldn't fetch bundle: Error getting bundle: SSL")
    assert gateway.get("/bad/").status == 404
    assert server.asked("tls.zip") == []
    trusting = new_gateway(conf(server, **changes), {"SSL_CERT_FILE": str(server.work / "tls.crt")})
    trusting.write(bundled(upstream, "tls.zip")).start()
    serves(trusting, upstream, "tls")


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
    took = []
    for expected in ("one", "two and longer") * 3 + ("one",):
        began = time.monotonic()
        status, text = gateway.admin("/tyk/plugins/api/rollback", "POST")
        took.append(time.monotonic() - began)
        assert status == 200, text
        assert mark(gateway, upstream) == (200, expected)
    assert min(took) < 0.1, f"a rollback waits for nothing: {took}"
    gateway.reload()
    assert mark(gateway, upstream) == (200, "one"), "the server's version comes back only when it changes"


def test_a_bad_new_version_is_told_and_the_one_that_is_there_stays(new_gateway, upstream, server):
    lua_bundle(server.folder / "turn.zip", "one")
    gateway = new_gateway(conf(server, bundle_revalidate=True)).write(bundled(upstream, "turn.zip")).start()
    serves(gateway, upstream, "one")
    lua_bundle(server.folder / "turn.zip", "two", checksum="0" * 32)
    told(gateway, "Couldn't load bundle: invalid checksum; the version of the bundle that is there stays in use")
    assert mark(gateway, upstream) == (200, "one")
    lua_bundle(server.folder / "turn.zip", "three")
    assert "stays in use" not in gateway.reload()
    serves(gateway, upstream, "three")


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
