"""Plugins of several languages in one API, and what is shown of them."""
import json
import os

import pytest

from support.gateway import ROOT, classic, oas
from support.wait import eventually

CONF = {"enable_jsvm": True, "coprocess_options": {"enable_coprocess": True}}


def example(gateway, upstream):
    """apps/five-languages.json, with the plugins of this build and this test's upstream."""
    definition = json.loads((ROOT / "apps/five-languages.json").read_text())
    definition["proxy"]["target_url"] = upstream.url
    for hooks in (definition["custom_middleware"]["pre"], definition["custom_middleware"]["post"]):
        for entry in hooks:
            if entry["driver"] == "native":
                entry["path"] = gateway.plugin(entry["path"].rsplit("/", 1)[1].removesuffix(".so"))
            else:
                entry["path"] = str(ROOT / entry["path"])
    return definition


def test_five_languages_run_in_one_api_in_order(new_gateway, upstream):
    gateway = new_gateway(CONF)
    gateway.write(example(gateway, upstream)).start()
    for _ in range(20):
        assert gateway.get("/five-languages/").status == 200
        assert upstream.requests[-1].header("X-Languages") == "C, C++, JavaScript, Python, Lua"


def test_an_oas_definition_mixes_them_too(new_gateway, upstream):
    gateway = new_gateway(CONF)
    definition = oas("api", upstream.url)
    hooks = [{"enabled": True, "functionName": "PassC", "path": gateway.plugin("five_languages_c"), "driver": "native"},
             {"enabled": True, "functionName": "PassLua", "path": str(ROOT / "plugins/five_languages/pass.lua"), "driver": "lua"}]
    definition["x-tyk-api-gateway"]["middleware"] = {"global": {
        "pluginConfig": {"driver": "otto"},
        "prePlugins": hooks + [{"enabled": True, "functionName": "passJavaScript",
                                "path": str(ROOT / "plugins/five_languages/pass.js")}]}}
    gateway.write(definition).start()
    assert gateway.get("/api/").status == 200
    assert upstream.requests[-1].header("X-Languages") == "C, Lua, JavaScript"


def test_the_control_api_shows_every_hook_and_how_it_fares(new_gateway, upstream):
    gateway = new_gateway(CONF)
    gateway.write(example(gateway, upstream), classic("plain", upstream.url)).start()
    for _ in range(10):
        gateway.get("/five-languages/")
    status, text = gateway.admin("/tyk/plugins")
    plugins = json.loads(text)
    assert status == 200
    assert [(p["hook"], p["driver"], p["name"], p["calls"], p["errors"]) for p in plugins] == [
        ("pre", "native", "PassC", 10, 0), ("pre", "native", "PassCpp", 10, 0), ("pre", "otto", "passJavaScript", 10, 0),
        ("post", "python", "PassPython", 10, 0), ("post", "lua", "PassLua", 10, 0)]
    assert all(0 < p["latency_p50_us"] <= p["latency_p99_us"] < 5_000_000 for p in plugins)
    assert json.loads(gateway.admin("/tyk/plugins/plain")[1]) == []
    assert gateway.call("/tyk/plugins")[0] == 403


FAILING = {
    "otto": ("broken", "js", "var broken = new TykJS.TykMiddleware.NewMiddleware({});\n"
             "broken.NewProcessRequest(function () { throw new Error('no'); });\n"),
    "python": ("Broken", "py", "from tyk.decorators import *\n@Hook\ndef Broken(request, session, spec):\n    raise ValueError('no')\n"),
    "lua": ("Broken", "lua", "function Broken(request, session, spec) error('no') end\n"),
}


@pytest.mark.parametrize("driver", FAILING)
def test_a_failing_hook_fails_or_is_skipped_and_is_counted(new_gateway, upstream, tmp_path, driver):
    name, ending, source = FAILING[driver]
    path = tmp_path / f"broken.{ending}"
    path.write_text(source)
    gateway = new_gateway(CONF).write(
        classic("fail", upstream.url, custom_middleware={"driver": driver, "pre": [{"name": name, "path": str(path)}]}),
        classic("skip", upstream.url, custom_middleware={"driver": driver, "pre": [
            {"name": name, "path": str(path), "on_error": "skip"}]})).start()
    assert gateway.get("/fail/").status == 500
    assert gateway.get("/skip/").status == 200
    shown = {p["api_id"]: p for p in json.loads(gateway.admin("/tyk/plugins")[1])}
    assert (shown["fail"]["errors"], shown["fail"]["skipped"]) == (1, 0)
    assert (shown["skip"]["errors"], shown["skip"]["skipped"]) == (1, 1)


ENDLESS = {
    "otto": ("endless", "js", "var endless = new TykJS.TykMiddleware.NewMiddleware({});\n"
             "endless.NewProcessRequest(function () { while (true) {} });\n"),
    "python": ("Endless", "py", "from tyk.decorators import *\n@Hook\ndef Endless(request, session, spec):\n    while True: pass\n"),
    "lua": ("Endless", "lua", "function Endless(request, session, spec) while true do end end\n"),
}


@pytest.mark.parametrize("driver", ENDLESS)
def test_an_endless_loop_is_ended_at_the_hooks_time_limit(new_gateway, upstream, tmp_path, driver):
    if driver == "lua" and os.environ.get("TYKPP_PRESET") == "tsan":
        pytest.skip("ThreadSanitizer delivers no signal to a loop outside its sight")
    name, ending, source = ENDLESS[driver]
    path = tmp_path / f"endless.{ending}"
    path.write_text(source)
    gateway = new_gateway({**CONF, "workers": 1}).write(
        classic("loop", upstream.url, custom_middleware={"driver": driver, "pre": [
            {"name": name, "path": str(path), "timeout_ms": 300}]}),
        classic("good", upstream.url)).start()
    for _ in range(3):
        assert gateway.get("/loop/").status == 500
        assert gateway.get("/good/").status == 200
    shown = json.loads(gateway.admin("/tyk/plugins/loop")[1])[0]
    assert shown["errors"] == 3
    assert shown["timeouts"] == 3


@pytest.mark.parametrize("driver", FAILING)
def test_a_script_that_is_edited_is_loaded_again(new_gateway, upstream, tmp_path, driver):
    sources = {
        "otto": "var mark = new TykJS.TykMiddleware.NewMiddleware({});\nmark.NewProcessRequest(function (r) "
                "{ r.SetHeaders['X-Mark'] = 'VALUE'; return mark.ReturnData(r, {}); });\n",
        "python": "from tyk.decorators import *\n@Hook\ndef mark(request, session, spec):\n"
                  "    request.add_header('X-Mark', 'VALUE')\n    return request, session\n",
        "lua": "function mark(request, session, spec)\n  tyk.req.set_header('X-Mark', 'VALUE')\n  return request, session\nend\n",
    }
    path = tmp_path / f"mark.{FAILING[driver][1]}"
    path.write_text(sources[driver].replace("VALUE", "one"))
    gateway = new_gateway({**CONF, "enable_file_watch": True}).write(classic("api", upstream.url, custom_middleware={
        "driver": driver, "pre": [{"name": "mark", "path": str(path)}]})).start()
    gateway.get("/api/")
    assert upstream.requests[-1].header("X-Mark") == "one"

    def marked(value):
        gateway.get("/api/")
        return upstream.requests[-1].header("X-Mark") == value

    path.write_text(sources[driver].replace("VALUE", "two"))
    eventually(lambda: marked("two"), "the watch has it loaded again", 8)
    path.write_text("this ( is no program\n")
    text = gateway.reload()
    assert "keeps serving" in text
    assert marked("two"), "what broke keeps its last good version"
    path.write_text(sources[driver].replace("VALUE", "three"))
    gateway.reload()
    assert marked("three")
