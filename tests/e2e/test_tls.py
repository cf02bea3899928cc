"""TLS on listeners: real clients, certificates by name, client certificates, the certificate store, reload."""
import asyncio
import concurrent.futures
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
import websockets

from support.client import Client
from support.gateway import SANITIZED, classic, free_port, oas
from support.tls import Authority, TlsClient, context, outcome
from support.upstream import answer
from support.wait import SLOW, eventually
from test_websocket import EchoServer


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.issue("server", "localhost")
    made.issue("other", "other.example", "*.wild.example")
    made.issue("client")
    made.issue("stranger")
    return made


def https(name: str, target: str, port: int, certificate, **changes) -> dict:
    """A definition on a TLS port of its own."""
    return classic(name, target, listen_port=port, protocol="https", certificates=[str(certificate)], **changes)


def server_files(ca, name: str, domain: str = "") -> dict:
    return {"domain_name": domain, "cert_file": str(ca.folder / f"{name}.crt"), "key_file": str(ca.folder / f"{name}.key")}


@pytest.fixture(scope="module")
def secure(tmp_path_factory, upstream, ca):
    """A gateway whose own listener speaks TLS."""
    from support.gateway import Gateway
    made = Gateway(tmp_path_factory.mktemp("gateway"), {"http_server_options": {
        "use_ssl": True, "certificates": [server_files(ca, "server"), server_files(ca, "other", "named.example")],
        "enable_websockets": True}})
    made.write(classic("api", upstream.url)).start()
    yield made
    made.stop()


@pytest.fixture
def own_port(new_gateway):
    """A plain gateway whose APIs may open ports."""
    return new_gateway({"disable_ports_whitelist": True})


def curl(*arguments: str):
    done = subprocess.run(["curl", "-s", "-m", "10", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout


# --- the listener

def test_curl_checks_the_certificate_and_gets_an_answer(secure, ca):
    code, text = curl("--cacert", str(ca.file), "-w", " %{http_code} %{http_version}", f"https://localhost:{secure.port}/api/x")
    assert (code, text) == (0, "ok 200 1.1")


def test_the_control_api_is_behind_tls_too(secure):
    assert secure.admin("/tyk/apis")[0] == 200
    with Client(secure.port) as plain:
        plain.send(b"GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
        assert plain.rest() == b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


@pytest.mark.parametrize("name, shown", [("localhost", "server"), ("other.example", "other"), ("a.wild.example", "other"),
                                         ("a.b.wild.example", "server"), ("named.example", "other"), ("unknown.example", "server")])
def test_the_name_a_client_asks_for_chooses_the_certificate(secure, name, shown):
    with TlsClient(secure.port, name) as client:
        assert client.peer_name() == shown
        assert client.get("/api/").status == 200


def test_pipelined_requests_are_answered_in_order(secure, upstream):
    upstream.on("/one", lambda conn, request: conn.send(answer(b"1")))
    upstream.on("/two", lambda conn, request: conn.send(answer(b"2")))
    with TlsClient(secure.port) as client:
        client.send(b"".join(b"GET /api/%s HTTP/1.1\r\nHost: h\r\n\r\n" % name for name in (b"one", b"two") * 20))
        assert [client.response().body for _ in range(40)] == [b"1", b"2"] * 20


def test_a_request_in_single_bytes_and_records(secure):
    with TlsClient(secure.port) as client:
        for byte in b"GET /api/slow HTTP/1.1\r\nHost: h\r\n\r\n":
            client.send(bytes([byte]))
        assert client.response().status == 200


def test_large_bodies_go_both_ways(secure, upstream):
    body = os.urandom(3_000_000)
    upstream.on("/echo", lambda conn, request: conn.send(answer(request.body)))
    with TlsClient(secure.port) as client:
        for _ in range(3):
            assert client.request("POST", "/api/echo", body=body).response().body == body


def test_a_slow_reader_gets_all_of_a_large_answer(secure, upstream):
    body = os.urandom(6_000_000)
    upstream.on("/big", lambda conn, request: conn.send(answer(body)))
    with TlsClient(secure.port, receive_buffer=4096) as client:
        client.request("GET", "/api/big")
        assert client.response().body == body


def test_a_client_that_waits_for_100_continue(secure, upstream):
    with TlsClient(secure.port) as client:
        client.send(b"POST /api/ HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.response(interim=True).status == 100
        assert client.send(b"abc").response().status == 200
    assert upstream.requests[-1].body == b"abc"


def test_an_answer_that_ends_with_the_connection_ends_properly(secure, upstream):
    def until_close(conn, request):
        conn.send(b"HTTP/1.0 200 OK\r\n\r\nwhole")
        conn.close()
    upstream.on("/old", until_close)
    with TlsClient(secure.port) as client:
        client.send(b"GET /api/old HTTP/1.0\r\nHost: h\r\n\r\n")
        assert client.response().body == b"whole"


def test_an_answer_that_breaks_off_does_not_end_properly(secure, upstream):
    def broken(conn, request):
        conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
        conn.reset()
    upstream.on("/broken", broken)
    with TlsClient(secure.port) as client:
        client.send(b"GET /api/broken HTTP/1.0\r\nHost: h\r\n\r\n")
        client.head()
        with pytest.raises((ssl.SSLError, AssertionError, OSError)):
            client.rest()


def test_web_sockets(secure):
    echo = EchoServer()
    secure.write(classic("ws", f"http://127.0.0.1:{echo.port}/"))
    secure.reload()

    async def talk():
        async with websockets.connect(f"wss://localhost:{secure.port}/ws/", ssl=context(), max_size=None) as channel:
            for size in (1, 1000, 200_000):
                message = os.urandom(size)
                await channel.send(message)
                assert await channel.recv() == message
    asyncio.run(talk())
    echo.stop()


# --- versions, suites, resumption

def handshake(port: int, **settings):
    with TlsClient(port, tls=context(**settings)) as client:
        return client.socket.version(), client.socket.cipher()[0]


def test_old_versions_are_refused(secure):
    assert handshake(secure.port, maximum_version=ssl.TLSVersion.TLSv1_2)[0] == "TLSv1.2"
    assert handshake(secure.port)[0] == "TLSv1.3"
    old = context(minimum_version=ssl.TLSVersion.TLSv1)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        TlsClient(secure.port, tls=old)


def test_versions_and_suites_are_configured(new_gateway, upstream, ca):
    gateway = new_gateway({"http_server_options": {
        "use_ssl": True, "certificates": [server_files(ca, "server")], "min_version": 770, "max_version": 771,
        "ssl_ciphers": ["tls_ecdhe_ecdsa_with_aes_128_gcm_sha256", "TLS_NO_SUCH_SUITE"]}})
    gateway.write(classic("api", upstream.url)).start()
    assert handshake(gateway.port) == ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256")
    gateway.wait_for_log("no such cipher suite: TLS_NO_SUCH_SUITE")


def test_http2_is_not_offered(secure):
    tls = context()
    tls.set_alpn_protocols(["h2", "http/1.1"])
    with TlsClient(secure.port, tls=tls) as client:
        assert client.socket.selected_alpn_protocol() == "http/1.1"
    tls.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError):
        TlsClient(secure.port, tls=tls)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_clients_come_back_without_a_full_handshake(secure, version):
    tls = context(maximum_version=version)
    with TlsClient(secure.port, tls=tls) as first:
        first.get("/api/")
        session = first.socket.session
    secure.reload()  # new contexts, the same ticket keys
    resumed = 0
    for _ in range(6):  # whichever worker takes it
        with TlsClient(secure.port, tls=tls, session=session) as again:
            assert again.get("/api/").status == 200
            resumed += again.socket.session_reused
            session = again.socket.session
    assert resumed == 6
    with TlsClient(secure.port, "other.example", tls=tls, session=session) as elsewhere:
        assert not elsewhere.socket.session_reused


def test_renegotiation_is_refused(secure):
    process = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{secure.port}", "-tls1_2", "-legacy_renegotiation"],
                             input="R\nGET /api/ HTTP/1.0\r\n\r\n", capture_output=True, text=True, timeout=30)
    assert "no renegotiation" in process.stderr


# --- bad clients

def test_silent_and_slow_clients_hold_nobody_up(secure):
    silent = [socket.create_connection(("127.0.0.1", secure.port)) for _ in range(50)]
    for sock in silent[:25]:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a hello
    began = time.monotonic()
    assert outcome(secure.port, "/api/")[0] == 200
    assert time.monotonic() - began < 3 * SLOW
    for sock in silent:
        sock.close()


@pytest.mark.slow
def test_a_handshake_has_to_end(secure):
    with socket.create_connection(("127.0.0.1", secure.port)) as sock:
        sock.settimeout(20 * SLOW)
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert sock.recv(1) == b""


@pytest.mark.parametrize("garbage", [b"\x00" * 64, b"\x16\x03\x01\xff\xff" + b"\x01" * 70000, os.urandom(5000), b"SSH-2.0-x\r\n",
                                     b"\x16\x03\x01\x00\x04\x01\xff\xff\xff"])
def test_garbage_instead_of_a_hello(secure, garbage):
    with socket.create_connection(("127.0.0.1", secure.port)) as sock:
        sock.settimeout(15 * SLOW)
        try:
            sock.sendall(garbage)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(4096):
                pass
        except OSError:
            pass
    assert outcome(secure.port, "/api/")[0] == 200


@pytest.mark.slow
def test_thousands_of_handshakes_leak_nothing(secure):
    def descriptors():
        return len(os.listdir(f"/proc/{secure.process.pid}/fd"))

    def many(count):
        for number in range(count):
            sock = socket.create_connection(("127.0.0.1", secure.port))
            if number % 7 == 0:
                sock.sendall(b"\x16\x03\x01")
                sock.close()
                continue
            with context().wrap_socket(sock, server_hostname="localhost") as tls:
                if number % 3 == 0:
                    tls.sendall(b"GET /api/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                    while tls.recv(4096):
                        pass

    def run(count):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(many, count // 4) for _ in range(4)]:
                done.result()

    run(400)
    eventually(lambda: descriptors() < 60, "connections are gone")
    before, memory = descriptors(), secure.rss_kb()
    run(2000)
    eventually(lambda: descriptors() <= before + 8, "connections are gone")
    if not SANITIZED:
        assert secure.rss_kb() < memory + 20_000


# --- settings and definitions that do not go

@pytest.mark.parametrize("options, text", [
    ({"certificates": [{"domain_name": "", "cert_file": "/no/such.crt", "key_file": "/no/such.key"}]}, "cannot read /no/such.crt"),
    ({"min_version": 772, "max_version": 771}, "min_version"), ({"min_version": 3}, "769, 770, 771 or 772"),
    ({"ssl_certificates": ["KEYLESS"]}, "without a private key"), ({"certificates": [{"cert_file": "x"}]}, "cert_file and key_file")])
def test_what_cannot_work_is_told_at_start(new_gateway, ca, options, text):
    options = json.loads(json.dumps(options).replace("KEYLESS", str(ca.folder / "server.crt")))
    gateway = new_gateway({"http_server_options": {"use_ssl": True, **options}}).spawn()
    assert gateway.process.wait(20 * SLOW) != 0
    gateway.process = None
    assert text in gateway.log()


def test_a_key_that_does_not_fit_is_told_at_start(new_gateway, ca):
    files = {**server_files(ca, "server"), "key_file": str(ca.folder / "other.key")}
    gateway = new_gateway({"http_server_options": {"use_ssl": True, "certificates": [files]}}).spawn()
    assert gateway.process.wait(20 * SLOW) != 0
    gateway.process = None
    assert "private key does not fit" in gateway.log()


def test_ports_of_apis(new_gateway, upstream, ca):
    open_port, ranged, closed, plain = (free_port() for _ in range(4))
    gateway = new_gateway({"ports_whitelist": {"https": {"ports": [open_port], "ranges": [{"from": ranged, "to": ranged}]},
                                               "http": {"ports": [plain]}}})
    gateway.write(https("a", upstream.url, open_port, ca.folder / "server.pem"), https("b", upstream.url, ranged, ca.folder / "server.pem"),
                  https("c", upstream.url, closed, ca.folder / "server.pem"), classic("d", upstream.url, listen_port=plain, protocol="http"),
                  classic("e", upstream.url, protocol="https"), classic("f", upstream.url, listen_port=open_port, protocol="http"))
    gateway.start()
    gateway.reload()
    assert outcome(open_port, "/a/")[0] == 200
    assert outcome(open_port, "/b/")[0] == 404
    assert outcome(ranged, "/b/")[0] == 200
    assert outcome(closed, "/c/") == "refused"
    with Client(plain) as client:
        assert client.get("/d/").status == 200
        assert client.get("/a/").status == 404
    assert [gateway.get(f"/{name}/").status for name in "abcdef"] == [404] * 6
    assert "trying to open disabled port" in gateway.log()
    problems = json.dumps(gateway.hello())
    for name in ("c.json", "e.json", "f.json"):
        assert name in problems


def test_a_port_is_opened_and_closed_by_reloads(own_port, upstream, ca):
    port = free_port()
    own_port.write(classic("api", upstream.url)).start()
    assert outcome(port, "/late/") == "refused"
    own_port.write(https("late", upstream.url, port, ca.folder / "server.pem"))
    own_port.reload()
    kept = TlsClient(port)
    assert kept.get("/late/").status == 200
    (own_port.apps / "late.json").unlink()
    own_port.reload()
    assert outcome(port, "/late/") == "refused"
    assert kept.get("/late/").status == 404
    kept.close()


def test_a_port_that_is_taken_costs_its_own_apis_alone(own_port, upstream, ca):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        own_port.write(https("api", upstream.url, port, ca.folder / "server.pem"), classic("well", upstream.url)).start()
        assert "cannot listen on" in own_port.reload()
        assert own_port.get("/well/").status == 200
    own_port.reload()
    assert outcome(port, "/api/")[0] == 200


# --- reload

def test_reloads_under_load_fail_no_request(new_gateway, upstream, ca, tmp_path):
    for kind in ("crt", "key"):
        (tmp_path / f"s.{kind}").write_text((ca.folder / f"server.{kind}").read_text())
    gateway = new_gateway({"http_server_options": {"use_ssl": True, "certificates": [
        {"domain_name": "", "cert_file": str(tmp_path / "s.crt"), "key_file": str(tmp_path / "s.key")}]}})
    gateway.write(classic("api", upstream.url)).start()
    stop, failures, counts = threading.Event(), [], [0]

    def load(keep):
        try:
            client = TlsClient(gateway.port) if keep else None
            while not stop.is_set():
                if not keep:
                    client = TlsClient(gateway.port)
                assert client.get("/api/").status == 200
                counts[0] += 1
                if not keep:
                    client.close()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=load, args=(keep,)) for keep in (True, True, False, False)]
    for thread in threads:
        thread.start()
    old = TlsClient(gateway.port)
    assert old.peer_name() == "server"
    for name in ("other", "server", "other"):
        for kind in ("crt", "key"):
            (tmp_path / f"s.{kind}").write_text((ca.folder / f"{name}.{kind}").read_text())
        gateway.process.send_signal(signal.SIGHUP)
        gateway.reload()
        with TlsClient(gateway.port) as client:
            assert client.peer_name() == name
    (tmp_path / "s.crt").write_text("nothing")
    assert "s.crt" in gateway.reload()
    with TlsClient(gateway.port) as client:
        assert client.peer_name() == "other", "what was there serves on"
    assert old.get("/api/").status == 200
    stop.set()
    for thread in threads:
        thread.join()
    old.close()
    assert not failures and counts[0] > 20


# --- the certificate store

def add(gateway, text: str):
    status, body = gateway.admin("/tyk/certs?org_id=default", "POST", text.encode())
    assert status == 200, body
    return json.loads(body)["id"]


def test_a_server_certificate_of_the_store_serves_at_once(own_port, upstream, ca):
    port = free_port()
    digest = ca.digest("server")
    own_port.write(https("api", upstream.url, port, "default" + digest)).start()
    own_port.reload()
    assert outcome(port, "/api/") == "refused"
    assert add(own_port, (ca.folder / "server.pem").read_text()) == "default" + digest
    with TlsClient(port) as client:
        assert client.peer_name() == "server"
        assert client.get("/api/").status == 200
        assert own_port.admin(f"/tyk/certs/default{digest}", "DELETE")[0] == 200
        assert client.get("/api/").status == 200, "open connections stay"
    assert outcome(port, "/api/") == "refused"


def test_private_keys_are_encrypted_in_the_store(new_gateway, ca):
    import sqlite3
    gateway = new_gateway().start()
    add(gateway, (ca.folder / "server.pem").read_text())
    gateway.stop()
    with sqlite3.connect(gateway.work / "keys.db") as store:
        text = "\n".join(map(str, store.iterdump()))
    assert "PRIVATE KEY" not in text or "ENCRYPTED PRIVATE KEY" in text
    assert ca.key("server").splitlines()[1] not in text


@pytest.mark.parametrize("text, message", [
    ("junk", "Failed to decode certificate. It should be PEM encoded."),
    ("KEY KEY CERT", "Found multiple private keys"), ("CERT PUBLIC", "Public keys can't be combined with certificates"),
    ("OTHERKEY CERT", "private key does not match public key"), ("EXPIRED", "certificate is expired")])
def test_uploads_that_are_refused(gateway, ca, text, message):
    ca.issue("expired", days=-1)
    public = ca.openssl("x509", "-in", "server.crt", "-pubkey", "-noout")
    parts = {"KEY": ca.key("server"), "CERT": ca.certificate("server"), "OTHERKEY": ca.key("other"), "PUBLIC": public,
             "EXPIRED": ca.certificate("expired")}
    status, body = gateway.admin("/tyk/certs?org_id=x", "POST", "".join(parts.get(word, word) for word in text.split()).encode())
    assert status == 403 and message in json.loads(body)["message"]


# --- client certificates

def test_allowed_clients(own_port, upstream, ca):
    port = free_port()
    own_port.write(https("api", upstream.url, port, ca.folder / "server.pem", use_mutual_tls_auth=True,
                         client_certificates=["default" + ca.digest("client")])).start()
    show = context(ca.folder / "client.pem")
    assert outcome(port, "/api/", tls=show) == "refused", "it is not in the store yet"
    add(own_port, ca.certificate("client"))
    assert outcome(port, "/api/", tls=show) == (200, "ok")
    assert outcome(port, "/api/", tls=context(ca.folder / "stranger.pem")) == "refused"
    assert outcome(port, "/api/") == "refused"


def test_where_others_are_served_too_the_api_judges(own_port, upstream, ca, tmp_path):
    port = free_port()
    foreign = Authority(tmp_path / "foreign", "foreign ca")
    foreign.issue("client")
    ca.issue("late", days=-1)
    own_port.write(
        https("api", upstream.url, port, ca.folder / "server.pem", use_mutual_tls_auth=True,
              client_certificates=[str(ca.folder / "client.crt"), str(ca.folder / "late.crt"), "missing"]),
        https("ca", upstream.url, port, ca.folder / "server.pem", use_mutual_tls_auth=True, client_certificates=[str(ca.file)]),
        https("free", upstream.url, port, ca.folder / "server.pem"), classic("plain", upstream.url, use_mutual_tls_auth=True)).start()
    own_port.reload()

    def asked(target, tls=None):
        status, body = outcome(port, target, tls=tls)
        return status if status == 200 else (status, json.loads(body)["error"])

    assert asked("/api/", context(ca.folder / "client.pem")) == 200
    assert asked("/ca/", context(ca.folder / "stranger.pem")) == 200
    assert asked("/free/") == asked("/free/", context(foreign.folder / "client.pem")) == 200
    assert asked("/api/") == asked("/ca/") == (403, "Client TLS certificate is required")
    assert asked("/api/", context(ca.folder / "stranger.pem")) == (403, f"Certificate with SHA256 {ca.digest('stranger')} not allowed")
    assert asked("/ca/", context(foreign.folder / "client.pem")) == (403, f"Certificate with SHA256 {foreign.digest('client')} not allowed")
    assert asked("/api/", context(ca.folder / "late.pem")) == (403, "Certificate has expired")
    assert json.loads(own_port.get("/plain/").body)["error"] == "TLS not enabled"


def test_a_certificate_that_is_taken_away_ends_access_on_open_connections(own_port, upstream, ca):
    port = free_port()
    own_port.write(https("api", upstream.url, port, ca.folder / "server.pem", use_mutual_tls_auth=True,
                         client_certificates=["default" + ca.digest("client")]),
                   https("free", upstream.url, port, ca.folder / "server.pem")).start()
    identity = add(own_port, ca.certificate("client"))
    with TlsClient(port, tls=context(ca.folder / "client.pem")) as client:
        assert [client.get("/api/").status for _ in range(3)] == [200] * 3
        own_port.admin(f"/tyk/certs/{identity}", "DELETE")
        assert client.get("/api/").status == 403


def key_for(gateway, certificate: str, **more):
    body = {"org_id": "default", "certificate": certificate, "rate": 1000, "per": 60, "quota_max": -1, "expires": 0,
            "access_rights": {"api": {"api_id": "api", "api_name": "api", "versions": ["Default"]}}, **more}
    status, text = gateway.admin("/tyk/keys/create", "POST", body)
    assert status == 200, text
    return json.loads(text)["key"]


def certificate_api(kind: str, upstream, port: int, certificate) -> dict:
    """An API whose clients show certificates in place of tokens."""
    if kind == "classic":
        return https("api", upstream.url, port, certificate, use_keyless=False, auth={"use_certificate": True})
    api = oas("api", upstream.url)
    server = api["x-tyk-api-gateway"]["server"]
    server.update(port=port, protocol="https", authentication={"enabled": True, "certificateAuth": {"enabled": True}},
                  customDomain={"enabled": True, "name": "localhost", "certificates": [str(certificate)]})
    if kind == "oas beside a token":
        api["components"] = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Authorization"}}}
        api["security"] = [{"key": []}]
        server["authentication"]["securitySchemes"] = {"key": {"enabled": True, "header": {"enabled": True, "name": "Authorization"}}}
    return api


@pytest.mark.parametrize("kind", ["classic", "oas", "oas beside a token"])
def test_a_certificate_is_the_key(own_port, upstream, ca, kind):
    port = free_port()
    ca.issue("late2", days=-1)
    own_port.write(certificate_api(kind, upstream, port, ca.folder / "server.pem")).start()
    own_port.reload()
    key = key_for(own_port, add(own_port, ca.certificate("client")))

    def asked(name=None, *headers):
        status, body = outcome(port, "/api/", "localhost", context(name and ca.folder / f"{name}.pem"), *headers)
        return status if status == 200 else (status, json.loads(body)["error"])

    assert [asked("client") for _ in range(3)] == [200] * 3
    assert asked("stranger") == (401, "Access to this API has been disallowed")
    assert asked() == asked(None, f"Authorization: {key}") == (401, "Client certificate required")
    assert asked("late2") == (403, "Certificate has expired")


def test_the_control_api_asks_for_certificates(new_gateway, upstream, ca):
    gateway = new_gateway({"control_api_port": free_port(), "http_server_options": {"use_ssl": True, "certificates": [server_files(ca, "server")]},
                           "security": {"control_api_use_mutual_tls": True, "certificates": {"control_api": [str(ca.folder / "client.crt")]}}})
    gateway.tls = context(ca.folder / "client.pem")
    gateway.write(classic("api", upstream.url)).start()
    assert gateway.admin("/tyk/apis")[0] == 200
    assert gateway.admin("/tyk/apis", secret="wrong")[0] == 403
    assert outcome(gateway.admin_port, "/hello") == "refused"
    assert outcome(gateway.admin_port, "/hello", tls=context(ca.folder / "stranger.pem")) == "refused"
    assert outcome(gateway.port, "/api/")[0] == 200


def test_the_control_api_on_the_port_of_the_apis(new_gateway, upstream, ca):
    gateway = new_gateway({"http_server_options": {"use_ssl": True, "certificates": [server_files(ca, "server")]},
                           "security": {"control_api_use_mutual_tls": True, "certificates": {"control_api": [str(ca.folder / "client.crt")]}}})
    gateway.write(classic("api", upstream.url)).start()
    for name, message in ((None, "Client TLS certificate is required"),
                          ("stranger", f"Certificate with SHA256 {ca.digest('stranger')} not allowed")):
        gateway.tls = context(name and ca.folder / f"{name}.pem")
        status, text = gateway.admin("/tyk/apis")
        assert (status, json.loads(text)["message"]) == (403, message)
        assert gateway.call("/api/")[0] == 200
    gateway.tls = context(ca.folder / "client.pem")
    assert gateway.admin("/tyk/apis")[0] == 200
