"""A real HTTP server for unit tests: `http_server.py [--root FOLDER] [--tls CERTIFICATE KEY]`.

Prints the port it listens on, then serves until its standard input ends.
  /echo                what came, as JSON                 /status/<n>       an empty answer
  /redirect/<n>        n redirects, then /echo            /loop             redirects to itself
  /moved/<status>?to=  a redirect to anywhere             /gzip             `hello`, packed
  /bomb                64 MiB of zeros, packed            /big/<n>          n bytes
  /half                a body that breaks off             /hang             never answers
  /head/<n>            n fields                           /peer             the port of the caller
  /files/<name>        a file of the root, with an ETag   /seen/<path>      how often /<path> was asked
  /record/<name>       keeps what came                    /recorded/<name>  what /record/<name> kept
  /flaky/<n>/<name>    503 n times, then that file        /broken/<n>/<name>  half of it n times, then all
"""
import collections
import gzip
import hashlib
import http.server
import json
import pathlib
import ssl
import sys
import threading
import urllib.parse

seen = collections.Counter()
kept = collections.defaultdict(list)
root = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_any(self):
        length = int(self.headers.get("Content-Length", 0))
        self.sent = self.rfile.read(length)
        self.url = urllib.parse.urlsplit(self.path)
        if not self.url.path.startswith("/seen/"):
            seen[self.url.path] += 1
        parts = urllib.parse.unquote(self.url.path).strip("/").split("/")
        getattr(self, "on_" + parts[0], self.on_unknown)(*parts[1:])

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_any

    def on_unknown(self, *_):
        self.answer(404)

    def on_echo(self):
        text = json.dumps({"method": self.command, "path": self.path, "headers": self.headers.items(),
                           "body": self.sent.decode("latin-1")})
        self.answer(200, text.encode(), Content_Type="application/json", X_One="1", X_Two="2")

    def on_record(self, name):
        kept[name].append({"method": self.command, "path": self.path, "headers": dict(self.headers.items()),
                           "body": self.sent.decode("latin-1")})
        self.answer(200)

    def on_recorded(self, name):
        self.answer(200, json.dumps(kept[name]).encode())

    def on_status(self, status):
        self.answer(int(status))

    def on_redirect(self, times):
        left = int(times)
        self.answer(302, b"elsewhere", Location=f"/redirect/{left - 1}" if left > 1 else "/echo")

    def on_moved(self, status):
        target = urllib.parse.parse_qs(self.url.query)["to"][0]
        self.answer(int(status), Location=target)

    def on_loop(self):
        self.answer(302, Location="/loop")

    def on_gzip(self):
        self.answer(200, gzip.compress(b"hello"), Content_Encoding="gzip")

    def on_bomb(self):
        self.answer(200, gzip.compress(bytes(64 << 20)), Content_Encoding="gzip")

    def on_big(self, size):
        self.answer(200, b"x" * int(size))

    def on_half(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def on_hang(self):
        self.rfile.read(1)  # until the caller hangs up
        self.close_connection = True

    def on_head(self, count):
        self.answer(200, b"", **{f"X-{i}": "v" * 100 for i in range(int(count))})

    def on_peer(self):
        self.answer(200, str(self.client_address[1]).encode())

    def on_seen(self, *path):
        self.answer(200, str(seen["/" + "/".join(path)]).encode())

    def on_files(self, *path):
        body = pathlib.Path(root, *path).read_bytes()
        tag = '"' + hashlib.md5(body).hexdigest() + '"'
        if self.headers.get("If-None-Match") == tag:
            return self.answer(304, ETag=tag)
        self.answer(200, body, ETag=tag)

    def on_flaky(self, times, *path):
        if seen[self.url.path] <= int(times):
            return self.answer(503)
        self.on_files(*path)

    def on_broken(self, times, *path):
        if seen[self.url.path] > int(times):
            return self.on_files(*path)
        body = pathlib.Path(root, *path).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *_):
        pass  # callers that hang up are part of the tests


def main():
    global root
    arguments = sys.argv[1:]
    server = Server(("127.0.0.1", 0), Handler)
    if "--root" in arguments:
        root = arguments[arguments.index("--root") + 1]
    if "--tls" in arguments:
        at = arguments.index("--tls")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments[at + 1], arguments[at + 2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


main()
