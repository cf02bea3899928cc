"""A plugin server: one function a hook. Usage: server.py [ADDRESS], by default @ADDRESS@."""
import sys
from concurrent import futures

import grpc

import coprocess_object_pb2 as messages
import coprocess_object_pb2_grpc as service

KEYS = {"letmein": "demo"}  # key: whose it is


def change_request(call):
    """pre, post_key_auth, post: changes or refuses a request on its way to the upstream."""
    request = call.request
    if "X-Block" in request.headers:
        request.return_overrides.response_code = 403
        request.return_overrides.response_error = "blocked by @NAME@"
        return
    request.set_headers["X-Greeting"] = "hello from @NAME@"
    request.delete_headers.append("X-Debug")


def check_key(call):
    """auth_check: says who is asking, or refuses."""
    key = call.request.headers.get("Authorization", "")
    if key not in KEYS:
        call.request.return_overrides.response_code = 401
        call.request.return_overrides.response_error = "unknown key"
        return
    call.session.alias = KEYS[key]
    call.session.metadata["token"] = key  # without a token nobody is authenticated


def change_response(call):
    """response: changes the upstream's answer. raw_body counts, body is for reading."""
    call.response.headers["X-Stamped-By"] = "@NAME@"
    call.response.raw_body += b"\n"


# What definitions call them by.
HOOKS = {@GRPC_HOOKS@}


class Dispatcher(service.DispatcherServicer):
    def Dispatch(self, call, context):
        hook = HOOKS.get(call.hook_name)
        if hook is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "no hook " + call.hook_name)
        hook(call)
        return call

    def DispatchEvent(self, event, context):
        print("event:", event.payload, flush=True)
        return messages.EventReply()


def main():
    address = sys.argv[1] if len(sys.argv) > 1 else "@ADDRESS@"
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    service.add_DispatcherServicer_to_server(Dispatcher(), server)
    server.add_insecure_port(address)
    server.start()
    print("plugins at", address, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
