"""How the gateway treats upstreams, good and bad ones."""
import socket
import ssl
import subprocess
import threading

import pytest

from support.client import Closed
from support.gateway import classic, free_port, oas
from support.upstream import Upstream, answer
from support.wait import SLOW, eventually

PROBLEM = "There was a problem proxying the request"


def is_error(reply, status: int, message: str) -> bool:
    return (reply.status, reply.body.decode()) == (status, '{\n    "error": "%s"\n}' % message)


@pytest.fixture
def single(new_gateway):
    """A gateway with one worker, so that connections upstream can be counted."""
    def make(*definitions, **conf):
        return new_gateway({"workers": 1, **conf}).write(*definitions).start()

    return make


@pytest.fixture
def own_upstream():
    server = Upstream()
    yield server
    server.stop()


def test_connections_are_reused(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    for _ in range(10):
        assert gateway.get("/api/").status == 200
    assert own_upstream.accepted == 1


def test_a_connection_is_not_reused_when_the_upstream_says_close(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    own_upstream.on("/bye", lambda c, r: c.send(answer(b"ok", "200 OK", "Connection: close")))
    for _ in range(3):
        assert gateway.get("/api/bye").status == 200
    assert own_upstream.accepted == 3


def test_a_connection_is_not_reused_with_bytes_left_in_it(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    own_upstream.on("/more", lambda c, r: c.send(answer(b"ok") + answer(b"forged")))
    for _ in range(3):
        assert gateway.get("/api/more").body == b"ok"
    assert gateway.get("/api/other").body == b"ok"
    assert own_upstream.accepted == 4


def test_an_idle_connection_that_speaks_out_of_turn_is_not_used(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    said = threading.Event()

    def script(connection, _):
        connection.send(answer(b"first"))
        gateway_has_read.wait(10)
        connection.send(answer(b"forged"))
        said.set()

    gateway_has_read = threading.Event()
    own_upstream.on("/one", script)
    assert gateway.get("/api/one").body == b"first"
    gateway_has_read.set()
    assert said.wait(5)
    assert gateway.get("/api/two").body == b"ok"


def test_proxy_close_connections_uses_each_connection_once(single, own_upstream):
    gateway = single(classic("api", own_upstream.url), proxy_close_connections=True)
    for _ in range(3):
        assert gateway.get("/api/").status == 200
    assert own_upstream.accepted == 3


def script_closing_the_second_request(state):
    """Serves the first request of a connection and closes at the second without an answer, as a server does whose
    idle timeout ended while the request was on its way."""
    def script(connection, request):
        state.setdefault(connection.number, 0)
        state[connection.number] += 1
        if state[connection.number] > 1:
            return False
        connection.send(answer(b"ok"))

    return script


def test_a_get_on_a_reused_connection_that_dies_is_tried_again(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    own_upstream.on("/stale", script_closing_the_second_request({}))
    for _ in range(6):
        assert gateway.get("/api/stale").status == 200


def test_a_post_on_a_reused_connection_that_dies_is_not_sent_twice(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    own_upstream.on("/stale", script_closing_the_second_request({}))
    assert gateway.get("/api/stale").status == 200
    with gateway.client() as client:
        assert is_error(client.request("POST", "/api/stale", body=b"pay").response(), 500, PROBLEM)
    assert [r.method for r in own_upstream.requests] == ["GET", "POST"]


def test_a_get_on_a_fresh_connection_that_dies_is_not_tried_again(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    own_upstream.on("/dies", lambda c, r: False)
    assert is_error(gateway.get("/api/dies"), 500, PROBLEM)
    assert len(own_upstream.requests) == 1


def test_an_idle_connection_that_the_upstream_closed_is_replaced(single, own_upstream):
    gateway = single(classic("api", own_upstream.url))
    assert gateway.get("/api/").status == 200
    own_upstream.close_idle()
    with gateway.client() as client:
        assert client.request("POST", "/api/", body=b"x").response().status == 200


def test_a_refused_connection_is_a_500(new_gateway):
    gateway = new_gateway().write(classic("api", f"http://127.0.0.1:{free_port()}/")).start()
    reply = gateway.get("/api/")
    assert is_error(reply, 500, PROBLEM)
    assert reply.header("Content-Type") == "application/json"


def test_a_refused_connection_is_told_in_xml_to_who_sent_xml(new_gateway):
    gateway = new_gateway().write(classic("api", f"http://127.0.0.1:{free_port()}/")).start()
    reply = gateway.get("/api/", "Content-Type: text/xml; charset=utf-8")
    assert reply.header("Content-Type") == "text/xml"
    assert reply.body.decode() == f'<?xml version = "1.0" encoding = "UTF-8"?>\n<error>{PROBLEM}</error>\n'


def test_a_host_without_an_address_is_a_500(new_gateway):
    gateway = new_gateway().write(classic("api", "http://no-such-host.invalid/")).start()
    assert is_error(gateway.get("/api/"), 500, "Upstream host lookup failed")


def test_names_are_resolved(new_gateway, upstream):
    gateway = new_gateway().write(classic("api", f"http://localhost:{upstream.port}/")).start()
    assert gateway.get("/api/").status == 200
    assert upstream.requests[0].header("Host") == f"localhost:{upstream.port}"


def test_a_silent_upstream_is_given_up_with_504(new_gateway, upstream):
    gateway = new_gateway({"proxy_default_timeout": 1}).write(classic("api", upstream.url)).start()
    gone = threading.Event()

    def script(connection, _):
        if connection.wait_gone():
            gone.set()
        return False

    upstream.on("/silent", script)
    assert is_error(gateway.get("/api/silent"), 504, "Upstream service reached hard timeout.")
    assert gone.wait(5 * SLOW), "the connection to the silent upstream is closed, not pooled"
    assert gateway.get("/api/quick").status == 200


def test_a_slow_body_is_not_cut_by_the_timeout_for_the_head(new_gateway, upstream):
    gateway = new_gateway({"proxy_default_timeout": 1}).write(classic("api", upstream.url)).start()

    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n")
        connection.trickle(b"x" * 15, 0.1)

    upstream.on("/slow", script)
    assert gateway.get("/api/slow").body == b"x" * 15


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_an_answer_that_breaks_off_is_not_ended_properly_for_the_client(gateway, upstream, framing):
    def script(connection, _):
        connection.send(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n")
        return False

    upstream.on("/cut", script)
    with gateway.client() as client:
        client.request("GET", "/api/cut")
        with pytest.raises(Closed):
            client.response()
    assert gateway.get("/api/after").status == 200


def test_an_answer_that_is_reset_is_not_ended_properly_for_the_client(gateway, upstream):
    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        connection.reset()
        return False

    upstream.on("/reset", script)
    with gateway.client() as client:
        client.request("GET", "/api/reset")
        with pytest.raises(Closed):
            client.response()


@pytest.mark.parametrize("chunk", ["zz\r\n", "5\r\nhelloXX", "-1\r\n", "5\nhello\r\n", "ffffffffffffffffff\r\n"])
def test_bad_chunks_of_the_upstream_are_not_ended_properly_for_the_client(gateway, upstream, chunk):
    upstream.on("/bad", lambda c, r: c.send(
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n{chunk}0\r\n\r\n"))
    with gateway.client() as client:
        client.request("GET", "/api/bad")
        try:
            assert client.response().status == 500
        except Closed:
            pass  # the head had gone out already


HEADS = {
    "no version": b"200 OK\r\nContent-Length: 0\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "a status that is no number": b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of zero": b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
    "a field without a colon": b"HTTP/1.1 200 OK\r\nNoColon\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "NUL in a value": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "bare CR in a value": b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
    "two lengths that differ": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
    "a list of lengths that differ": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok!",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "a length with a plus": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    "a length above 64 bits": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "an unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: unheard-of\r\n\r\nok",
    "nothing but an end": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nX-Hal",
    "bytes of no protocol": bytes(range(256)),
}


@pytest.mark.parametrize("name", HEADS)
def test_an_answer_head_that_is_wrong_is_a_500_and_its_connection_is_dropped(gateway, upstream, name):
    def script(connection, _):
        connection.send(HEADS[name])
        return False

    upstream.on("/bad", script)
    with gateway.client() as client:
        assert is_error(client.get("/api/bad"), 500, PROBLEM)
        assert client.get("/api/after").body == b"ok"


def test_an_answer_head_above_the_limit_is_a_500(new_gateway, upstream):
    gateway = new_gateway({"max_header_size": 16384}).write(classic("api", upstream.url)).start()
    upstream.on("/big", lambda c, r: c.send(answer(b"ok", "200 OK", "X-Big: " + "x" * 20000)))
    assert is_error(gateway.get("/api/big"), 500, PROBLEM)


def test_an_endless_answer_head_is_given_up(new_gateway, upstream):
    gateway = new_gateway({"max_header_size": 16384}).write(classic("api", upstream.url)).start()

    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.send(b"X-More: " + b"x" * 1000 + b"\r\n")

    upstream.on("/endless", script)
    assert is_error(gateway.get("/api/endless"), 500, PROBLEM)


def test_a_client_that_leaves_cancels_the_call_upstream(gateway, upstream):
    gone = threading.Event()

    def script(connection, _):
        if connection.wait_gone(8 * SLOW):
            gone.set()
        return False

    upstream.on("/long", script)
    client = gateway.client()
    client.request("GET", "/api/long")
    upstream.wait(1)
    client.close()
    assert gone.wait(8 * SLOW), "the upstream's connection is closed when the client has gone"


def test_a_client_that_leaves_during_a_download_cancels_it(gateway, upstream):
    stopped = threading.Event()

    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        except OSError:
            stopped.set()
            raise

    upstream.on("/endless", script)
    client = gateway.client()
    client.request("GET", "/api/endless")
    assert client.head().status == 200
    client.reset()
    assert stopped.wait(8 * SLOW), "the endless answer is not read on"


def test_a_client_that_breaks_off_its_upload_breaks_off_the_upload_upstream(gateway, upstream):
    broken = threading.Event()

    def script(connection, request):
        try:
            connection.read_body(request)
        except Exception:
            broken.set()
            raise

    upstream.on("/up", script, body=False)
    client = gateway.client()
    client.send(b"POST /api/up HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
    upstream.wait(1)
    client.close()
    assert broken.wait(8 * SLOW)


def stalled(count, seconds: float = 0.5):
    """Waits until count() stops growing."""
    import time
    last, since = count(), time.monotonic()

    def check():
        nonlocal last, since
        if count() != last:
            last, since = count(), time.monotonic()
        return time.monotonic() - since > seconds

    eventually(check, "the sender is held back", 30)


def test_a_client_that_does_not_read_costs_no_memory(gateway, upstream):
    size, sent = 200 * 1024 * 1024, [0]

    def script(connection, _):
        connection.send(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")
        block = b"x" * 65536
        while sent[0] < size:
            connection.send(block)
            sent[0] += len(block)

    upstream.on("/big", script)
    assert gateway.get("/api/warm").status == 200
    before = gateway.rss_kb()
    with gateway.client(timeout=60, receive_buffer=65536) as client:
        client.request("GET", "/api/big")
        head = client.head()
        stalled(lambda: sent[0])
        assert sent[0] < size / 4, "the upstream is held back when the client does not read"
        assert gateway.rss_kb() - before < 8 * 1024
        length = int(head.header("Content-Length"))
        received = len(client.buffer)
        while received < length:
            received += len(client.socket.recv(1 << 20))
    assert received == size
    assert gateway.rss_kb() - before < 8 * 1024


def test_an_upstream_that_does_not_read_costs_no_memory(gateway, upstream):
    go, total = threading.Event(), 100 * 1024 * 1024

    def script(connection, request):
        go.wait(60)
        left = total - len(connection.buffer)
        connection.buffer = b""
        while left > 0:
            left -= len(connection.socket.recv(1 << 20))
        connection.send(answer(b"all"))

    upstream.on("/sink", script, body=False)
    assert gateway.get("/api/warm").status == 200
    before, sent = gateway.rss_kb(), [0]
    with gateway.client(timeout=60) as client:
        client.send(f"POST /api/sink HTTP/1.1\r\nHost: h\r\nContent-Length: {total}\r\n\r\n")

        def send():
            block = b"x" * 65536
            while sent[0] < total:
                client.socket.sendall(block)
                sent[0] += len(block)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        stalled(lambda: sent[0])
        assert sent[0] < total / 2
        assert gateway.rss_kb() - before < 8 * 1024
        go.set()
        thread.join(60)
        assert client.response().body == b"all"


# --- load balancing

def targets_seen(upstream):
    return [r.target.split("/")[1] for r in upstream.requests]


def test_targets_take_turns(single, own_upstream):
    url = own_upstream.url
    gateway = single(classic("lb", url, proxy={"enable_load_balancing": True,
                                               "target_list": [url + "a/", url + "b/", url + "c/"]}))
    for _ in range(7):
        gateway.get("/lb/x")
    assert targets_seen(own_upstream) == list("abcabca")


def test_targets_take_turns_across_workers(new_gateway, upstream):
    url = upstream.url
    gateway = new_gateway({"workers": 4}).write(classic("lb", url, proxy={
        "enable_load_balancing": True, "target_list": [url + "a/", url + "b/"]})).start()
    for _ in range(10):
        assert gateway.get("/lb/x").status == 200
    assert targets_seen(upstream) == list("ababababab")


def test_weights_of_an_oas_definition_are_honoured(single, own_upstream):
    url = own_upstream.url
    gateway = single(oas("lb", url, loadBalancing={"enabled": True, "targets": [
        {"url": url + "big/", "weight": 2}, {"url": url + "small/", "weight": 1}, {"url": url + "off/", "weight": 0}]}))
    for _ in range(6):
        assert gateway.get("/lb/x").status == 200
    assert targets_seen(own_upstream) == ["big", "big", "small"] * 2


def test_a_dead_target_fails_its_turn_only(single, own_upstream):
    gateway = single(classic("lb", own_upstream.url, proxy={
        "enable_load_balancing": True, "target_list": [own_upstream.url, f"http://127.0.0.1:{free_port()}/"]}))
    assert [gateway.get("/lb/x").status for _ in range(4)] == [200, 500, 200, 500]


# --- TLS

@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certification authority and a server certificate for localhost."""
    work = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=work, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test CA",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (work / "extensions").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "extensions", "-out", "server.pem")
    return work


@pytest.fixture(scope="module")
def tls_upstream(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    context.sni_callback = lambda sock, name, _: setattr(context, "last_name", name)
    server = Upstream(context)
    yield server
    server.stop()


def test_a_tls_upstream_with_a_known_authority_is_asked(new_gateway, tls_upstream, certificates):
    tls_upstream.clear()
    gateway = new_gateway(env={"SSL_CERT_FILE": str(certificates / "ca.pem")})
    gateway.write(classic("api", f"https://localhost:{tls_upstream.port}/")).start()
    for _ in range(3):
        assert gateway.get("/api/tls").body == b"ok"
    assert tls_upstream.context.last_name == "localhost"
    assert [r.target for r in tls_upstream.requests] == ["/tls"] * 3


def test_bodies_pass_through_tls_whole(new_gateway, tls_upstream, certificates):
    tls_upstream.clear()
    gateway = new_gateway(env={"SSL_CERT_FILE": str(certificates / "ca.pem")})
    gateway.write(classic("api", f"https://localhost:{tls_upstream.port}/")).start()
    body = bytes(range(256)) * 8192
    tls_upstream.on("/echo", lambda c, r: c.send(answer(r.body)))
    with gateway.client(timeout=30) as client:
        assert client.request("POST", "/api/echo", body=body).response().body == body


def test_a_tls_upstream_of_an_unknown_authority_is_refused(new_gateway, tls_upstream):
    tls_upstream.clear()
    gateway = new_gateway().write(classic("api", f"https://localhost:{tls_upstream.port}/")).start()
    assert is_error(gateway.get("/api/"), 500, PROBLEM)
    assert tls_upstream.requests == []


def test_a_tls_upstream_with_another_name_is_refused(new_gateway, tls_upstream, certificates):
    tls_upstream.clear()
    gateway = new_gateway(env={"SSL_CERT_FILE": str(certificates / "ca.pem")})
    gateway.write(classic("api", f"https://127.0.0.1:{tls_upstream.port}/")).start()
    assert is_error(gateway.get("/api/"), 500, PROBLEM)
    assert tls_upstream.requests == []


@pytest.mark.parametrize("where", ["definition", "configuration"])
def test_verification_can_be_switched_off(new_gateway, tls_upstream, where):
    tls_upstream.clear()
    transport = {"transport": {"ssl_insecure_skip_verify": True}} if where == "definition" else {}
    gateway = new_gateway({"proxy_ssl_insecure_skip_verify": where == "configuration"})
    gateway.write(classic("api", f"https://127.0.0.1:{tls_upstream.port}/", proxy=transport)).start()
    assert gateway.get("/api/").status == 200


def test_connections_with_and_without_verification_are_not_shared(single, tls_upstream):
    tls_upstream.clear()
    url = f"https://localhost:{tls_upstream.port}/"
    gateway = single(classic("lax", url, proxy={"transport": {"ssl_insecure_skip_verify": True}}), classic("strict", url))
    assert gateway.get("/lax/").status == 200
    assert is_error(gateway.get("/strict/"), 500, PROBLEM)


def test_a_plain_server_behind_https_is_a_500(new_gateway, nginx):
    gateway = new_gateway().write(classic("api", f"https://127.0.0.1:{nginx}/")).start()
    assert is_error(gateway.get("/api/"), 500, PROBLEM)


def test_a_tls_upstream_that_stops_in_the_handshake_is_given_up(new_gateway):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gateway = new_gateway({"proxy_default_timeout": 1})
        gateway.write(classic("api", f"https://127.0.0.1:{silent.getsockname()[1]}/")).start()
        assert gateway.get("/api/").status in (500, 504)
