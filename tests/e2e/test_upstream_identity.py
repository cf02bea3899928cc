"""Who the gateway is to its upstreams: names and passwords, and what nobody else gets to see of them."""
import base64
import sys
from pathlib import Path

import pytest

from support.gateway import classic, oas
from support.wait import eventually

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))
import records  # noqa: E402  (the decoder of the recorded cases)

LIST = "analytics-tyk-system-analytics"
VALUE = "Basic " + base64.b64encode(b"gate:p:w").decode()
PLUGIN = """
var marks = new TykJS.TykMiddleware.NewMiddleware({});
marks.NewProcessRequest(function (request, session, config) {
  request.SetHeaders["Authorization"] = "of-the-plugin";
  return marks.ReturnData(request, {});
});
"""


def basic(kind: str, url: str, name: str = "up", header=None, path: str = None) -> dict:
    credential = {"enabled": True, "username": "gate", "password": "p:w"}
    if header:
        credential["header"] = {"enabled": True, "name": header}
    if kind == "classic":
        return classic(name, url, path, upstream_auth={"enabled": True, "basic_auth": credential})
    return oas(name, url, path, authentication={"enabled": True, "basicAuth": credential})


@pytest.mark.parametrize("kind", ["classic", "oas"])
def test_the_upstream_gets_name_and_password(new_gateway, upstream, kind):
    gateway = new_gateway().write(basic(kind, upstream.url), basic(kind, upstream.url, "named", "X-Up")).start()
    assert gateway.get("/up/a", "Authorization: mine", "authorization: twice").status == 200
    assert upstream.wait()[0].all("Authorization") == [VALUE]
    assert gateway.get("/named/a", "Authorization: mine", "x-up: forged").status == 200
    seen = upstream.wait(2)[1]
    assert (seen.all("X-Up"), seen.all("Authorization")) == ([VALUE], ["mine"])


def test_it_replaces_what_plugins_and_transforms_set(new_gateway, upstream):
    gateway = new_gateway({"enable_jsvm": True})
    (gateway.work / "middleware" / "marks.js").write_text(PLUGIN)
    definition = basic("classic", upstream.url)
    definition["custom_middleware"] = {"driver": "otto", "post": [
        {"name": "marks", "path": "middleware/marks.js"}]}
    definition["version_data"]["versions"]["Default"]["global_headers"] = {"Authorization": "of-the-transform"}
    without = {**definition, "name": "bare", "api_id": "bare", "upstream_auth": {"enabled": False},
               "proxy": {**definition["proxy"], "listen_path": "/bare/"}}
    gateway.write(definition, without).start()
    for _ in range(2):
        assert gateway.get("/up/a").status == gateway.get("/bare/a").status == 200
    assert [seen.all("Authorization") for seen in upstream.wait(4)] == [[VALUE], ["of-the-plugin"]] * 2


def test_clients_logs_and_records_do_not_show_it(new_gateway, redis, upstream):
    gateway = new_gateway({**redis.conf(), "enable_analytics": True, "log_level": "debug",
                           "analytics_config": {"enable_detailed_recording": True}})
    gateway.write(basic("classic", upstream.url)).start()
    upstream.on("/cut", lambda connection, _: False)
    reply = gateway.get("/up/a")
    assert reply.status == 200 and VALUE not in str(reply.headers)
    assert gateway.get("/up/cut").status == 500
    eventually(lambda: redis.ask("LLEN", LIST) == 2, "two records", 10)
    found = [records.unpack(raw) for raw in records.redis(redis.port, "LRANGE", LIST, 0, -1)]
    requests = "".join(base64.b64decode(record["RawRequest"]).decode() for record in found)
    assert "GET /a HTTP/1.1" in requests and "Basic" not in requests
    assert VALUE.split()[1] not in gateway.log() and "p:w" not in gateway.log()


def test_it_goes_along_with_web_sockets_and_repeated_requests(new_gateway, upstream):
    gateway = new_gateway({"http_server_options": {"enable_websockets": True}})
    gateway.write(basic("classic", upstream.url)).start()
    assert gateway.get("/up/a").status == 200
    upstream.close_idle()  # the next one is tried again where its connection turns out to be dead
    upstream.on("/ws", lambda connection, _: connection.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
    with gateway.client() as client:
        client.request("GET", "/up/ws", ["Connection: Upgrade", "Upgrade: websocket", "Authorization: mine"])
        assert client.head().status == 101
    assert upstream.wait(2)[1].all("Authorization") == [VALUE]


def test_bad_credentials_are_load_errors(new_gateway, upstream):
    gateway = new_gateway()
    bad = basic("classic", upstream.url)
    bad["upstream_auth"]["basic_auth"]["username"] = "a:b"
    oauth = classic("oauth", upstream.url, upstream_auth={"enabled": True, "oauth": {"enabled": True}})
    gateway.write(bad, oauth).start()
    assert gateway.get("/up/").status == gateway.get("/oauth/").status == 404
    log = gateway.log()
    assert "/upstream_auth/basic_auth/username" in log and "/upstream_auth/oauth" in log and "p:w" not in log
