"""Texts and codes that `override_messages` of tyk.conf replaces."""
import json

from support.gateway import classic, free_port
from support.tls import Authority, context, outcome


def error(answer):
    return answer.status, json.loads(answer.body)["error"]


def test_answers_are_those_of_the_configuration(new_gateway, upstream):
    gateway = new_gateway({"override_messages": {
        "auth.auth_field_missing": {"message": "Bring a \"key\"", "code": 407}, "auth.key_not_found": {"code": 404},
        "oauth.auth_field_missing": {"message": "No token"}, "oauth.auth_field_malformed": {"code": 422},
        "oauth.key_not_found": {"message": "Unknown", "code": 410}, "oauth.nothing": {"code": 400}}})
    gateway.write(classic("t", upstream.url, use_keyless=False), classic("o", upstream.url, use_keyless=False, use_oauth2=True)).start()
    assert error(gateway.get("/t/")) == (407, 'Bring a "key"')
    assert error(gateway.get("/t/", "Authorization: stranger")) == (404, "Access to this API has been disallowed")
    assert error(gateway.get("/o/")) == (400, "No token")
    assert error(gateway.get("/o/", "Authorization: Basic x")) == (422, "Bearer token malformed")
    assert error(gateway.get("/o/", "Authorization: Bearer x")) == (410, "Unknown")
    assert "/override_messages/oauth.nothing" in gateway.log() and "auth.cert_required" in gateway.log()


def test_certificates_have_messages_of_their_own(new_gateway, upstream, tmp_path):
    ca, port = Authority(tmp_path), free_port()
    for name, days in (("server", 30), ("client", 30), ("late", -1)):
        ca.issue(name, "localhost", days=days)
    gateway = new_gateway({"disable_ports_whitelist": True, "override_messages": {
        "auth.cert_required": {"message": "Show one", "code": 403}, "auth.cert_expired": {"message": "Too old", "code": 401},
        "auth.cert_mismatch": {"message": "Whose is that", "code": 402}}})
    gateway.write(classic("api", upstream.url, listen_port=port, protocol="https", certificates=[str(ca.folder / "server.pem")],
                          use_keyless=False, auth={"use_certificate": True})).start()
    gateway.reload()

    def asked(name=None):
        status, body = outcome(port, "/api/", "localhost", context(name and ca.folder / f"{name}.pem"))
        return status, json.loads(body)["error"]

    assert asked() == (403, "Show one")
    assert asked("late") == (401, "Too old")
    assert asked("client") == (402, "Whose is that")


def test_a_code_that_is_none_keeps_the_gateway_from_starting(new_gateway):
    gateway = new_gateway({"override_messages": {"auth.key_not_found": {"code": 99}}})
    gateway.spawn()
    assert gateway.process.wait(20) != 0
    gateway.process = None
    assert "/override_messages/auth.key_not_found/code" in gateway.log()
