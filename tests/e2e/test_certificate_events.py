"""Certificates that end soon, or have ended: who is told, and how often."""
import json

import pytest

from support.gateway import classic, free_port
from support.tls import Authority
from support.upstream import Upstream
from support.wait import eventually


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ca"))
    for name, days in (("server", 60), ("soon", 6), ("late", -1), ("fresh", 300)):
        made.issue(name, "localhost", days=days)
    return made


@pytest.fixture
def receiver():
    server = Upstream()
    yield server
    server.stop()


def told(receiver):
    found = [json.loads(request.body) for request in receiver.requests]
    return sorted((one["event"], one["cert_name"], one["cert_role"], one.get("api_id", "")) for one in found)


def hooks(receiver):
    hook = {"handler_name": "eh_web_hook_handler", "handler_meta": {"method": "POST", "target_path": receiver.url}}
    return {"events": {name: [hook] for name in ("CertificateExpiringSoon", "CertificateExpired")}}


def test_the_gateway_is_told_of_every_use(new_gateway, redis, upstream, receiver, ca):
    conf = {**redis.conf(), "event_handlers": hooks(receiver), "disable_ports_whitelist": True}

    def pem(name):
        return str(ca.folder / f"{name}.pem")

    definitions = [
        classic("guarded", upstream.url, listen_port=free_port(), protocol="https", certificates=[pem("server")],
                use_mutual_tls_auth=True, client_certificates=[pem("late"), pem("fresh")]),
        classic("caller", "https://localhost:1/", upstream_certificates={"*": pem("soon")})]
    first = new_gateway(conf).write(*definitions).start()
    eventually(lambda: len(receiver.requests) == 2, "two events")
    assert told(receiver) == [("CertificateExpired", "late", "client", "guarded"),
                              ("CertificateExpiringSoon", "soon", "upstream", "caller")]
    days = {one["cert_name"]: one.get("days_remaining", one.get("days_since_expiry"))
            for one in (json.loads(request.body) for request in receiver.requests)}
    assert days["soon"] in (5, 6) and days["late"] in (0, 1)
    # Nobody is told again: not by reloads, not by another gateway on the same store.
    first.reload()
    second = new_gateway({**conf, "disable_ports_whitelist": True}).write(definitions[1]).start()
    second.reload()
    first.stop()
    second.stop()
    assert len(receiver.requests) == 2


def test_an_api_is_told_of_its_own(new_gateway, upstream, receiver, ca):
    mine = classic("mine", "https://localhost:1/", upstream_certificates={"*": str(ca.folder / "soon.pem")},
                   event_handlers=hooks(receiver))
    other = classic("other", "https://localhost:1/", upstream_certificates={"*": str(ca.folder / "late.pem")})
    gateway = new_gateway().write(mine, other).start()
    eventually(lambda: receiver.requests, "an event")
    gateway.stop()
    assert told(receiver) == [("CertificateExpiringSoon", "soon", "upstream", "mine")]


def test_the_threshold_is_a_setting(new_gateway, upstream, receiver, ca):
    monitor = {"security": {"certificate_expiry_monitor": {"warning_threshold_days": 100}}, "event_handlers": hooks(receiver)}
    definition = classic("caller", "https://localhost:1/", upstream_certificates={"*": str(ca.folder / "server.pem")})
    gateway = new_gateway(monitor).write(definition).start()
    eventually(lambda: receiver.requests, "an event")
    gateway.stop()
    assert told(receiver) == [("CertificateExpiringSoon", "server", "upstream", "caller")]
