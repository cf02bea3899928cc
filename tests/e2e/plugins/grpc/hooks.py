"""A plugin server whose hooks behave well and badly. hooks.py ADDRESS [NAME [CA CERT KEY]]; the messages are on sys.path."""
import json
import os
import sys
import threading
import time
from concurrent import futures

import grpc

import coprocess_mini_request_object_pb2 as mini
import coprocess_object_pb2 as pb

NAME = sys.argv[2] if len(sys.argv) > 2 else "one"
counts = {"started": 0, "cancelled": 0, "events": []}


def change(o, _):
    r = o.request
    r.method = "PUT"
    r.set_headers["x-mark"] = "marked"
    r.set_headers["X-Seen"] = r.headers.get("X-Keep", "none")
    r.delete_headers.append("X-Drop")
    r.add_params["added"] = "by grpc"
    r.delete_params.append("drop")


def show(o, context):
    r = o.request
    seen = {"type": o.hook_type, "name": o.hook_name, "url": r.url, "uri": r.request_uri, "scheme": r.scheme,
            "method": r.method, "headers": dict(r.headers), "params": dict(r.params), "spec": dict(o.spec),
            "code": r.return_overrides.response_code, "raw": len(r.raw_body), "body": len(r.body),
            "session": o.HasField("session"), "response": o.HasField("response"), "metadata": dict(o.metadata),
            "deadline": round(context.time_remaining() or -1, 1),
            "authority": context._rpc_event.call_details.host.decode()}
    r.set_headers["X-Shown"] = json.dumps(seen)


def auth(o, _):
    key = o.request.headers.get("Authorization", "")
    if key == "refuse":
        o.request.return_overrides.response_code = 401
        o.request.return_overrides.response_error = "not you"
        o.request.return_overrides.headers["X-Why"] = "because"
    elif key != "none":
        o.session.alias = "alias of " + key
        o.session.expires = int(time.time()) + 1000
        o.session.tags.extend(["a", "b"])
        o.session.metadata["plan"] = "free"
        o.metadata["token"] = key


def after_auth(o, _):
    s = o.session
    o.request.set_headers["X-Session"] = "|".join([s.alias, s.metadata["plan"], ",".join(s.tags), s.key_id, o.metadata["token"]])


def respond(o, _):
    o.response.status_code = 201
    o.response.headers["X-By"] = "grpc"
    o.response.headers.pop("X-Remove", None)
    o.response.raw_body = o.response.raw_body.upper()
    o.response.body = "does not count"


def cookies(o, _):
    for header in o.response.multivalue_headers:
        if header.key == "Set-Cookie":
            header.values.append("third=3")


def raises(o, _):
    raise ValueError("broken on purpose")


def sleep(o, context):
    counts["started"] += 1
    ended = threading.Event()
    context.add_callback(ended.set)
    if ended.wait(20):
        counts["cancelled"] += 1


def count(o, _):
    for name in ("started", "cancelled"):
        o.request.set_headers["X-" + name] = str(counts[name])


def override(o, _):
    overrides = o.request.return_overrides
    overrides.response_code = int(o.request.params.get("code", "200"))
    overrides.response_body = "the plugin says"
    overrides.headers["X-Over"] = "1"
    overrides.override_error = "raw" in o.request.params


def server_name(o, _):
    o.request.set_headers["X-Server"] = NAME


HOOKS = {
    "Change": change, "Show": show, "Auth": auth, "AfterAuth": after_auth, "Respond": respond, "Cookies": cookies,
    "Raises": raises, "Sleep": sleep, "Count": count, "Override": override, "Name": server_name, "Echo": lambda o, _: None,
    # What no generated server sends.
    "Garbage": lambda o, _: b"\xff\xff\xff\xff\xff",
    "Cut": lambda o, _: o.SerializeToString()[:-3],
    "Nothing": lambda o, _: b"",
    "NoOverrides": lambda o, _: pb.Object(request=mini.MiniRequestObject(
        url=o.request.url, method=o.request.method, raw_body=o.request.raw_body)),
    "NoMethod": lambda o, _: pb.Object(request=mini.MiniRequestObject(url=o.request.url)),
    "NoUrl": lambda o, _: pb.Object(request=mini.MiniRequestObject(method="GET")),
    "LineBreak": lambda o, _: pb.Object(request=mini.MiniRequestObject(
        url=o.request.url, method="GET", set_headers={"X-A": "1\r\nX-B: 2"})),
    "Huge": lambda o, _: pb.Object(request=mini.MiniRequestObject(
        url=o.request.url, method="POST", raw_body=b"x" * (64 << 20))),
    "Big": lambda o, _: pb.Object(request=mini.MiniRequestObject(
        url=o.request.url, method="POST", raw_body=b"y" * (3 << 20))),
}


def dispatch(request, context):
    hook = HOOKS.get(request.hook_name)
    if hook is None:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such hook")
    answer = hook(request, context)
    return request if answer is None else answer


def to_bytes(answer):
    return answer if isinstance(answer, bytes) else answer.SerializeToString()


def main():
    methods = {"Dispatch": grpc.unary_unary_rpc_method_handler(
        dispatch, request_deserializer=pb.Object.FromString, response_serializer=to_bytes)}
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
    kind = os.environ.get("TYKPP_TEST_SERVER", "")
    if kind == "streams=1":
        options.append(("grpc.max_concurrent_streams", 1))
    elif kind == "age=1":  # GOAWAY to each connection after 200 ms
        options += [("grpc.max_connection_age_ms", 200), ("grpc.max_connection_age_grace_ms", 5000)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=options)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("coprocess.Dispatcher", methods),))
    if len(sys.argv) > 3:
        ca, cert, key = (open(path, "rb").read() for path in sys.argv[3:6])
        server.add_secure_port(sys.argv[1], grpc.ssl_server_credentials([(key, cert)], ca, require_client_auth=True))
    else:
        server.add_insecure_port(sys.argv[1])
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


main()
