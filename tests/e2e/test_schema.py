"""The JSON schema of OAS definitions: a valid one, and of one mind with the loader."""
import copy
import json
import re
import subprocess

import jsonschema
import pytest

from support.gateway import BINARY, ROOT
from support.schema import EXTENSION, problems, schema


def documents(value):
    """The OAS documents anywhere in a test case."""
    if isinstance(value, dict):
        if EXTENSION in value and "openapi" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from documents(entry)


CASES = sorted(ROOT.glob("tests/conformance/cases/*/*/case.json"))
MARK = re.compile(r"\$\{\w+\}")  # what the runner puts an address for


def recorded():
    for path in CASES:
        for number, document in enumerate(documents(json.loads(MARK.sub("127.0.0.1:1", path.read_text())))):
            yield f"{path.parent.name}-{number}", document


def loads(document, folder) -> bool:
    path = folder / "api.json"
    path.write_text(json.dumps(document))
    return subprocess.run([BINARY, "lint", path], capture_output=True, timeout=60).returncode == 0


def answer(gateway, query: str):
    status, text = gateway.admin("/tyk/schema" + query)
    return status, json.loads(text)


def test_the_gateway_has_a_schema_for_each_version_of_openapi(gateway):
    for query, version in (("", "3.1"), ("?oasVersion=", "3.1"), ("?oasVersion=3.0", "3.0"), ("?oasVersion=3.0.3", "3.0"),
                           ("?oasVersion=3.1.0", "3.1"), ("?oasVersion=3", "3.0")):
        status, body = answer(gateway, query)
        assert (status, body["status"], body["message"]) == (200, "Success", ""), query
        assert body["schema"] == schema(version), query
        jsonschema.Draft7Validator.check_schema(body["schema"])


@pytest.mark.parametrize("version, shown", [("2.0", "2.0"), ("3.2", "3.2"), ("%22x%3Cb%3E", '"x<b>'), ("3.0.x", "3.0.x")])
def test_other_versions_have_none(gateway, version, shown):
    status, body = answer(gateway, f"?oasVersion={version}")
    assert status == 404
    assert body == {"status": "Failed", "message": f'Schema not found for version "{shown}"'}


def test_the_schema_needs_the_secret(gateway):
    assert gateway.admin("/tyk/schema", secret="wrong")[0] == 403
    assert gateway.admin("/tyk/schema", method="POST")[0] == 405


def test_what_the_gateway_loads_is_valid(tmp_path):
    loaded = 0
    for name, document in recorded():
        if loads(document, tmp_path):
            loaded += 1
            assert not problems(document), name
    assert loaded > 25


def rich() -> dict:
    """A document with something in every part of the extension."""
    plugin = {"enabled": True, "functionName": "f", "path": "f.js", "rawBodyOnly": False, "requireSession": False,
              "driver": "otto", "timeoutMs": 100, "onError": "fail"}
    headers = {"enabled": True, "remove": ["X-Old"], "add": [{"name": "X-New", "value": "1"}]}
    return {
        "openapi": "3.0.3", "info": {"title": "rich", "version": "1"}, "servers": [{"url": "http://x/"}],
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": "ok"}}}}},
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Authorization"}}},
        "security": [{"key": []}],
        EXTENSION: {
            "info": {"id": "rich", "name": "rich", "orgId": "default", "state": {"active": True, "internal": False}},
            "server": {
                "listenPath": {"value": "/rich/", "strip": True}, "ipAccessControl": {"enabled": True, "allow": ["10.0.0.1"]},
                "customDomain": {"enabled": False, "name": "example.com"}, "detailedActivityLogs": {"enabled": True},
                "eventHandlers": [{"enabled": True, "trigger": "QuotaExceeded", "type": "log", "logPrefix": "quota"}],
                "authentication": {"enabled": True, "stripAuthorizationData": True, "securitySchemes": {
                    "key": {"enabled": True, "header": {"enabled": True, "name": "Authorization"}}},
                    "customKeyLifetime": {"enabled": True, "value": "1h", "respectValidity": True}}},
            "upstream": {
                "url": "http://127.0.0.1:1/", "rateLimit": {"enabled": True, "rate": 10, "per": "1m30s"},
                "loadBalancing": {"enabled": True, "targets": [{"url": "http://127.0.0.1:1/", "weight": 2}]},
                "tlsTransport": {"insecureSkipVerify": True, "minVersion": "1.2", "ciphers": []},
                "enforceTimeout": {"enabled": True, "duration": "5s"}},
            "middleware": {
                "global": {
                    "cors": {"enabled": True, "maxAge": 60, "allowedOrigins": ["*"]}, "prePlugins": [plugin],
                    "transformRequestHeaders": headers, "contextVariables": {"enabled": True},
                    "trafficLogs": {"enabled": True, "tagHeaders": ["X-A"]}, "requestSizeLimit": {"enabled": True, "value": 100}},
                "operations": {"a": {
                    "allow": {"enabled": True, "ignoreCase": True}, "transformResponseHeaders": headers,
                    "rateLimit": {"enabled": True, "rate": 5, "per": "1s"},
                    "urlRewrite": {"enabled": True, "pattern": "a", "rewriteTo": "b"}}}}}}


def wrong_types(value, place=()):
    """(place, value of another type) for everything in a document."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from wrong_types(entry, (*place, name))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from wrong_types(entry, (*place, number))
    yield place, (7.5 if isinstance(value, (str, list, dict, bool)) else "seven")


def changed(document: dict, place: tuple, value) -> dict:
    document = copy.deepcopy(document)
    at = document
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    return document


def test_wrong_types_are_invalid_where_the_loader_refuses_them(tmp_path):
    good = rich()
    assert not problems(good)
    assert loads(good, tmp_path)
    tried = list(wrong_types(good[EXTENSION], (EXTENSION,)))
    assert len(tried) > 100
    for number, (place, value) in enumerate(tried):
        bad = changed(good, place, value)
        assert problems(bad), place
        if number % 8 == 0:  # a process each
            assert not loads(bad, tmp_path), place


@pytest.mark.parametrize("place, value", [
    ((EXTENSION, "server", "port"), 70000), ((EXTENSION, "server", "protocol"), "gopher"),
    ((EXTENSION, "upstream", "tlsTransport", "minVersion"), "9"), ((EXTENSION, "upstream", "rateLimit", "per"), "soon"),
    ((EXTENSION, "info", "name"), "  "), ((EXTENSION, "info", "state"), {}), ((EXTENSION, "upstream"), {}),
    ((EXTENSION, "server", "listenPath"), {"strip": True}), (("openapi",), "2.0"), (("paths",), []),
    ((EXTENSION, "info", "versioning"), {"enabled": True, "location": "header"}),
    ((EXTENSION, "server", "eventHandlers"), [{"trigger": "QuotaExceeded", "type": "fax"}]),
    ((EXTENSION, "middleware", "operations", "a", "circuitBreaker"), {"enabled": True, "threshold": 2})])
def test_values_that_mean_nothing_are_invalid(place, value):
    assert problems(changed(rich(), place, value))


@pytest.mark.parametrize("name", ["info", "server", "upstream"])
def test_what_has_to_be_there_is_missed(name):
    document = rich()
    del document[EXTENSION][name]
    assert any(f"'{name}' is a required property" in problem for problem in problems(document))
