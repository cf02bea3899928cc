"""A client that sends exactly the bytes it is given and reads answers strictly."""
import socket
import struct
import time
from dataclasses import dataclass, field

from support.wait import SLOW


class Closed(AssertionError):
    """The other side closed, or reset, where an answer was expected."""


@dataclass
class Response:
    version: str
    status: int
    reason: str
    headers: list
    body: bytes = b""
    trailers: list = field(default_factory=list)
    chunks: int = 0

    def header(self, name: str, default=None):
        values = self.all(name)
        return values[0] if values else default

    def all(self, name: str):
        return [v for n, v in self.headers if n.lower() == name.lower()]


class Client:
    """One TCP connection to the gateway."""

    def __init__(self, port: int, timeout: float = 10.0, receive_buffer: int = 0):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout * SLOW)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def request(self, method: str, target: str, headers=(), body: bytes = b"", host: str = "h"):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def get(self, target: str, *headers: str) -> Response:
        return self.request("GET", target, headers).response()

    def fill(self):
        try:
            more = self.socket.recv(65536)
        except ConnectionResetError:
            raise Closed("the connection was reset") from None
        if not more:
            raise Closed(f"the connection was closed; unread: {self.buffer[:200]!r}")
        self.buffer += more

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            self.fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def fields(self):
        found = []
        while line := self.line():
            name, _, value = line.decode("latin-1").partition(":")
            found.append((name, value.strip()))
        return found

    def head(self) -> Response:
        version, status, reason = (self.line().decode("latin-1").split(" ", 2) + [""])[:3]
        return Response(version, int(status), reason, self.fields())

    def response(self, method: str = "GET", interim: bool = False) -> Response:
        """The next final answer (with `interim`, the next answer of any kind), read to its end."""
        answer = self.head()
        if 100 <= answer.status < 200 and answer.status != 101:
            return answer if interim else self.response(method)
        if method == "HEAD" or answer.status in (101, 204, 304):
            return answer
        if "chunked" in (answer.header("Transfer-Encoding") or "").lower():
            parts = []
            while size := int(self.line().split(b";")[0], 16):
                parts.append(self.exactly(size))
                assert self.line() == b"", "a chunk ends with a line break"
            answer.body, answer.chunks = b"".join(parts), len(parts)
            answer.trailers = self.fields()
        elif (length := answer.header("Content-Length")) is not None:
            answer.body = self.exactly(int(length))
        else:
            answer.body = self.rest()
        return answer

    def rest(self) -> bytes:
        """Everything up to an orderly end of the connection."""
        while True:
            try:
                self.fill()
            except Closed as end:
                if "reset" in str(end):
                    raise
                data, self.buffer = self.buffer, b""
                return data

    def expect_closed(self, seconds: float = 5.0) -> bytes:
        """Waits for FIN or RST; returns what came before it."""
        self.socket.settimeout(seconds * SLOW)
        try:
            return self.rest()
        except Closed:
            return self.buffer
        except TimeoutError:
            raise AssertionError(f"the connection is still open; unread: {self.buffer[:200]!r}") from None

    def expect_silence(self, seconds: float = 0.3):
        """Nothing arrives, and the connection stays open."""
        self.socket.settimeout(seconds)
        start = time.monotonic()
        try:
            more = self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return
        finally:
            self.socket.settimeout(10 * SLOW)
        raise AssertionError(f"{'closed' if not more else 'bytes'} after {time.monotonic() - start:.2f} s")
