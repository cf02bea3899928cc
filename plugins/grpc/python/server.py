"""A plugin server in Python: one function a hook. Usage: server.py [ADDRESS], by default 127.0.0.1:5555."""
import signal
import sys
import threading
from concurrent import futures

import grpc

import coprocess_object_pb2 as messages
import coprocess_object_pb2_grpc as service

LANGUAGE = "python"
KEYS = {"letmein": "demo"}  # key: whose it is


def mark(call):
    """pre: sets a header and a parameter, takes a header out, or refuses."""
    request = call.request
    if "X-Block" in request.headers:
        request.return_overrides.response_code = 403
        request.return_overrides.response_error = f"blocked by {LANGUAGE}"
        return
    request.set_headers["X-Plugin"] = LANGUAGE
    request.add_params["plugin"] = LANGUAGE
    request.delete_headers.append("X-Secret")


def check_key(call):
    """auth_check: knows the key, or refuses."""
    key = call.request.headers.get("Authorization", "")
    if key not in KEYS:
        call.request.return_overrides.response_code = 401
        call.request.return_overrides.response_error = "unknown key"
        return
    session = call.session
    session.alias = KEYS[key]
    session.metadata["token"] = key  # without a token nobody is authenticated


def forward_alias(call):
    """post_key_auth: tells the upstream who is asking."""
    call.request.set_headers["X-Alias"] = call.session.alias


def upper_body(call):
    """post: rewrites the request's body. raw_body counts, body is for reading."""
    call.request.raw_body = call.request.raw_body.upper()


def sign(call):
    """response: adds a header and a last line."""
    call.response.headers["X-Signed-By"] = LANGUAGE
    call.response.raw_body += f"\n-- {LANGUAGE}".encode()


HOOKS = {"Mark": mark, "CheckKey": check_key, "ForwardAlias": forward_alias, "UpperBody": upper_body, "Sign": sign}


class Dispatcher(service.DispatcherServicer):
    def Dispatch(self, call, context):
        hook = HOOKS.get(call.hook_name)
        if hook is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no hook {call.hook_name}")
        hook(call)
        return call

    def DispatchEvent(self, event, context):
        print("event:", event.payload, flush=True)
        return messages.EventReply()


def main():
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5555"
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    service.add_DispatcherServicer_to_server(Dispatcher(), server)
    server.add_insecure_port(address)
    server.start()
    print("plugins at", address, flush=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(grace=2).wait()


if __name__ == "__main__":
    main()
