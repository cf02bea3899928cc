"""A scriptable upstream on raw sockets: it records every byte it gets and answers with exactly the bytes it is told."""
import contextlib
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field

from support.wait import eventually


@dataclass
class Request:
    """A request as it arrived. `connection` numbers the connections in the order in which they were accepted."""
    connection: int
    method: str
    target: str
    version: str
    headers: list
    head: bytes
    body: bytes = b""
    trailers: list = field(default_factory=list)
    chunks: int = 0

    def header(self, name: str, default=None):
        values = self.all(name)
        return values[0] if values else default

    def all(self, name: str):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    @property
    def path(self) -> str:
        return self.target.split("?")[0]


class Gone(Exception):
    """The gateway closed its side."""


class Connection:
    """What a script sees of one connection from the gateway."""

    def __init__(self, upstream, sock, number):
        self.upstream, self.socket, self.number = upstream, sock, number
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def trickle(self, data: bytes, pause: float = 0.01):
        for at in range(len(data)):
            self.send(data[at:at + 1])
            time.sleep(pause)

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def fill(self):
        try:
            more = self.socket.recv(65536)
        except OSError:
            more = b""
        if not more:
            raise Gone
        with self.upstream.changed:
            self.upstream.received += more
            self.upstream.changed.notify_all()
        self.buffer += more

    def wait_gone(self, seconds: float = 10.0) -> bool:
        """True when the gateway closes this connection within the time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

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

    def read_head(self) -> Request:
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        method, target, version = first.split(" ", 2)
        headers = [(n, v.strip()) for n, _, v in (line.partition(":") for line in rest)]
        return Request(self.number, method, target, version, headers, head + b"\r\n\r\n")

    def read_body(self, request: Request):
        if "chunked" in (request.header("Transfer-Encoding") or "").lower():
            while size := int(self.line().split(b";")[0], 16):
                request.body += self.exactly(size)
                request.chunks += 1
                self.line()
            while line := self.line():
                name, _, value = line.decode("latin-1").partition(":")
                request.trailers.append((name, value.strip()))
        else:
            request.body = self.exactly(int(request.header("Content-Length") or 0))


def answer(body: bytes = b"ok", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Upstream:
    """Scripts are called as script(connection, request) once the head was read; `body=False` leaves the body to them.
    A script that returns False ends the connection; without one the answer is `200`, body `ok`."""

    def __init__(self, context: ssl.SSLContext = None):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.context = context
        self.changed = threading.Condition()
        self.open = set()
        self.accepted = 0
        self.scripts = {}
        self.clear()
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/"

    def clear(self):
        """Forgets what was recorded and scripted; idle connections stay."""
        with self.changed:
            self.requests, self.received, self.errors = [], b"", []
            self.scripts = {}

    def on(self, path: str, script, body: bool = True):
        self.scripts[path] = (script, body)
        return self

    def wait(self, count: int = 1, seconds: float = 10.0):
        """The requests recorded so far, once there are `count`."""
        eventually(lambda: len(self.requests) >= count,
                   f"{count} requests upstream, there were {len(self.requests)}", seconds)
        return self.requests

    def close_idle(self):
        """Closes every connection on the upstream's side, as a server does with idle ones."""
        with self.changed:
            connections, self.open = self.open, set()
        for connection in connections:
            connection.close()

    def stop(self):
        self.listener.close()
        self.close_idle()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                number, self.accepted = self.accepted, self.accepted + 1
            threading.Thread(target=self.serve, args=(sock, number), daemon=True).start()

    def serve(self, sock, number):
        if self.context:
            try:
                sock = self.context.wrap_socket(sock, server_side=True)
            except (OSError, ssl.SSLError) as error:
                self.errors.append(str(error))
                sock.close()
                return
        connection = Connection(self, sock, number)
        with self.changed:
            self.open.add(connection)
        try:
            while True:
                request = connection.read_head()
                script, body = self.scripts.get(request.path, (None, True))
                if body:
                    connection.read_body(request)
                with self.changed:
                    self.requests.append(request)
                    self.changed.notify_all()
                if script is None:
                    connection.send(answer())
                elif script(connection, request) is False:
                    break
        except (Gone, OSError, ValueError):
            pass
        finally:
            with self.changed:
                self.open.discard(connection)
            connection.close()
