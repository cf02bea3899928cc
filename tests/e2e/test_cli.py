"""The command line: exit codes, texts, environment."""
import json
import re
import signal
import subprocess

import pytest

from support.client import Client
from support.gateway import BINARY, ROOT, SECRET, Gateway, classic, free_port, oas
from support.wait import eventually


def run(*arguments, cwd=ROOT, env=None):
    done = subprocess.run([str(BINARY), *map(str, arguments)], cwd=cwd, env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_version_names_release_commit_and_platform():
    code, out, _ = run("version")
    assert code == 0
    lines = out.splitlines()
    assert [line[:17] for line in lines] == ["Release version: ", "Built by:        ", "Build date:      ",
                                             "Commit:          ", "Go version:      ", "OS/Arch:         "]
    assert lines[0][17:] and lines[5][17:].startswith("linux/")


def test_version_as_json_has_the_same():
    code, out, _ = run("version", "--json")
    document = json.loads(out)
    assert code == 0
    assert document.keys() >= {"Version", "BuiltBy", "BuildDate", "Commit", "Go"}
    assert document["Go"]["Os"] == "linux"


def test_the_version_flag_prints_the_release_alone():
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(r"v?\d+\.\d+\.\d+\S*\n", out)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["lint", "--help"], ["version", "--help"], ["echo", "--help"]])
def test_help_is_no_error(arguments):
    code, out, _ = run(*arguments)
    assert code == 0 and "sage" in out


@pytest.mark.parametrize("arguments", [["--no-such-flag"], ["no-such-command"], ["lint", "--no-such-flag"],
                                       ["--port", "eighty"], ["--port", "70000"], ["echo", "--port", "x"]])
def test_unknown_flags_and_bad_values_exit_1_with_a_message(arguments):
    code, _, err = run(*arguments)
    assert code == 1 and err.strip()


def test_a_configuration_that_does_not_exist_is_named(tmp_path):
    code, _, err = run("--conf", tmp_path / "absent.conf")
    assert code == 1 and "absent.conf" in err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"listen_port": "x"}', '{"listen_port": 70000}', '{"http_server_options": 1}'])
def test_a_configuration_that_cannot_be_read_ends_the_start(tmp_path, text):
    (tmp_path / "tyk.conf").write_text(text)
    code, _, err = run("--conf", tmp_path / "tyk.conf")
    assert code == 1
    assert "tyk.conf" in err
    if "listen_port" in text:
        assert "listen_port" in err


def test_a_port_that_is_taken_ends_the_start_with_its_number(tmp_path, upstream):
    gateway = Gateway(tmp_path, {"listen_port": upstream.port})
    gateway.spawn()
    assert gateway.process.wait(20) != 0
    gateway.wait_for_log(str(upstream.port))


def test_keys_that_are_not_built_are_named_at_start(new_gateway):
    gateway = new_gateway({"opentelemetry": {"enabled": True}, "analytics_config": {"enable_geo_ip": True}}).start()
    gateway.wait_for_log("opentelemetry.enabled")
    gateway.wait_for_log("enable_geo_ip")


def test_an_environment_variable_wins_over_the_file(new_gateway, upstream):
    port = free_port()
    gateway = new_gateway(env={"TYK_GW_LISTENPORT": str(port), "TYK_GW_SECRET": "from-env"})
    gateway.port = gateway.admin_port = port
    gateway.write(classic("api", upstream.url)).start()
    assert gateway.get("/api/").status == 200
    assert gateway.admin("/tyk/apis", secret="from-env")[0] == 200
    assert gateway.admin("/tyk/apis", secret=SECRET)[0] == 403


def test_the_port_flag_wins_over_the_environment(new_gateway):
    port = free_port()
    gateway = new_gateway(env={"TYK_GW_LISTENPORT": str(free_port())})
    plain = gateway.command
    gateway.command = lambda *arguments: plain(*arguments, "--port", str(port))
    gateway.port = gateway.admin_port = port
    gateway.start()
    assert gateway.hello()["status"] == "pass"


def test_an_environment_variable_that_does_not_parse_ends_the_start(new_gateway):
    gateway = new_gateway(env={"TYK_GW_HTTPSERVEROPTIONS_READTIMEOUT": "soon"})
    gateway.checks = False
    gateway.spawn()
    assert gateway.process.wait(20) == 1
    assert "TYK_GW_HTTPSERVEROPTIONS_READTIMEOUT" in gateway.log() and "soon" in gateway.log()


def test_the_secret_may_come_from_the_environment_by_reference(new_gateway):
    gateway = new_gateway({"secret": "env://ADMIN"}, env={"TYK_SECRET_ADMIN": "referenced"}).start()
    assert gateway.admin("/tyk/apis", secret="referenced")[0] == 200
    assert gateway.admin("/tyk/apis", secret="env://ADMIN")[0] == 403


def test_the_pid_file_names_the_process(new_gateway):
    gateway = new_gateway().start()
    assert int((gateway.work / "tykpp.pid").read_text()) == gateway.process.pid


# --- lint

def test_lint_finds_nothing_wrong_with_good_files(tmp_path, upstream):
    (tmp_path / "good.json").write_text(json.dumps(classic("good", upstream.url)))
    (tmp_path / "oas.json").write_text(json.dumps(oas("oas", upstream.url)))
    code, out, err = run("lint", tmp_path / "good.json", tmp_path / "oas.json")
    assert code == 0, out + err


def test_lint_finds_nothing_wrong_with_the_files_of_this_repository():
    code, out, err = run("lint", "--conf", "conf/tyk.conf", *sorted(str(p) for p in (ROOT / "apps").glob("*.json")))
    assert code == 0, out + err


def test_lint_tells_every_problem_of_every_file_with_its_place(tmp_path):
    bad = classic("bad", "http://h:port/", proxy={"listen_path": 17})
    bad["use_keyless"] = "yes"
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    (tmp_path / "cut.json").write_text('{"api_id": ')
    code, out, err = run("lint", tmp_path / "bad.json", tmp_path / "cut.json", tmp_path / "absent.json")
    text = out + err
    assert code == 1
    for expected in ("bad.json", "/use_keyless", "/proxy/listen_path", "cut.json", "absent.json"):
        assert expected in text, text


def test_lint_tells_every_problem_of_the_configuration(tmp_path):
    (tmp_path / "tyk.conf").write_text('{"listen_port": "x", "http_server_options": {"read_timeout": []}, "listen_prot": 1}')
    code, out, err = run("lint", "--conf", tmp_path / "tyk.conf")
    text = out + err
    assert code == 1
    for expected in ("tyk.conf", "/listen_port", "/http_server_options/read_timeout", "listen_prot"):
        assert expected in text, text


def test_lint_changes_no_file(tmp_path, upstream):
    text = json.dumps(classic("good", upstream.url), indent=7)
    (tmp_path / "good.json").write_text(text)
    run("lint", tmp_path / "good.json")
    assert (tmp_path / "good.json").read_text() == text


# --- echo

@pytest.fixture(scope="module")
def echo():
    port = free_port()
    process = subprocess.Popen([str(BINARY), "echo", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listening():
        try:
            Client(port).close()
            return True
        except OSError:
            return False

    eventually(listening, "tykpp echo listens")
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_echo_tells_what_it_got_as_httpbin_does(echo):
    with Client(echo) as client:
        reply = client.get("/get?a=1&a=2&b=", "X-Custom: v")
    document = json.loads(reply.body)
    assert (reply.status, reply.header("Content-Type")) == (200, "application/json")
    assert document["args"] == {"a": ["1", "2"], "b": ""}
    assert document["headers"]["X-Custom"] == "v"
    assert document["url"] == "http://h/get?a=1&a=2&b="


def test_echo_anything_tells_method_and_body(echo):
    with Client(echo) as client:
        document = json.loads(client.request("POST", "/anything/x", body=b"hello").response().body)
    assert (document["method"], document["data"]) == ("POST", "hello")


@pytest.mark.parametrize("status", [200, 204, 404, 503])
def test_echo_answers_with_the_status_asked_for(echo, status):
    with Client(echo) as client:
        assert client.get(f"/status/{status}").status == status
        assert client.get("/get").status == 200


def test_echo_delays(echo):
    import time
    with Client(echo) as client:
        started = time.monotonic()
        assert client.get("/delay/1").status == 200
        assert time.monotonic() - started >= 0.9


def test_echo_answers_any_other_path_as_it_answers_anything(echo):
    with Client(echo) as client:
        document = json.loads(client.request("PUT", "/some/path", body=b"x").response().body)
    assert (document["method"], document["data"]) == ("PUT", "x")
