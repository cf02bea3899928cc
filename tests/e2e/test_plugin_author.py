"""`tykpp plugin new` writes plugins that work as they are, `tykpp plugin test` shows what a hook does."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.gateway import BINARY

TSAN = os.environ.get("TYKPP_PRESET") == "tsan"
SCRIPTS = [pytest.param("python", marks=pytest.mark.skipif(TSAN, reason="the interpreter is built without ThreadSanitizer")),
           "otto", "lua"]
DRIVERS = [*SCRIPTS, "native"]
GO = pytest.param("goplugin", marks=pytest.mark.skipif(TSAN or shutil.which("go") is None, reason="Go is not installed"))
HOOKS = ["pre", "auth", "post_auth", "post", "response"]


def run(*argv, cwd, code=0):
    done = subprocess.run([BINARY, "plugin", *map(str, argv)], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def build(folder: Path):
    if (folder / "plugin.go").exists() or (folder / "auth.go").exists():
        run("build", folder, "-o", folder / "plugin.so", cwd=folder)
    if (folder / "build.sh").exists():
        subprocess.run([folder / "build.sh"], check=True, timeout=120)


def new(driver, hook, cwd, name="say-hello"):
    text = run("new", "--driver", driver, "--hook", hook, name, cwd=cwd).stdout
    assert f"tykpp plugin test {name}" in text
    build(cwd / name)
    return cwd / name


def changes(text):
    return [line for line in text.splitlines() if line[:2] in ("+ ", "- ")]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("driver", [*DRIVERS, GO])
def test_a_new_plugin_works_as_it_is(driver, hook, tmp_path):
    new(driver, hook, tmp_path)
    text = run("test", "say-hello", "--hook", hook, cwd=tmp_path).stdout
    assert text.startswith(f"{hook} hook SayHello ({driver}, "), text
    assert " goes on after " in text.splitlines()[0]
    if hook == "response":
        assert "+ X-Stamped-By: say-hello" in changes(text), text
    elif hook == "auth":
        assert "request: nothing changed" in text
        assert any(line.startswith("+ ") and '"alias":' in line.replace(" ", "") for line in changes(text)), text
    else:
        assert changes(text) == ["- X-Debug: 1", "+ X-Greeting: hello from say-hello"], text


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_new_plugin_refuses_what_it_says_it_refuses(driver, tmp_path):
    folder = new(driver, "pre", tmp_path)
    request = folder / "request.http"
    request.write_text(request.read_text().replace("X-Debug: 1", "X-Block: 1"))
    text = run("test", "say-hello", cwd=tmp_path).stdout
    assert " answers after " in text.splitlines()[0]
    assert "  HTTP/1.1 403 Forbidden" in text and "blocked by say-hello" in text


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_new_auth_plugin_refuses_unknown_keys(driver, tmp_path):
    new(driver, "auth", tmp_path)
    (tmp_path / "other.http").write_text("GET /say-hello/get HTTP/1.1\nHost: h\nAuthorization: wrong\n\n")
    text = run("test", "say-hello", "--request", "other.http", cwd=tmp_path).stdout
    assert " answers after " in text.splitlines()[0]
    assert "  HTTP/1.1 401 Unauthorized" in text and "unknown key" in text


@pytest.mark.parametrize("driver", ["native", GO])
def test_a_new_analytics_plugin_changes_records(driver, tmp_path):
    new(driver, "analytics", tmp_path)
    text = run("test", "say-hello", cwd=tmp_path).stdout
    assert changes(text) == ["- user_agent: sample", "+ user_agent: hidden by say-hello"], text
    refusal = run("new", "--driver", "lua", "--hook", "analytics", "x", cwd=tmp_path, code=1).stderr
    assert "native" in refusal


@pytest.mark.parametrize("hook", ["pre", "post_auth"])
@pytest.mark.parametrize("driver", DRIVERS)
def test_the_gateway_serves_what_was_written(driver, hook, new_gateway, upstream, tmp_path):
    gateway = new_gateway({"coprocess_options": {"enable_coprocess": True}, "enable_jsvm": True})
    folder = new(driver, hook, gateway.work)
    definition = json.loads((folder / "api.json").read_text())
    definition["proxy"]["target_url"] = upstream.url
    gateway.write(definition).start()
    assert gateway.get("/say-hello/get", "Authorization: letmein", "X-Debug: 1").status == 200
    seen = upstream.requests[-1]
    assert seen.header("X-Greeting") == "hello from say-hello" and seen.header("X-Debug") is None


def test_a_grpc_plugin_is_tried_at_its_server(tmp_path):
    if TSAN:
        pytest.skip("libgrpc is built without ThreadSanitizer")
    folder = new("grpc", "pre", tmp_path)
    failed = run("test", "say-hello", cwd=tmp_path, code=1).stdout
    assert " fails after " in failed and "the client gets: 500 Middleware error" in failed
    server = subprocess.Popen([folder / "run.sh"], env={**os.environ, "PYTHON": "/usr/bin/python3"},
                              stdout=subprocess.PIPE, text=True)
    try:
        assert "plugins at" in server.stdout.readline()
        text = run("test", "say-hello", cwd=tmp_path).stdout
        assert changes(text) == ["- X-Debug: 1", "+ X-Greeting: hello from say-hello"], text
    finally:
        server.terminate()
        server.wait()


def test_a_plugin_may_call_and_keep_values(upstream, tmp_path):
    folder = new("lua", "pre", tmp_path)
    (folder / "plugin.lua").write_text(f"""
function SayHello(request, session, spec)
  local answer = tykpp.http.fetch{{url = "{upstream.url}asked"}}
  tyk.req.set_header("X-Answer", tostring(answer.status))
  return request, session
end
""")
    text = run("test", "say-hello", cwd=tmp_path).stdout
    assert "+ X-Answer: 200" in changes(text)
    assert upstream.requests[-1].path == "/asked"


def test_bodies_and_odd_bytes_are_shown(tmp_path):
    folder = new("lua", "post", tmp_path)
    (folder / "plugin.lua").write_text("""
function SayHello(request, session, spec)
  request.body = request.body:upper() .. "\\27[0m"
  return request, session
end
""")
    (folder / "request.http").write_bytes(b"POST /say-hello/ HTTP/1.1\r\nHost: h\r\nContent-Length: 999\r\n\r\none\r\ntwo")
    text = run("test", "say-hello", cwd=tmp_path).stdout
    assert "+ ONE\\x0d" in changes(text) and "+ TWO\\x1b[0m" in changes(text), text


@pytest.mark.parametrize("argv, reason", [
    (["--driver", "cobol", "--hook", "pre", "x"], "--driver is python, otto, lua"),
    (["--driver", "lua", "--hook", "before", "x"], "--hook is pre, auth"),
    (["--driver", "lua", "--hook", "pre", "../x"], "the name is made of"),
    (["--driver", "lua", "--hook", "pre", "there"], "exists already")])
def test_new_says_what_is_wrong(argv, reason, tmp_path):
    (tmp_path / "there").mkdir()
    assert reason in run("new", *argv, cwd=tmp_path, code=1).stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["there"]


def test_test_says_what_is_wrong(tmp_path):
    folder = new("lua", "pre", tmp_path)
    good = json.loads((folder / "api.json").read_text())

    def refused(*argv):
        return run("test", *argv, cwd=tmp_path, code=1).stderr

    assert "nothing: no such file" in refused("nothing")
    assert "no such hook; it has: pre:SayHello" in refused("say-hello", "--hook", "auth")
    assert "--hook is pre, auth" in refused("say-hello", "--hook", "before")
    assert "other.http: no such file" in refused("say-hello", "--request", "other.http")
    (folder / "request.http").write_text("GET\n\n")
    assert "the request cannot be read" in refused("say-hello")
    (folder / "request.http").unlink()
    (folder / "session.json").write_text("{")
    assert "session" in refused("say-hello")
    (folder / "session.json").unlink()
    (folder / "api.json").write_text(json.dumps({**good, "graphql": {"enabled": True}}))
    assert "/graphql/enabled" in refused("say-hello")
    good["custom_middleware"]["post"] = good["custom_middleware"]["pre"]
    (folder / "api.json").write_text(json.dumps(good))
    assert "say which with --hook" in refused("say-hello")
    (folder / "plugin.lua").write_text("function(")
    assert "plugin.lua" in refused("say-hello", "--hook", "pre")


def test_a_plugin_that_fails_is_reported_with_its_reason(tmp_path):
    folder = new("lua", "pre", tmp_path)
    (folder / "plugin.lua").write_text("function SayHello() error('out of luck') end")
    text = run("test", "say-hello", cwd=tmp_path, code=1).stdout
    assert " fails after " in text and "out of luck" in text and "the client gets: 500" in text
    (folder / "plugin.lua").write_text("function SayHello() while true do end end")
    if not TSAN:
        assert " fails after " in run("test", "say-hello", cwd=tmp_path, code=1).stdout
