"""Certificates that the gateway shows its upstreams, and public keys that it holds them against."""
import json
import ssl

import pytest

from support.gateway import classic, oas
from support.tls import Authority
from support.upstream import Upstream, answer
from support.wait import eventually

PROBLEM = (500, "There was a problem proxying the request")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ca"))
    for name in ("server", "one", "two"):
        made.issue(name, "localhost")
    return made


class TlsUpstream(Upstream):
    """Asks for a certificate of the authority; answers with the common name that it was shown."""

    def __init__(self, ca, wants: bool = True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ca.folder / "server.pem")
        if wants:
            context.load_verify_locations(ca.file)
            context.verify_mode = ssl.CERT_REQUIRED
        super().__init__(context)
        self.on("/who", self.who)

    @staticmethod
    def who(connection, _):
        subject = dict(part[0] for part in (connection.socket.getpeercert() or {}).get("subject", ()))
        connection.send(answer(subject.get("commonName", "nobody").encode()))

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/"


@pytest.fixture
def strict(ca):
    server = TlsUpstream(ca)
    yield server
    server.stop()


@pytest.fixture
def open_to_all(ca):
    server = TlsUpstream(ca, wants=False)
    yield server
    server.stop()


@pytest.fixture
def made(new_gateway, ca):
    def make(*definitions, **conf):
        return new_gateway(conf, {"SSL_CERT_FILE": str(ca.file)}).write(*definitions).start()

    return make


def add(gateway, text: str) -> str:
    status, body = gateway.admin("/tyk/certs?org_id=default", "POST", text.encode())
    assert status == 200, body
    return json.loads(body)["id"]


def asked(gateway, path="/api/who"):
    reply = gateway.get(path)
    return reply.body.decode() if reply.status == 200 else (reply.status, json.loads(reply.body)["error"])


def pem(ca, name: str) -> str:
    return (ca.folder / f"{name}.pem").read_text()


def key_digest(ca, name: str) -> str:
    """SHA-256 of a public key."""
    ca.openssl("x509", "-in", f"{name}.crt", "-pubkey", "-noout", "-out", f"{name}.pub")
    ca.openssl("pkey", "-pubin", "-in", f"{name}.pub", "-outform", "DER", "-out", f"{name}.der")
    return ca.openssl("dgst", "-sha256", "-r", f"{name}.der").split()[0]


# --- certificates of the gateway

def mutual(kind: str, url: str, domain: str, certificate: str) -> dict:
    if kind == "classic":
        return classic("api", url, upstream_certificates={domain: certificate})
    return oas("api", url, mutualTLS={"enabled": True, "domainToCertificateMapping": [
        {"domain": domain, "certificate": certificate}]})


@pytest.mark.parametrize("kind", ["classic", "oas"])
def test_a_certificate_of_the_store_is_shown(made, strict, ca, kind):
    gateway = made(mutual(kind, strict.url, "*", "default" + ca.digest("one")))
    assert asked(gateway) == PROBLEM and strict.requests == []
    gateway.wait_for_log("the client certificate default")
    identity = add(gateway, pem(ca, "one"))
    assert [asked(gateway) for _ in range(3)] == ["one"] * 3
    assert gateway.admin(f"/tyk/certs/{identity}", "DELETE")[0] == 200
    strict.close_idle()
    eventually(lambda: asked(gateway) == PROBLEM, "it is shown no more")


def test_files_are_shown_and_read_again_at_a_reload(made, strict, ca, tmp_path):
    file = tmp_path / "current.pem"
    file.write_text(pem(ca, "one"))
    gateway = made(mutual("classic", strict.url, f"localhost:{strict.port}", str(file)))
    assert asked(gateway) == "one"
    file.write_text(pem(ca, "two"))
    gateway.reload()
    strict.close_idle()
    eventually(lambda: asked(gateway) == "two", "the other one is shown")


def test_each_target_gets_its_own(made, ca):
    servers = [TlsUpstream(ca) for _ in range(2)]
    hosts = {f"localhost:{server.port}": str(ca.folder / f"{name}.pem") for server, name in zip(servers, ("one", "two"))}
    definition = classic("api", servers[0].url, upstream_certificates=hosts, proxy={
        "enable_load_balancing": True, "target_list": [server.url for server in servers]})
    gateway = made(definition)
    assert sorted(asked(gateway) for _ in range(4)) == ["one", "one", "two", "two"]
    for server in servers:
        server.stop()


def test_rewritten_urls_get_that_of_their_host(made, strict, open_to_all, ca):
    rewrite = {"path": "/there", "method": "GET", "match_pattern": "/there", "rewrite_to": strict.url + "who"}
    definition = classic("api", open_to_all.url, upstream_certificates={f"localhost:{strict.port}": str(ca.folder / "two.pem")},
                         version_data={"not_versioned": True, "versions": {"Default": {
                             "name": "Default", "use_extended_paths": True, "extended_paths": {"url_rewrites": [rewrite]}}}})
    gateway = made(definition)
    assert [asked(gateway, "/api/there") for _ in range(2)] == ["two"] * 2
    assert asked(gateway) == "nobody"


def test_the_gateways_own_serve_where_a_definition_says_nothing(made, strict, ca):
    general = {"security": {"certificates": {"upstream": {"*": str(ca.folder / "one.pem")}}}}
    own = {"upstream_certificates": {"localhost": str(ca.folder / "two.pem")}}
    gateway = made(classic("api", strict.url), classic("own", strict.url, **own),
                   classic("off", strict.url, upstream_certificates_disabled=True, **own), oas("oas", strict.url), **general)
    assert [asked(gateway, f"/{api}/who") for api in ("api", "own", "off", "oas")] == ["one", "two", "one", "one"]


def test_a_reload_with_another_certificate_fails_nobody(made, strict, ca):
    gateway = made(mutual("classic", strict.url, "*", str(ca.folder / "one.pem")))
    identity = add(gateway, pem(ca, "two"))
    assert asked(gateway) == "one"
    for certificate, name in ((identity, "two"), (str(ca.folder / "one.pem"), "one"), (identity, "two")):
        gateway.write(mutual("classic", strict.url, "*", certificate))
        gateway.reload()
        assert asked(gateway) == name


def test_files_that_are_no_certificates_are_load_errors(made, open_to_all, ca, tmp_path):
    (tmp_path / "junk.pem").write_text("junk")
    gateway = made(mutual("classic", open_to_all.url, "*", str(tmp_path / "junk.pem")))
    assert gateway.get("/api/who").status == 404
    assert "junk.pem" in gateway.log() and "/upstream_certificates" in gateway.log()
    gateway.write(mutual("classic", open_to_all.url, "*", str(ca.folder / "one.crt")))
    assert "no key" in gateway.reload() or "no key" in gateway.log()


# --- keys of upstreams

def pinned(kind: str, url: str, *keys: str, domain: str = "*", enabled: bool = True) -> dict:
    if kind == "classic":
        return classic("api", url, pinned_public_keys={domain: ",".join(keys)}, certificate_pinning_disabled=not enabled)
    return oas("api", url, certificatePinning={"enabled": enabled, "domainToPublicKeysMapping": [
        {"domain": domain, "publicKeys": list(keys)}]})


@pytest.mark.parametrize("kind", ["classic", "oas"])
def test_only_upstreams_with_a_pinned_key_are_asked(made, open_to_all, ca, kind):
    wrong, right = key_digest(ca, "one"), key_digest(ca, "server")
    gateway = made(pinned(kind, open_to_all.url, wrong))
    assert asked(gateway) == PROBLEM
    gateway.wait_for_log("public key pinning")
    assert open_to_all.received == b"", "not a byte of the request went out"
    for keys, domain, enabled in (((wrong, right), "*", True), ((right.upper(),), "localhost", True),
                                  ((wrong,), "elsewhere", True), ((wrong,), "*", False)):
        gateway.write(pinned(kind, open_to_all.url, *keys, domain=domain, enabled=enabled))
        gateway.reload()
        assert asked(gateway) == "nobody", (keys, domain)


def test_keys_are_named_by_the_store_and_by_files(made, open_to_all, ca):
    digest = key_digest(ca, "server")
    gateway = made(pinned("classic", open_to_all.url, "default" + ca.digest("server")))
    assert asked(gateway) == PROBLEM
    certificate, key = add(gateway, ca.certificate("server")), add(gateway, (ca.folder / "server.pub").read_text())
    assert key == "default" + digest and asked(gateway) == "nobody"
    for name in (key, str(ca.folder / "server.pub"), str(ca.folder / "server.crt"), certificate):
        gateway.write(pinned("classic", open_to_all.url, name))
        gateway.reload()
        assert asked(gateway) == "nobody", name
    gateway.write(pinned("classic", open_to_all.url, add(gateway, ca.certificate("one"))))
    gateway.reload()
    assert asked(gateway) == PROBLEM


def test_keys_of_the_configuration_hold_for_every_api(made, open_to_all, ca):
    wrong, right = key_digest(ca, "one"), key_digest(ca, "server")
    own = {**pinned("classic", open_to_all.url, right), "name": "own", "api_id": "own"}
    own["proxy"] = {**own["proxy"], "listen_path": "/own/"}
    off = classic("off", open_to_all.url, certificate_pinning_disabled=True)
    gateway = made(classic("api", open_to_all.url), own, off, security={"pinned_public_keys": {"localhost": wrong}})
    assert [asked(gateway, f"/{api}/who") for api in ("api", "own", "off")] == [PROBLEM, "nobody", PROBLEM]


def test_pinned_and_other_connections_are_not_shared(made, open_to_all, ca):
    lax = classic("lax", open_to_all.url)
    gateway = made(lax, pinned("classic", open_to_all.url, key_digest(ca, "one")), workers=1)
    assert asked(gateway, "/lax/who") == "nobody"
    assert asked(gateway) == PROBLEM
