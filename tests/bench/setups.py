"""Configuration of the programs that are compared: all proxy `/<scenario>/…` to the same upstream, kept alive."""
import base64
import json
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from harness import GATEWAY_CORE, LOAD_CORE, Process

SMALL = '{"hello":"world","n":[1,2,3]}'
SECRET = "bench"
# scenario -> path on the upstream
PATHS = {"get": "/", "10k": "/10k", "1m": "/1m", "plugin": "/", "js": "/", "lua": "/", "python": "/",
         "grpc": "/", "native_isolated": "/", "go": "/", "go_inside": "/"}
# Pre hooks that set a header and copy another, in the languages of the scenarios.
SCRIPTS = {
    "js": ("otto", "addHeader", "js", """
var addHeader = new TykJS.TykMiddleware.NewMiddleware({});
addHeader.NewProcessRequest(function (request, session) {
  request.SetHeaders["Foo"] = "Bar";
  var agent = request.Headers["User-Agent"];
  if (agent) { request.SetHeaders["X-Seen"] = agent[0]; }
  return addHeader.ReturnData(request, {});
});
"""),
    "lua": ("lua", "AddHeader", "lua", """
function AddHeader(request, session, spec)
  tyk.req.set_header("Foo", "Bar")
  local agent = request.headers["User-Agent"]
  if agent then tyk.req.set_header("X-Seen", agent) end
  return request, session
end
"""),
    "python": ("python", "AddHeader", "py", """
from tyk.decorators import *

@Hook
def AddHeader(request, session, spec):
    request.add_header("Foo", "Bar")
    agent = request.get_header("User-Agent")
    if agent:
        request.add_header("X-Seen", agent)
    return request, session
"""),
}
# The same in Go; built by `tykpp plugin build`.
GO_SOURCE = """package main

import "net/http"

func AddHeader(rw http.ResponseWriter, r *http.Request) {
	r.Header.Set("Foo", "Bar")
	if agent := r.Header.Get("User-Agent"); agent != "" {
		r.Header.Set("X-Seen", agent)
	}
}
"""
# Hooks that wait: what they cost others is measured.
WAITING = {
    "js-fetch": ("otto", "fetcher", "js", """
var fetcher = new TykJS.TykMiddleware.NewMiddleware({});
fetcher.NewProcessRequest(function (request, session) {
  var answer = TykMakeHttpRequest(JSON.stringify({"Method": "GET", "Domain": "SLOW", "Resource": "/"}));
  request.SetHeaders["X-Code"] = String(JSON.parse(answer).Code);
  return fetcher.ReturnData(request, {});
});
"""),
    "python-sleep": ("python", "Sleeper", "py", """
import time
from tyk.decorators import *

@Hook
def Sleeper(request, session, spec):
    time.sleep(0.05)
    return request, session
"""),
}
NGINX_PATHS = """client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;"""


def nginx(name: str, work: Path, port: int, core: str, http: str, modules: str = "") -> Process:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=work))
    (folder / "nginx.conf").write_text(f"""
{modules}
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; {NGINX_PATHS.format(folder)}
{http}
}}
""")
    argv = ["nginx", "-p", folder, "-c", folder / "nginx.conf"]
    return Process(name, argv, core, work).wait_port(port)


def start_upstream(work: Path, port: int) -> Process:
    www = work / "www"
    www.mkdir()
    (www / "10k").write_bytes(b"x" * 10 * 1024)
    (www / "1m").write_bytes(b"x" * 1024 * 1024)
    return nginx("upstream", work, port, LOAD_CORE, f"""
 server {{ listen 127.0.0.1:{port} backlog=8192; root {www};
  location / {{ default_type application/json; return 200 '{SMALL}'; }}
  location = /10k {{ }}
  location = /1m {{ }} }}""")


def start_nginx(work: Path, port: int, upstream: int) -> Process:
    locations = "\n".join(f"""  location /{name}/ {{ proxy_pass http://up{path}; proxy_http_version 1.1;
   proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}"""
                          for name, path in PATHS.items())
    return nginx("nginx", work, port, GATEWAY_CORE, f"""
 upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
 server {{ listen 127.0.0.1:{port} backlog=8192;
{locations} }}""")


LUA_MODULE = Path("/usr/share/nginx/modules-available/mod-http-lua.conf")


def start_nginx_lua(work: Path, port: int, upstream: int) -> Process:
    """nginx with its Lua module and the work of the scripts above."""
    modules = "\n".join(Path(path).read_text().replace("modules/", "/usr/lib/nginx/modules/") for path in
                        ("/usr/share/nginx/modules-available/mod-http-ndk.conf", LUA_MODULE) if Path(path).exists())
    return nginx("nginx-lua", work, port, GATEWAY_CORE, f"""
 upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
 server {{ listen 127.0.0.1:{port} backlog=8192;
  location / {{ access_by_lua_block {{
     ngx.req.set_header("Foo", "Bar")
     local agent = ngx.req.get_headers()["User-Agent"]
     if agent then ngx.req.set_header("X-Seen", agent) end
   }} proxy_pass http://up/; proxy_http_version 1.1;
   proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }} }}""", modules)


def start_slow(work: Path, port: int) -> Process:
    """Answers after 50 ms: what scripts ask."""
    program = work / "slow.py"
    program.write_text(f"""
import asyncio
async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", {port}, backlog=4096)
    await server.serve_forever()
asyncio.run(main())
""")
    return Process("slow", ["/usr/bin/python3", program], LOAD_CORE, work).wait_port(port)


def build_go_plugin(work: Path, binary: str) -> str:
    """The shared object of GO_SOURCE."""
    folder = work / "go-plugin"
    folder.mkdir()
    (folder / "plugin.go").write_text(GO_SOURCE)
    subprocess.run([binary, "plugin", "build", folder, "-o", folder / "plugin.so"], check=True, stdout=subprocess.DEVNULL)
    return str(folder / "plugin.so")


def start_plugin_server(work: Path, root: Path, port: int) -> Process:
    """The example in Go, which the scenario grpc calls."""
    out = work / "plugin-server"
    subprocess.run([root / "plugins/grpc/go/build.sh", out], check=True)
    return Process("plugin-server", [out / "run", f"127.0.0.1:{port}"], LOAD_CORE, work).wait_port(port)


def start_haproxy(work: Path, port: int, upstream: int) -> Process:
    rules = "\n".join(f"  http-request set-path {path} if {{ path_beg /{name}/ }}" for name, path in PATHS.items())
    (work / "haproxy.cfg").write_text(f"""
global
  nbthread 1
  maxconn 2000
defaults
  mode http
  option forwardfor
  timeout connect 10s
  timeout client 600s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:{port} backlog 8192
{rules}
  default_backend up
backend up
  server up 127.0.0.1:{upstream}
""")
    return Process("haproxy", ["haproxy", "-f", work / "haproxy.cfg", "-db"], GATEWAY_CORE, work).wait_port(port)


# A key's or policy's limits: they count and never refuse.
SESSION = {"org_id": "default", "active": True, "rate": 1e9, "per": 60, "quota_max": -1}


def definition(name: str, upstream: int, path: str = "/", **more) -> dict:
    return {"name": name, "api_id": name, "org_id": "default", "active": True, "use_keyless": True,
            "definition": {"location": "header", "key": "x-api-version"},
            "version_data": {"not_versioned": True, "versions": {"Default": {"name": "Default"}}},
            "proxy": {"listen_path": f"/{name}/", "target_url": f"http://127.0.0.1:{upstream}{path}", "strip_listen_path": True},
            "do_not_track": True, "disable_rate_limit": True, "disable_quota": True, **more}


class TykSetup:
    """A folder for tykpp, or for Tyk itself: both read the same files."""

    def __init__(self, name: str, work: Path, port: int, upstream: int, plugin: str = None, many: int = 0, redis: int = 0,
                 scripts: bool = False, slow: str = "", plugin_server: int = 0, go_plugin: str = ""):
        self.name, self.port, self.folder = name, port, work / name
        self.apps, self.upstream = self.folder / "apps", upstream
        self.apps.mkdir(parents=True)
        (self.folder / "middleware").mkdir()
        for scenario, path in PATHS.items():
            if scenario not in ("plugin", "native_isolated", "grpc", "go", "go_inside", *SCRIPTS):
                self.write(definition(scenario, upstream, path))
        if plugin:
            self.write(definition("plugin", upstream, custom_middleware={
                "driver": "native", "pre": [{"name": "AddFooBar", "path": plugin}]}))
            self.write(definition("native_isolated", upstream, custom_middleware={
                "driver": "native", "pre": [{"name": "AddFooBar", "path": plugin, "isolate": True}]}))
        for name, isolate in (("go", True), ("go_inside", False)) if go_plugin else ():
            self.write(definition(name, upstream, custom_middleware={
                "driver": "goplugin", "pre": [{"name": "AddHeader", "path": go_plugin, "isolate": isolate}]}))
        if scripts:
            self.write_scripts(slow)
        if plugin_server:
            self.write(definition("grpc", upstream, custom_middleware={"driver": "grpc", "pre": [{"name": "Mark"}]}))
        for number in range(many):
            self.write(definition(f"many{number:05}", upstream))
        conf = {"listen_address": "127.0.0.1", "listen_port": port, "secret": SECRET, "node_secret": SECRET,
                "app_path": str(self.apps), "middleware_path": str(self.folder / "middleware"), "workers": 1,
                "pid_file_location": str(self.folder / "pid"), "log_level": "error", "enable_analytics": False,
                "max_idle_connections_per_host": 1000, "idle_timeout": 600,
                "enable_jsvm": True, "coprocess_options": {
                    "enable_coprocess": scripts or plugin_server != 0,
                    "coprocess_grpc_server": f"tcp://127.0.0.1:{plugin_server}" if plugin_server else ""},
                "policies": {"policy_record_name": str(self.folder / "policies.json")},
                "storage": {"type": "embedded", "file": str(self.folder / "keys.db")},
                "http_server_options": {"read_timeout": 600, "write_timeout": 600}}
        (self.folder / "policies.json").write_text(json.dumps({"bench": {**SESSION, "id": "bench", "access_rights": {
            "jwt": {"api_id": "jwt", "api_name": "jwt", "versions": ["Default"]}}}}))
        if redis:  # Tyk does not start without
            conf |= {"storage": {"type": "redis", "host": "127.0.0.1", "port": redis}, "suppress_redis_signal_reload": True,
                     "policies": {"policy_source": "file", "policy_record_name": str(self.folder / "policies.json")}}
            conf["http_server_options"]["override_defaults"] = True
        (self.folder / "tyk.conf").write_text(json.dumps(conf, indent=1))

    def write_identity(self) -> dict:
        """APIs that want to know who calls: with a rate, with a rate and a quota, with a signed token.
        name -> what a client brings."""
        (self.folder / "key.pem").unlink(missing_ok=True)
        subprocess.run(["openssl", "genrsa", "-out", self.folder / "key.pem", "2048"], check=True, stderr=subprocess.DEVNULL)
        public = subprocess.run(["openssl", "rsa", "-in", self.folder / "key.pem", "-pubout"], check=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout
        limited = {"use_keyless": False, "disable_rate_limit": False, "disable_quota": False}
        self.write(definition("key", self.upstream, use_standard_auth=True, **limited))
        self.write(definition("quota", self.upstream, use_standard_auth=True, **limited))
        self.write(definition("jwt", self.upstream, enable_jwt=True, jwt_signing_method="rsa", jwt_identity_base_field="sub",
                              jwt_source=base64.b64encode(public).decode(), jwt_default_policies=["bench"], **limited))
        return {"key": "Authorization: bench-key", "quota": "Authorization: bench-quota", "jwt": f"Authorization: {self.token()}"}

    def token(self) -> str:
        def part(data: bytes) -> bytes:
            return base64.urlsafe_b64encode(data).rstrip(b"=")

        text = part(b'{"alg":"RS256","typ":"JWT"}') + b"." + part(b'{"sub":"bench","exp":4102444800}')
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.folder / "key.pem"], input=text, check=True,
                                stdout=subprocess.PIPE).stdout
        return (text + b"." + part(signed)).decode()

    def make_keys(self):
        """What write_identity() promised, in the store; the gateway runs."""
        for name, more in (("key", {}), ("quota", {"quota_max": 10**12, "quota_renewal_rate": 86400})):
            rights = {name: {"api_id": name, "api_name": name, "versions": ["Default"]}}
            body = json.dumps({**SESSION, **more, "access_rights": rights}).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}/tyk/keys/bench-{name}", body,
                                             {"x-tyk-authorization": SECRET}, method="POST")
            urllib.request.urlopen(request).read()

    def write_scripts(self, slow: str):
        """Hooks that set a header, and those that wait. `slow` is the upstream that a script asks."""
        for name, (driver, function, ending, source) in {**SCRIPTS, **WAITING}.items():
            path = self.folder / "middleware" / f"{name.replace('-', '_')}.{ending}"
            path.write_text(source.replace("SLOW", slow))
            self.write(definition(name, self.upstream, custom_middleware={
                "driver": driver, "pre": [{"name": function, "path": str(path)}]}))

    def write_script_api(self, kind: str, number: int):
        """One more API with a script of its own."""
        driver, function, ending, source = SCRIPTS[kind]
        path = self.folder / "middleware" / f"more_{kind}_{number}.{ending}"
        path.write_text(source)
        self.write(definition(f"more-{kind}-{number}", self.upstream, custom_middleware={
            "driver": driver, "pre": [{"name": function, "path": str(path)}]}))

    def write(self, definition: dict):
        fresh = self.folder / "fresh"
        fresh.write_text(json.dumps(definition))
        fresh.replace(self.apps / f"{definition['api_id']}.json")

    def start(self, binary: str, env=None) -> Process:
        env = {"GOMAXPROCS": "1", **(env or {})}
        return Process(self.name, [binary, "--conf", self.folder / "tyk.conf"], GATEWAY_CORE, self.folder, env)

    def url(self, scenario: str) -> str:
        return f"http://127.0.0.1:{self.port}/{scenario}/"
