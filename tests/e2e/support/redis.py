"""A Redis of a test's own, on a port of its own."""
import contextlib
import socket
import subprocess

from support.gateway import free_port
from support.wait import eventually


class Redis:
    def __init__(self, work):
        self.work, self.port, self.process = work, free_port(), None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", str(self.work)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.answers, "Redis answers")
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def answers(self):
        with contextlib.suppress(OSError):
            return self.ask("PING") == "PONG"

    def ask(self, *words):
        """The answer to one command: text, a number, None, or a list of them."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as link:
            out = b"*%d\r\n" % len(words)
            for word in words:
                word = str(word).encode()
                out += b"$%d\r\n%s\r\n" % (len(word), word)
            link.sendall(out)
            with link.makefile("rb") as stream:
                return self.read(stream)

    def read(self, stream):
        line = stream.readline().decode().rstrip("\r\n")
        kind, rest = line[0], line[1:]
        if kind == "+":
            return rest
        if kind == ":":
            return int(rest)
        if kind == "$":
            return None if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode()
        if kind == "*":
            return [self.read(stream) for _ in range(int(rest))]
        raise AssertionError(line)

    def conf(self) -> dict:
        """What a gateway's tyk.conf says about it."""
        return {"storage": {"type": "redis", "host": "127.0.0.1", "port": self.port}}
