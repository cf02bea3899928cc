"""The plugin servers of plugins/grpc, each built with its language's own tools and run at every hook."""
import os
import shutil
import subprocess

import pytest

from support.gateway import Gateway, classic
from support.plugin_server import PluginServer
from support.upstream import answer

TOOLS = {"python": ["protoc"], "go": ["go", "protoc"], "node": ["node", "npm"], "java": ["java", "mvn"]}


@pytest.fixture(scope="module", params=TOOLS)
def example(request, tmp_path_factory, upstream):
    missing = [tool for tool in TOOLS[request.param] if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    try:
        server = PluginServer.of_example(request.param)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"could not be built, which needs the package registries: {error.stderr[-500:]}")
    server.start()
    gateway = Gateway(tmp_path_factory.mktemp("example"), {
        "coprocess_options": {"enable_coprocess": True, "coprocess_grpc_server": server.url}})
    gateway.write(
        classic("all", upstream.url, use_keyless=False, custom_plugin_auth_enabled=True, custom_middleware={
            "driver": "grpc", "pre": [{"name": "Mark"}], "auth_check": {"name": "CheckKey"},
            "post_key_auth": [{"name": "ForwardAlias"}], "post": [{"name": "UpperBody"}], "response": [{"name": "Sign"}]}),
        classic("absent", upstream.url, custom_middleware={"driver": "grpc", "pre": [{"name": "Absent"}]}))
    gateway.start()
    yield request.param, gateway
    gateway.stop()
    server.stop()


def post(gateway, *headers):
    with gateway.client() as client:
        return client.request("POST", "/all/x?a=1", headers, b"hello").response()


def test_every_hook_does_its_work(example, upstream):
    language, gateway = example
    upstream.on("/x", lambda connection, _: connection.send(answer(b"from upstream", "200 OK", "X-Kept: 1")))
    answered = post(gateway, "Authorization: letmein", "X-Secret: s")
    request = upstream.requests[-1]
    assert (request.target, request.body) == (f"/x?a=1&plugin={language}", b"HELLO")
    assert [request.header(name) for name in ("X-Plugin", "X-Secret", "X-Alias")] == [language, None, "demo"]
    assert (answered.status, answered.body) == (200, f"from upstream\n-- {language}".encode())
    assert (answered.header("X-Signed-By"), answered.header("X-Kept")) == (language, "1")


def test_the_pre_hook_refuses(example, upstream):
    language, gateway = example
    refused = post(gateway, "X-Block: 1")
    assert (refused.status, refused.body) == (403, f'{{\n    "error": "blocked by {language}"\n}}'.encode())
    assert not upstream.requests


def test_an_unknown_key_is_refused(example, upstream):
    _, gateway = example
    refused = post(gateway, "Authorization: guess")
    assert (refused.status, refused.body) == (401, b'{\n    "error": "unknown key"\n}')
    assert not upstream.requests


def test_a_hook_that_the_server_does_not_have_is_an_error(example, upstream):
    _, gateway = example
    assert gateway.get("/absent/").status == 500
