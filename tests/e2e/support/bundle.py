"""Makes bundles as the reference's tool does, and serves them from nginx over TLS."""
import base64
import contextlib
import hashlib
import json
import signal
import socket
import struct
import subprocess
import threading
import zipfile
from pathlib import Path

from support.gateway import free_port
from support.wait import eventually


def lua_hook(value: str) -> str:
    return f'function Mark(request, session, spec)\n  tyk.req.set_header("X-Mark", "{value}")\n  return request, session\nend\n'


def write_bundle(path: Path, files: dict, middleware: dict, key: Path = None, **changes):
    """A zip with these files and a manifest; `changes` replace members of the manifest."""
    content = b"".join(text.encode() if isinstance(text, str) else text for text in files.values())
    manifest = {"file_list": list(files), "custom_middleware": middleware,
                "checksum": hashlib.md5(content).hexdigest(), "signature": ""}
    if key:
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(key)], input=content,
                                   capture_output=True, check=True).stdout
        manifest["signature"] = base64.b64encode(signature).decode()
    manifest.update(changes)
    fresh = path.with_suffix(".fresh")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr("manifest.json", json.dumps(manifest))
    fresh.replace(path)


PYTHON_MARK = """from tyk.decorators import *
from limits import NAME

@Hook
def {function}(request, session, spec):
    import late
    request.add_header("X-{function}", NAME + " " + late.NAME)
    return request, session
"""
JS_MARK = """var seen = typeof owner, owner = "{value}";
var {function} = new TykJS.TykMiddleware.NewMiddleware({{}});
{function}.NewProcessRequest(function (request, session, spec) {{
  request.SetHeaders["X-{function}"] = owner + " " + (seen === "undefined" ? owner : seen);
  return {function}.ReturnData(request, {{}});
}});
"""
LUA_MARK = """owner = "{value}"
function {function}(request, session, spec)
  tyk.req.set_header("X-{function}", owner .. " " .. require("limits").name)
  return request, session
end
"""


def marking_bundle(path: Path, driver: str, function: str, value: str, key: Path = None, **changes):
    """Its hook `function` writes the header X-<function>: the value twice, once from a module or a global whose name every
    bundle made here has too."""
    name = f'NAME = "{value}"\n'
    files, entry = {
        "python": ({"middleware.py": PYTHON_MARK.format(function=function), "limits.py": name, "late.py": name}, {}),
        "otto": ({"mark.js": JS_MARK.format(function=function, value=value)}, {"path": "mark.js"}),
        "lua": ({"mark.lua": LUA_MARK.format(function=function, value=value), "limits.lua": f'return {{name = "{value}"}}'},
                {"path": "mark.lua"}),
    }[driver]
    write_bundle(path, files, {"driver": driver, "pre": [{"name": function, **entry}]}, key, **changes)


def lua_bundle(path: Path, value: str, key: Path = None, **changes):
    write_bundle(path, {"mark.lua": lua_hook(value)}, {"driver": "lua", "pre": [{"name": "Mark", "path": "mark.lua"}]}, key,
                 **changes)


def rsa_key(folder: Path, name: str = "key"):
    """(private, public) key files, made by OpenSSL."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(private), "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", str(private), "-pubout", "-out", str(public)], check=True, capture_output=True)
    return private, public


class BundleServer:
    """nginx with a certificate of its own making."""

    def __init__(self, work: Path):
        self.work, self.port = work, free_port()
        self.folder = work / "bundles"
        self.folder.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(work / "tls.key"), "-out", str(work / "tls.crt")],
                       check=True, capture_output=True)
        (work / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid {work}/pid; error_log {work}/error.log; {"user root;" if self.is_root() else ""}
            events {{ worker_connections 256; }}
            http {{
              log_format asked '$request_uri $status'; access_log {work}/access.log asked;
              client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;
              uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
              server {{
                listen 127.0.0.1:{self.port} ssl; ssl_certificate {work}/tls.crt; ssl_certificate_key {work}/tls.key;
                location / {{ root {self.folder}; }}
                location /loop/ {{ return 302 /loop/again; }}
              }}
            }}""")
        self.process = subprocess.Popen(["nginx", "-p", str(work), "-c", str(work / "nginx.conf")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def ready():
            assert self.process.poll() is None, (work / "error.log").read_text()
            with contextlib.suppress(OSError):
                return Path(work / "pid").read_text().strip()

        eventually(ready, "nginx runs")

    @staticmethod
    def is_root() -> bool:
        import os
        return os.geteuid() == 0

    def url(self, path: str = "/") -> str:
        return f"https://127.0.0.1:{self.port}{path}"

    def asked(self, name: str):
        """Statuses of the requests for a file, oldest first."""
        log = self.work / "access.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"/{name} ")]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


class Cutter:
    """Answers every request with a head that announces all of `content`, half of it and a reset, until `whole` is set."""

    def __init__(self, content: bytes):
        self.content, self.whole, self.asked = content, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.listener.close()

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                while b"\r\n\r\n" not in connection.recv(65536):
                    pass
                self.asked += 1
                head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(self.content)}\r\n\r\n".encode()
                connection.sendall(head + (self.content if self.whole else self.content[:len(self.content) // 2]))
                if not self.whole:
                    # No lingering: closing sends a reset.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
