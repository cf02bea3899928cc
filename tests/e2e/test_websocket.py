"""Upgrades pass through to a real WebSocket server."""
import asyncio
import threading

import pytest
import websockets

from support.gateway import classic
from support.wait import eventually


class EchoServer:
    """A `websockets` server on a thread of its own: echoes what it gets, and remembers paths and how each client left."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.paths, self.closed = [], []
        started = threading.Event()
        threading.Thread(target=self.run, args=(started,), daemon=True).start()
        started.wait(10)

    def run(self, started):
        asyncio.set_event_loop(self.loop)

        async def serve(socket, path):
            self.paths.append(path)
            try:
                async for message in socket:
                    await socket.send(message)
            finally:
                self.closed.append(path)

        async def start():
            self.server = await websockets.serve(serve, "127.0.0.1", 0, max_size=None, subprotocols=["chat"])
            self.port = self.server.sockets[0].getsockname()[1]
            started.set()

        self.loop.create_task(start())
        self.loop.run_forever()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture(scope="module")
def echo():
    server = EchoServer()
    yield server
    server.stop()


@pytest.fixture
def gateway(new_gateway, echo):
    gateway = new_gateway({"http_server_options": {"enable_websockets": True, "read_timeout": 2, "write_timeout": 2}})
    return gateway.write(classic("ws", f"http://127.0.0.1:{echo.port}/base/")).start()


def talk(gateway, script, **options):
    async def run():
        async with websockets.connect(f"ws://127.0.0.1:{gateway.port}/ws/room?x=1", max_size=None, **options) as socket:
            return await asyncio.wait_for(script(socket), 20)

    return asyncio.run(run())


def test_frames_pass_in_both_directions(gateway, echo):
    async def script(socket):
        for message in ("hello", b"\x00\xff" * 1000, "x" * 300000):
            await socket.send(message)
            assert await socket.recv() == message

    talk(gateway, script)
    assert echo.paths[-1] == "/base/room?x=1"


def test_the_subprotocol_is_agreed_with_the_upstream(gateway):
    async def script(socket):
        return socket.subprotocol

    assert talk(gateway, script, subprotocols=["chat"]) == "chat"


def test_an_upgraded_connection_outlives_the_timeouts_of_requests(gateway):
    async def script(socket):
        await asyncio.sleep(3)  # longer than read_timeout and write_timeout: only time itself shows this
        await socket.send("still there")
        return await socket.recv()

    assert talk(gateway, script) == "still there"


def test_the_upstream_learns_that_the_client_has_gone(gateway, echo):
    async def script(socket):
        await socket.send("x")
        await socket.recv()

    before = len(echo.closed)
    talk(gateway, script)
    eventually(lambda: len(echo.closed) > before, "the server's side of the connection ended")


def test_without_the_switch_the_upgrade_is_dropped(new_gateway, upstream):
    gateway = new_gateway().write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        reply = client.get("/api/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    assert reply.status == 200
    assert upstream.requests[0].header("Upgrade") is None


def test_a_refused_upgrade_is_an_ordinary_answer(new_gateway, upstream):
    gateway = new_gateway({"http_server_options": {"enable_websockets": True}})
    gateway.write(classic("api", upstream.url)).start()
    with gateway.client() as client:
        reply = client.get("/api/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        assert (reply.status, reply.body) == (200, b"ok")
        assert client.get("/api/next").status == 200
