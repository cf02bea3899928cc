"""HTTP/1.1 towards clients, byte by byte."""
import pytest

from support.client import Client
from support.gateway import classic
from support.upstream import answer
from support.wait import eventually


def test_a_connection_serves_many_requests(gateway, upstream):
    with gateway.client() as client:
        for number in range(5):
            assert client.get(f"/api/{number}").status == 200
    assert [r.target for r in upstream.requests] == [f"/{n}" for n in range(5)]


def test_pipelined_requests_are_answered_in_order(gateway, upstream):
    upstream.on("/slow", lambda c, r: c.trickle(answer(b"slow")))
    upstream.on("/quick", lambda c, r: c.send(answer(b"quick")))
    with gateway.client() as client:
        client.send(b"".join(f"GET /api/{path} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
                             for path in ("slow", "quick", "slow", "quick")))
        assert [client.response().body for _ in range(4)] == [b"slow", b"quick", b"slow", b"quick"]


def test_a_pipelined_request_behind_a_body_is_not_swallowed_by_it(gateway, upstream):
    with gateway.client() as client:
        client.send("POST /api/a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /api/b HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.response().status == client.response().status == 200
    assert [(r.method, r.target, r.body) for r in upstream.requests] == [("POST", "/a", b"abc"), ("GET", "/b", b"")]


def test_a_request_arriving_byte_by_byte_is_served(gateway, upstream):
    with gateway.client() as client:
        for byte in b"POST /api/slowly HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":
            client.send(bytes([byte]))
        assert client.response().status == 200
    assert upstream.requests[0].body == b"abc"


def test_empty_lines_before_a_request_are_skipped(gateway):
    with gateway.client() as client:
        assert client.send("\r\nGET /api/ HTTP/1.1\r\nHost: h\r\n\r\n").response().status == 200


def test_connection_close_is_honoured(gateway):
    with gateway.client() as client:
        reply = client.get("/api/", "Connection: close")
        assert reply.status == 200
        assert reply.header("Connection") == "close"
        assert client.expect_closed() == b""


def test_expect_100_continue_is_answered_before_the_body_comes(gateway, upstream):
    with gateway.client() as client:
        client.send("POST /api/up HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.response(interim=True).status == 100
        client.send("body")
        assert client.response().status == 200
    assert upstream.requests[0].body == b"body"


def test_expect_100_continue_is_not_answered_when_the_request_is_refused(gateway, upstream):
    with gateway.client() as client:
        client.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.response(interim=True).status == 404
    assert upstream.received == b""


def test_a_chunked_upload_reaches_the_upstream_with_its_trailers(gateway, upstream):
    with gateway.client() as client:
        client.send("POST /api/up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                    "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n")
        assert client.response().status == 200
    request = upstream.requests[0]
    assert request.body == b"hello world"
    assert request.all("Content-Length") == []
    assert ("X-Sum", "42") in request.trailers


def test_a_chunked_answer_reaches_the_client_with_its_trailers(gateway, upstream):
    upstream.on("/down", lambda c, r: c.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n"))
    with gateway.client() as client:
        reply = client.get("/api/down", "TE: trailers")
        assert (reply.status, reply.body) == (200, b"hello world")
        assert ("X-Sum", "42") in reply.trailers
        assert client.get("/api/again").status == 200


def test_the_parts_of_a_streamed_answer_arrive_as_they_are_sent(gateway, upstream):
    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        upstream.first_read.wait(10)
        connection.send(b"6\r\nsecond\r\n0\r\n\r\n")

    import threading
    upstream.first_read = threading.Event()
    upstream.on("/stream", script)
    with gateway.client() as client:
        client.request("GET", "/api/stream")
        assert client.head().status == 200
        assert client.line() == b"5" and client.exactly(7) == b"first\r\n"
        upstream.first_read.set()
        assert client.line() == b"6" and client.exactly(8) == b"second\r\n"
        assert client.line() == b"0"


def test_the_parts_of_a_streamed_upload_arrive_as_they_are_sent(gateway, upstream):
    seen = []

    def script(connection, _):
        seen.append(connection.line() + b" " + connection.exactly(5))
        connection.line()
        seen.append(connection.line() + b" " + connection.exactly(6))
        connection.line()
        connection.line()
        connection.line()
        connection.send(answer())

    upstream.on("/stream", script, body=False)
    with gateway.client() as client:
        client.send("POST /api/stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        eventually(lambda: seen, "the first chunk reaches the upstream before the second is sent")
        client.send("6\r\nsecond\r\n0\r\n\r\n")
        assert client.response().status == 200
    assert seen == [b"5 first", b"6 second"]


def test_head_has_the_length_and_no_body(gateway, upstream):
    upstream.on("/page", lambda c, r: c.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"))
    with gateway.client() as client:
        reply = client.request("HEAD", "/api/page").response("HEAD")
        assert (reply.status, reply.header("Content-Length")) == (200, "1234")
        assert client.get("/api/next").status == 200


def test_head_of_a_missing_api_has_no_body(gateway):
    with gateway.client() as client:
        assert client.request("HEAD", "/nowhere").response("HEAD").status == 404
        assert client.get("/api/next").status == 200


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_a_body_leave_the_connection_usable(gateway, upstream, status):
    upstream.on("/empty", lambda c, r: c.send(f"HTTP/1.1 {status}\r\nETag: \"x\"\r\n\r\n"))
    with gateway.client() as client:
        reply = client.get("/api/empty")
        assert reply.status == int(status[:3])
        assert reply.all("Transfer-Encoding") == []
        assert client.get("/api/next").status == 200


@pytest.mark.parametrize("interim", ["100 Continue", "103 Early Hints"])
def test_an_interim_answer_of_the_upstream_does_not_end_the_exchange(gateway, upstream, interim):
    upstream.on("/early", lambda c, r: c.send(
        f"HTTP/1.1 {interim}\r\nLink: </a.css>\r\n\r\n".encode() + answer(b"final")))
    with gateway.client() as client:
        assert client.get("/api/early").body == b"final"
        assert client.get("/api/next").body == b"ok"


def test_an_http_1_0_client_gets_a_body_it_can_read_and_a_closed_connection(gateway, upstream):
    upstream.on("/chunked", lambda c, r: c.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
    with gateway.client() as client:
        reply = client.send("GET /api/chunked HTTP/1.0\r\n\r\n").response()
        assert (reply.status, reply.body) == (200, b"hello")
        assert reply.all("Transfer-Encoding") == []
        assert client.expect_closed() == b""


def test_an_http_1_0_client_may_ask_for_keep_alive(gateway):
    with gateway.client() as client:
        for _ in range(2):
            reply = client.send("GET /api/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").response()
            assert (reply.status, reply.header("Connection", "").lower()) == (200, "keep-alive")


def test_an_answer_without_a_length_ends_with_the_upstreams_connection(gateway, upstream):
    def script(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
        return False

    upstream.on("/old", script)
    with gateway.client() as client:
        assert client.get("/api/old").body == b"until the end"


def test_an_http_1_0_upstream_is_understood(gateway, upstream):
    def script(connection, _):
        connection.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold")
        return False

    upstream.on("/older", script)
    with gateway.client() as client:
        reply = client.get("/api/older")
        assert (reply.status, reply.version, reply.body) == (200, "HTTP/1.1", b"old")


def test_an_empty_body_with_content_length_zero_is_no_body(gateway, upstream):
    with gateway.client() as client:
        assert client.send("POST /api/e HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").response().status == 200
    assert upstream.requests[0].body == b""
    assert upstream.requests[0].all("Transfer-Encoding") == []


def test_a_body_of_many_megabytes_passes_whole_in_both_directions(gateway, upstream):
    import hashlib
    upstream.on("/echo", lambda c, r: c.send(answer(r.body)))
    body = bytes(range(256)) * 4096 * 8
    with gateway.client(timeout=60) as client:
        reply = client.request("POST", "/api/echo", body=body).response()
    assert hashlib.sha256(reply.body).digest() == hashlib.sha256(body).digest()


def test_an_answer_before_the_upload_has_ended_reaches_the_client(gateway, upstream):
    def script(connection, _):
        connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        return False

    upstream.on("/early", script, body=False)
    with gateway.client() as client:
        client.send("POST /api/early HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + "x" * 1000)
        assert client.response().status == 403


@pytest.mark.parametrize("coding, status", [("gzip, chunked", (400, 501)), ("identity", (400, 501)), ("unheard-of", (400, 501))])
def test_an_unknown_transfer_coding_is_refused(gateway, upstream, coding, status):
    with gateway.client() as client:
        client.send(f"POST /api/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n")
        assert client.response().status in status
        client.expect_closed()
    assert upstream.received == b""


def test_a_head_above_the_limit_is_refused_with_431(new_gateway, upstream):
    gateway = new_gateway({"max_header_size": 8192}).write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        assert client.get("/api/", "X-Fits: " + "x" * 4000).status == 200
        client.send("GET /api/ HTTP/1.1\r\nHost: h\r\nX-Big: " + "x" * 9000 + "\r\n\r\n")
        assert client.response().status == 431
        client.expect_closed()
    assert len(upstream.requests) == 1


def test_many_small_headers_above_the_limit_are_refused_with_431(new_gateway, upstream):
    gateway = new_gateway({"max_header_size": 8192}).write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        client.send("GET /api/ HTTP/1.1\r\nHost: h\r\n" + "".join(f"X-{n}: y\r\n" for n in range(2000)) + "\r\n")
        assert client.response().status == 431
    assert upstream.received == b""


def test_a_declared_body_above_the_limit_is_refused_with_413(new_gateway, upstream):
    gateway = new_gateway({"http_server_options": {"max_request_body_size": 10}})
    gateway.write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        client.send("POST /api/ HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n")
        reply = client.response()
        assert (reply.status, reply.body) == (413, b"Request Entity Too Large\n")
    assert upstream.received == b""


def test_a_chunked_body_above_the_limit_is_refused_with_413(new_gateway, upstream):
    gateway = new_gateway({"http_server_options": {"max_request_body_size": 10}})
    gateway.write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        client.send("POST /api/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n")
        assert client.response().status == 413
    assert upstream.requests == []


def test_a_client_that_does_not_finish_its_head_is_cut_off(new_gateway, upstream):
    gateway = new_gateway({"http_server_options": {"read_timeout": 1}}).write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        client.send("GET /api/ HTTP/1.1\r\nHost: h\r\nX-Slow: ")
        client.expect_closed(4)
    assert upstream.received == b""


def test_a_client_that_trickles_its_head_is_cut_off_all_the_same(new_gateway, upstream):
    gateway = new_gateway({"http_server_options": {"read_timeout": 1}}).write(classic("api", upstream.url)).start()
    from support.client import Closed
    with gateway.client() as client:
        client.send("GET /api/ HTTP/1.1\r\nHost: h\r\nX-Slow: ")
        client.socket.settimeout(0.1)
        for _ in range(60):
            try:
                client.send("x")
                client.fill()
            except TimeoutError:
                continue
            except (Closed, ConnectionError, BrokenPipeError):
                break
        else:
            raise AssertionError("still open after six seconds of one byte at a time")
    assert upstream.received == b""


def test_a_client_that_does_not_finish_its_body_is_cut_off(new_gateway, upstream):
    gateway = new_gateway({"http_server_options": {"read_timeout": 1}}).write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        client.send("POST /api/ HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly this")
        client.expect_closed(5)
    assert upstream.requests == []


def test_an_idle_connection_is_closed_after_the_idle_timeout(new_gateway, upstream):
    gateway = new_gateway({"idle_timeout": 1}).write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        assert client.get("/api/").status == 200
        assert client.expect_closed(4) == b""


def test_close_connections_ends_every_connection_after_its_answer(new_gateway, upstream):
    gateway = new_gateway({"close_connections": True}).write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        assert client.get("/api/").header("Connection") == "close"
        assert client.expect_closed() == b""


def test_an_absolute_target_is_served_by_its_path(gateway, upstream):
    with gateway.client() as client:
        assert client.send("GET http://h/api/abs?q=1 HTTP/1.1\r\nHost: h\r\n\r\n").response().status == 200
    assert upstream.requests[0].target == "/abs?q=1"


def test_an_unknown_path_is_404_and_the_connection_stays(gateway, upstream):
    with gateway.client() as client:
        reply = client.get("/nowhere")
        assert (reply.status, reply.body) == (404, b"Not Found")
        assert client.get("/api/").status == 200


def test_a_body_sent_to_an_unknown_path_is_not_taken_for_a_request(gateway, upstream):
    inner = b"GET /api/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
    with gateway.client() as client:
        assert client.request("POST", "/nowhere", body=inner).response().status == 404
        try:
            assert client.get("/api/next").status == 200
        except AssertionError:
            client.expect_closed()  # closing instead of reading the body is as good
    assert "/smuggled" not in [r.target for r in upstream.requests]


def test_a_thousand_clients_at_once_are_all_served(gateway):
    clients = [gateway.client(timeout=30) for _ in range(1000)]
    try:
        for client in clients:
            client.request("GET", "/api/many")
        assert {client.response().status for client in clients} == {200}
    finally:
        for client in clients:
            client.close()


def test_a_client_that_resets_while_it_is_served_harms_nobody(gateway, upstream):
    upstream.on("/slow", lambda c, r: c.trickle(answer(b"x" * 50)))
    for _ in range(20):
        client = gateway.client()
        client.request("GET", "/api/slow")
        client.reset()
    assert gateway.get("/api/after").status == 200
