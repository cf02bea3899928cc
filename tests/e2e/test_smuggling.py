"""Requests that two HTTP implementations may read differently are refused, and nothing of them goes further.

Every request below is followed on the wire by `GET /api/smuggled`. A gateway that frames the first request in another
way than a server behind it would let the second through, or would make it part of something else. The gateway has to
answer an error, close the connection, and send nothing of either upstream.

Expected status: 400, and 431 where a limit is exceeded. A chunk size that is no number under any reading (`zz`) is
answered 500: the reference gateway was recorded doing so, and refusing is what matters.
"""
import pytest

from support.client import Closed
from support.gateway import classic

SMUGGLED = b"GET /api/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
BAD = (400,)
TOO_LARGE = (431,)
BAD_OR_UNKNOWN_CODING = (400, 501)
BAD_CHUNK = (400, 500)


def post(*fields: str, body: str = "") -> bytes:
    return ("POST /api/first HTTP/1.1\r\nHost: h\r\n" + "".join(f + "\r\n" for f in fields) + "\r\n" + body).encode("latin-1")


def get(*fields: str, line: str = "GET /api/first HTTP/1.1", host: str = "Host: h\r\n") -> bytes:
    return (line + "\r\n" + host + "".join(f + "\r\n" for f in fields) + "\r\n").encode("latin-1")


def chunked(body: str) -> bytes:
    return post("Transfer-Encoding: chunked", body=body)


CASES = {
    # --- two framings at once
    "content-length and chunked": (post("Content-Length: 4", "Transfer-Encoding: chunked", body="0\r\n\r\n"), BAD),
    "chunked and content-length": (post("Transfer-Encoding: chunked", "Content-Length: 4", body="0\r\n\r\n"), BAD),
    "content-length zero and chunked": (post("Content-Length: 0", "Transfer-Encoding: chunked", body="0\r\n\r\n"), BAD),
    "content-length and identity": (post("Content-Length: 0", "Transfer-Encoding: identity"), BAD_OR_UNKNOWN_CODING),
    "chunked in HTTP/1.0": (b"POST /api/first HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", BAD_OR_UNKNOWN_CODING),
    # --- content-length
    "two lengths that differ": (post("Content-Length: 0", "Content-Length: 41"), BAD),
    "two lengths that agree": (post("Content-Length: 0", "Content-Length: 0"), BAD),
    "a list of equal lengths": (post("Content-Length: 0, 0"), BAD),
    "a list of different lengths": (post("Content-Length: 0, 41"), BAD),
    "length with a plus": (post("Content-Length: +5", body="hello"), BAD),
    "negative length": (post("Content-Length: -1"), BAD),
    "negative zero": (post("Content-Length: -0"), BAD),
    "hexadecimal length": (post("Content-Length: 0x5", body="hello"), BAD),
    "length with a fraction": (post("Content-Length: 5.0", body="hello"), BAD),
    "length with an exponent": (post("Content-Length: 5e0", body="hello"), BAD),
    "length with a space inside": (post("Content-Length: 1 0", body="hello"), BAD),
    "length with letters behind": (post("Content-Length: 5abc", body="hello"), BAD),
    "length with an underscore": (post("Content-Length: 1_0", body="hello"), BAD),
    "empty length": (post("Content-Length:"), BAD),
    "length of spaces": (post("Content-Length:    "), BAD),
    "length above 64 bits": (post("Content-Length: 18446744073709551617"), BAD),
    "length above 63 bits": (post("Content-Length: 9223372036854775808"), BAD),
    "length in quotes": (post('Content-Length: "5"', body="hello"), BAD),
    "length with a semicolon": (post("Content-Length: 5;x", body="hello"), BAD),
    "length with a vertical tab": (post("Content-Length: \x0b5", body="hello"), BAD),
    # --- transfer-encoding
    "chunked twice in one field": (post("Transfer-Encoding: chunked, chunked", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "chunked in two fields": (post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "chunked not last": (post("Transfer-Encoding: chunked, gzip", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "chunked, then identity": (post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "xchunked": (post("Transfer-Encoding: xchunked", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "chunked with letters behind": (post("Transfer-Encoding: chunkedx", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "chunked in quotes": (post('Transfer-Encoding: "chunked"', body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "chunked with a parameter": (post("Transfer-Encoding: chunked;q=1", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "empty transfer coding": (post("Transfer-Encoding:", "Content-Length: 0"), BAD_OR_UNKNOWN_CODING),
    "comma before chunked": (post("Transfer-Encoding: ,chunked", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "vertical tab before chunked": (post("Transfer-Encoding: \x0bchunked", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "form feed behind chunked": (post("Transfer-Encoding: chunked\x0c", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "NUL behind chunked": (post("Transfer-Encoding: chunked\x00", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "coding on a folded line": (post("Transfer-Encoding:\r\n chunked", body="0\r\n\r\n"), BAD_OR_UNKNOWN_CODING),
    "length on a folded line": (post("Content-Length:\r\n 5", body="hello"), BAD),
    # --- field names and lines
    "space before the colon": (post("Content-Length : 0"), BAD),
    "tab before the colon": (post("Transfer-Encoding\t: chunked", body="0\r\n\r\n"), BAD),
    "space before the first field name": (b"GET /api/first HTTP/1.1\r\n Host: h\r\n\r\n", BAD),
    "folded value": (get("X-Folded: a\r\n b"), BAD),
    "a value that begins on a folded line": (get("X-Folded:\r\n b"), BAD),
    "folded value with a tab": (get("X-Folded: a\r\n\tb"), BAD),
    "a line without a colon": (get("NoColonHere"), BAD),
    "an empty field name": (get(": empty"), BAD),
    "a field name with a space": (get("X Name: v"), BAD),
    "a field name with a control character": (get("X-\x01: v"), BAD),
    "a field name with NUL": (get("X-\x00: v"), BAD),
    "a field name with a bracket": (get("X(Name): v"), BAD),
    "a field name with a byte above 127": (get("X-\xe9: v"), BAD),
    "NUL in a value": (get("X-Value: a\x00b"), BAD),
    "a control character in a value": (get("X-Value: a\x01b"), BAD),
    "DEL in a value": (get("X-Value: a\x7fb"), BAD),
    "bare CR in a value": (get("X-Value: a\rContent-Length: 41"), BAD),
    "bare CR as a line end": (b"GET /api/first HTTP/1.1\rHost: h\r\r", BAD),
    "bare LF as every line end": (b"GET /api/first HTTP/1.1\nHost: h\n\n", BAD),
    "bare LF behind the request line": (b"GET /api/first HTTP/1.1\nHost: h\r\n\r\n", BAD),
    "bare LF behind a field": (b"GET /api/first HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", BAD),
    "bare LF as the empty line": (b"GET /api/first HTTP/1.1\r\nHost: h\r\n\n", BAD),
    "CR CR LF behind a field": (b"GET /api/first HTTP/1.1\r\nHost: h\r\r\n\r\n", BAD),
    # --- the request line
    "no Host": (get(host=""), BAD),
    "two Hosts": (get("Host: other"), BAD),
    "two Hosts that agree": (get("Host: h"), BAD),
    "a Host with a space": (get(host="Host: h evil\r\n"), BAD),
    "a Host with a slash": (get(host="Host: h/evil\r\n"), BAD),
    "a Host with user information": (get(host="Host: user@h\r\n"), BAD),
    "absolute target with user information": (get(line="GET http://user@h/api/first HTTP/1.1"), BAD),
    "absolute target of another host than Host": (get(line="GET http://other/api/first HTTP/1.1"), BAD),
    "a method with a control character": (get(line="GE\x01T /api/first HTTP/1.1"), BAD),
    "a method with a bracket": (get(line="G(ET /api/first HTTP/1.1"), BAD),
    "no method": (get(line=" /api/first HTTP/1.1"), BAD),
    "two spaces in the request line": (get(line="GET  /api/first HTTP/1.1"), BAD),
    "a tab in the request line": (get(line="GET\t/api/first\tHTTP/1.1"), BAD),
    "a space behind the version": (get(line="GET /api/first HTTP/1.1 "), BAD),
    "a space in the target": (get(line="GET /api/fi rst HTTP/1.1"), BAD),
    "a NUL in the target": (get(line="GET /api/fi\x00rst HTTP/1.1"), BAD),
    "a control character in the target": (get(line="GET /api/fi\x01rst HTTP/1.1"), BAD),
    "DEL in the target": (get(line="GET /api/fi\x7frst HTTP/1.1"), BAD),
    "a bare CR in the target": (get(line="GET /api/fi\rrst HTTP/1.1"), BAD),
    "a target that is no path": (get(line="GET api/first HTTP/1.1"), BAD),
    "no version": (get(line="GET /api/first"), BAD),
    "HTTP/0.9": (b"GET /api/first\r\n\r\n", BAD),
    "version 1.2 digits": (get(line="GET /api/first HTTP/1.11"), BAD),
    "version with a letter": (get(line="GET /api/first HTTP/1.x"), BAD),
    "version with a sign": (get(line="GET /api/first HTTP/+1.1"), BAD),
    "version in lower case": (get(line="GET /api/first http/1.1"), BAD),
    "another protocol": (get(line="GET /api/first ICAP/1.1"), BAD),
    "a request line above the limit": (get(line="GET /api/" + "a" * 70000 + " HTTP/1.1"), TOO_LARGE),
    "a field above the limit": (get("X-Long: " + "a" * 70000), TOO_LARGE),
    "an endless field name": (get("X" * 70000), TOO_LARGE),
    # --- chunks
    "a chunk size that is no number": (chunked("zz\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a chunk size with a prefix": (chunked("0x5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a chunk size with a plus": (chunked("+5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a negative chunk size": (chunked("-5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a space before the chunk size": (chunked(" 5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "an empty chunk size": (chunked("\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a chunk size with an underscore": (chunked("0_5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a chunk size with a NUL": (chunked("5\x00\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a chunk size above 64 bits": (chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a chunk size of the largest number": (chunked("ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "a chunk size with many zeros": (chunked("0" * 5000 + "5\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK + TOO_LARGE),
    "bare LF behind the chunk size": (chunked("5\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "bare CR behind the chunk size": (chunked("5\rhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "bare LF in a chunk extension": (chunked("5;a\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "bare CR in a chunk extension": (chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "NUL in a chunk extension": (chunked("5;a\x00\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK),
    "an endless chunk extension": (chunked("5;" + "a" * 70000 + "\r\nhello\r\n0\r\n\r\n"), BAD_CHUNK + TOO_LARGE),
    "no line end behind the chunk": (chunked("5\r\nhello0\r\n\r\n"), BAD_CHUNK),
    "bare LF behind the chunk": (chunked("5\r\nhello\n0\r\n\r\n"), BAD_CHUNK),
    "two bytes that are no line end behind the chunk": (chunked("5\r\nhelloXX0\r\n\r\n"), BAD_CHUNK),
    "bare LF behind the last chunk": (chunked("0\n\n"), BAD_CHUNK),
    "a trailer without a colon": (chunked("0\r\nNoColon\r\n\r\n"), BAD_CHUNK),
    "a folded trailer": (chunked("0\r\nX: a\r\n b\r\n\r\n"), BAD_CHUNK),
    "a trailer with a space before the colon": (chunked("0\r\nX : a\r\n\r\n"), BAD_CHUNK),
    "a trailer with NUL": (chunked("0\r\nX: a\x00b\r\n\r\n"), BAD_CHUNK),
    "a trailer with a bare CR": (chunked("0\r\nX: a\rb\r\n\r\n"), BAD_CHUNK),
    "bare LF behind a trailer": (chunked("0\r\nX: a\n\r\n"), BAD_CHUNK),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from support.gateway import Gateway
    running = Gateway(tmp_path_factory.mktemp("gateway"), {"max_header_size": 65536})
    running.write(classic("api", upstream.url)).start()
    yield running
    running.stop()


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_and_nothing_goes_further(gateway, upstream, name):
    data, expected = CASES[name]
    with gateway.client() as client:
        try:
            client.send(data + SMUGGLED)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent
        try:
            first = client.response()
        except Closed as closed:
            raise AssertionError(f"closed without an answer: {closed}") from None
        assert first.status in expected, f"{first.status} {first.body[:100]!r}"
        rest = client.expect_closed()
        assert b"HTTP/1." not in rest, f"a second answer: {rest[:200]!r}"
    # What the gateway sends upstream it sends in order of arrival: when the marker is there, the rest was not sent.
    assert gateway.get("/api/marker").status == 200
    assert [r.target for r in upstream.requests] == ["/marker"]
    assert b"smuggled" not in upstream.received
    assert b"first" not in upstream.received


PARTLY = {
    "no line end behind the second chunk": ("5\r\nhello\r\n", "5\r\nworldXX0\r\n\r\n"),
    "a second chunk size that is no number": ("5\r\nhello\r\n", "zz\r\n"),
    "a bad trailer behind a good chunk": ("5\r\nhello\r\n", "0\r\nX : a\r\n\r\n"),
}


@pytest.mark.parametrize("name", PARTLY)
def test_a_body_that_turns_bad_while_it_is_streamed_never_becomes_a_whole_request(gateway, upstream, name):
    good, bad = PARTLY[name]
    with gateway.client() as client:
        client.send(chunked(good))
        # The head and the first chunk may have gone on by now: that is what streaming means.
        client.send(bad.encode() + SMUGGLED)
        client.expect_closed()
    assert gateway.get("/api/marker").status == 200
    assert [r.target for r in upstream.requests] == ["/marker"]
    assert b"smuggled" not in upstream.received


ACCEPTED = {
    "chunked in capitals": (chunked("5\r\nhello\r\n0\r\n\r\n").replace(b"chunked", b"CHUNKED"), b"hello"),
    "a chunk size with leading zeros": (chunked("0005\r\nhello\r\n0\r\n\r\n"), b"hello"),
    "a chunk extension": (chunked('5;name="value"\r\nhello\r\n0\r\n\r\n'), b"hello"),
    "space around a value": (post("Content-Length: \t 5 \t", body="hello"), b"hello"),
    "a value with bytes above 127": (get("X-Name: \xe9"), b""),
    "an empty value": (get("X-Empty:"), b""),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_odd_but_unambiguous_is_served(gateway, upstream, name):
    data, body = ACCEPTED[name]
    with gateway.client() as client:
        assert client.send(data).response().status == 200
        assert client.get("/api/next").status == 200
    assert [(r.target, r.body) for r in upstream.requests] == [("/first", body), ("/next", b"")]
