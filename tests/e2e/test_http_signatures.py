"""HTTP signatures of RSA keys: of clients, checked with certificates of the store, and of the gateway to its upstreams."""
import base64
import json
import subprocess
from email.utils import formatdate
from urllib.parse import quote, unquote

import pytest

from support.gateway import classic, oas
from support.tls import Authority
from support.wait import eventually


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.issue("mobile", rsa=True)
    made.issue("other", rsa=True)
    made.issue("curve")
    return made


def signature(ca, name: str, text: str) -> str:
    made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"{name}.key"], cwd=ca.folder, input=text.encode(),
                          capture_output=True, check=True)
    return base64.b64encode(made.stdout).decode()


def signed(ca, name: str, target: str = "/s/x", key: str = "mobile", escape=lambda text: quote(text, safe="")):
    """Headers of a GET whose target and date are signed."""
    date = formatdate(usegmt=True)
    value = escape(signature(ca, name, f"(request-target): get {target}\ndate: {date}"))
    return (f"Date: {date}", f'Authorization: Signature keyId="{key}",algorithm="rsa-sha256",'
                             f'headers="(request-target) date",signature="{value}"')


def verified(ca, name: str, text: str, value: str) -> bool:
    (ca.folder / "signature.bin").write_bytes(base64.b64decode(unquote(value)))
    public = ca.openssl("x509", "-in", f"{name}.crt", "-pubkey", "-noout")
    (ca.folder / f"{name}.pub").write_text(public)
    return subprocess.run(["openssl", "dgst", "-sha256", "-verify", f"{name}.pub", "-signature", "signature.bin"],
                          cwd=ca.folder, input=text.encode(), capture_output=True).returncode == 0


def add(gateway, text: str) -> str:
    status, body = gateway.admin("/tyk/certs?org_id=default", "POST", text.encode())
    assert status == 200, body
    return json.loads(body)["id"]


def put_key(gateway, name: str, **session):
    rights = {"s": {"api_id": "s", "api_name": "s", "versions": ["Default"]}}
    status, text = gateway.admin(f"/tyk/keys/{name}", "POST", {
        "org_id": "default", "rate": 1000, "per": 60, "quota_max": -1, "access_rights": rights, **session})
    assert status == 200, text


def error(answer):
    # The template escapes apostrophes, which JSON does not know.
    return answer.status, json.loads(answer.body.replace(b"\\'", b"'"))["error"]


REFUSED = (400, "Authorization field missing, malformed or invalid")


def protected(kind: str, url: str) -> dict:
    if kind == "classic":
        return classic("s", url, use_keyless=False, enable_signature_checking=True, hmac_allowed_clock_skew=5000,
                       hmac_allowed_algorithms=["rsa-sha256"])
    api = oas("s", url)
    api["x-tyk-api-gateway"]["server"]["authentication"] = {"enabled": True, "hmac": {
        "enabled": True, "header": {"enabled": True, "name": "Authorization"}, "allowedAlgorithms": ["rsa-sha256"],
        "allowedClockSkew": 5000}}
    return api


@pytest.fixture(params=["embedded", "redis"])
def stored(request, new_gateway):
    """A gateway on either store."""
    return new_gateway(request.getfixturevalue("redis").conf() if request.param == "redis" else {})


@pytest.mark.parametrize("kind", ["classic", "oas"])
def test_clients_sign_with_the_key_of_a_certificate_in_the_store(stored, upstream, ca, kind):
    stored.write(protected(kind, upstream.url)).start()
    identity = add(stored, ca.certificate("mobile"))
    put_key(stored, "mobile", enable_http_signature_validation=True, rsa_certificate_id=identity)
    put_key(stored, "silent", rsa_certificate_id=identity)
    put_key(stored, "lost", enable_http_signature_validation=True, rsa_certificate_id="default" + "0" * 64)
    put_key(stored, "curve", enable_http_signature_validation=True, rsa_certificate_id=add(stored, ca.certificate("curve")))
    for _ in range(4):
        assert stored.get("/s/x", *signed(ca, "mobile")).status == 200
    assert stored.get("/s/x", *signed(ca, "mobile", escape=lambda text: text)).status == 200
    for headers in (signed(ca, "other"), signed(ca, "mobile", "/s/y"), signed(ca, "mobile", key="silent"),
                    signed(ca, "mobile", key="nobody")):
        assert error(stored.get("/s/x", *headers)) == REFUSED
    assert error(stored.get("/s/x", *signed(ca, "mobile", key="lost"))) == (500, "Certificate not found")
    assert error(stored.get("/s/x", *signed(ca, "mobile", key="curve"))) == \
        (500, "Certificate doesn't contain RSA Public key")
    assert stored.admin(f"/tyk/certs/{identity}", "DELETE")[0] == 200
    assert error(stored.get("/s/x", *signed(ca, "mobile"))) == (500, "Certificate not found")


def test_a_lone_public_key_in_the_store_will_do(new_gateway, upstream, ca):
    gateway = new_gateway().write(protected("classic", upstream.url)).start()
    identity = add(gateway, ca.openssl("x509", "-in", "mobile.crt", "-pubkey", "-noout"))
    put_key(gateway, "mobile", enable_http_signature_validation=True, rsa_certificate_id=identity)
    assert gateway.get("/s/x", *signed(ca, "mobile")).status == 200
    assert error(gateway.get("/s/x", *signed(ca, "other"))) == REFUSED


def signing(kind: str, url: str, certificate: str) -> dict:
    if kind == "classic":
        return classic("s", url, request_signing={
            "is_enabled": True, "key_id": "gateway", "algorithm": "rsa-sha256", "certificate_id": certificate,
            "header_list": ["X-One", "Date"], "signature_header": "X-Signature"})
    return oas("s", url, authentication={"enabled": True, "requestSigning": {
        "enabled": True, "keyId": "gateway", "algorithm": "rsa-sha256", "certificateId": certificate,
        "headers": ["X-One", "Date"], "signatureHeader": "X-Signature"}})


def shown(header: str) -> dict:
    return {part.split("=", 1)[0]: part.split("=", 1)[1].strip('"') for part in header.removeprefix("Signature ").split(",")}


@pytest.mark.parametrize("kind", ["classic", "oas"])
@pytest.mark.parametrize("place", ["store", "file"])
def test_the_gateway_signs_with_the_key_of_a_certificate(new_gateway, upstream, ca, kind, place):
    certificate = str(ca.folder / "mobile.pem") if place == "file" else "default" + ca.digest("mobile")
    gateway = new_gateway().write(signing(kind, upstream.url, certificate)).start()
    if place == "store":
        assert error(gateway.get("/s/x")) == (500, "Certificate not found")
        assert add(gateway, (ca.folder / "mobile.pem").read_text()) == certificate
    assert gateway.get("/s/x", "X-One: 1", "Date: today").status == 200
    fields = shown(upstream.requests[-1].header("X-Signature"))
    assert (fields["keyId"], fields["algorithm"], fields["headers"].lower()) == ("gateway", "rsa-sha256", "x-one date")
    assert verified(ca, "mobile", "x-one: 1\ndate: today", fields["signature"])
    assert not verified(ca, "other", "x-one: 1\ndate: today", fields["signature"])


def test_certificates_that_cannot_sign_are_told(new_gateway, upstream, ca):
    gateway = new_gateway().write(signing("classic", upstream.url, str(ca.folder / "curve.pem"))).start()
    assert error(gateway.get("/s/x")) == (500, "Certificate does not contain RSA private key")
    gateway.write(signing("classic", upstream.url, str(ca.folder / "mobile.crt")))
    gateway.reload()
    assert error(gateway.get("/s/x")) == (500, "Certificate not found")
    gateway.write(signing("classic", upstream.url, "/nowhere.pem"))
    assert "/nowhere.pem" in gateway.reload()
    assert error(gateway.get("/s/x")) == (500, "Certificate not found")
    gateway.write(signing("classic", upstream.url, str(ca.folder / "mobile.pem")))
    gateway.reload()
    eventually(lambda: gateway.get("/s/x").status == 200, "the API signs again")
