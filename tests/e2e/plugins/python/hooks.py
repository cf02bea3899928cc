"""Handlers for tests/e2e/test_python.py: one for each thing a request can show."""
import threading
import time

from tyk.decorators import *
from gateway import TykGateway as tyk
from beside import mark

visits = 0
kept = []
lock = threading.Lock()


@Hook
def Change(request, session, spec):
    request.add_header("X-Mark", mark("pre"))
    request.add_header("X-Seen", request.get_header("X-Keep") or "none")
    request.delete_header("X-Drop")
    request.add_param("added", "by python")
    request.delete_param("drop")
    request.object.method = "PUT"
    return request, session


@Hook
def Show(request, session, spec):
    sent = request.object
    for name, value in (("url", sent.url), ("uri", sent.request_uri), ("scheme", sent.scheme), ("method", sent.method),
                        ("param", sent.params["a"]), ("host", sent.headers["Host"]), ("api", spec["APIID"]),
                        ("config", spec["config_data"]), ("lower", request.get_header("x-keep") or "none")):
        request.add_header("X-" + name.capitalize(), value or "empty")
    return request, session


@Hook
def Count(request, session, spec):
    global visits
    with lock:
        visits += 1
        request.add_header("X-Visits", str(visits))
    return request, session


@Hook
def CountAfter(request, response, session, metadata, spec):
    response.headers["X-Visits-After"] = str(visits)
    return response


@Hook
def Body(request, session, spec):
    request.add_header("X-Text", "%d" % len(request.object.body))
    request.object.raw_body = request.object.raw_body[::-1]
    return request, session


@Hook
def Huge(request, session, spec):
    request.object.raw_body = b"x" * (8 << 20)
    return request, session


@Hook
def Refuse(request, session, spec):
    request.object.return_overrides.response_code = 403
    request.object.return_overrides.response_error = "not \"today\""
    return request, session


@Hook
def Answer(request, session, spec):
    overrides = request.object.return_overrides
    overrides.response_code = 201
    overrides.response_body = "made by the plugin"
    overrides.headers["X-Made"] = "yes"
    return request, session


@Hook
def Auth(request, session, metadata, spec):
    token = request.get_header("Authorization")
    if token == "raise":
        raise KeyError("auth")
    if token == "good":
        session.alias = "somebody"
        session.tags.extend(["one", "two"])
        metadata["token"] = token
        metadata["name"] = "Zoë"
    return request, session, metadata


@Hook
def AfterAuth(request, session, spec):
    request.add_header("X-Alias", session.alias)
    request.add_header("X-Tags", ",".join(session.tags))
    request.add_header("X-Token", session.key_id + " " + session.metadata["token"])
    session.alias = "nobody minds"
    return request, session


@Hook
def Respond(request, response, session, metadata, spec):
    response.status_code = 418
    response.headers["X-Was"] = request.object.method
    del response.headers["X-Remove"]
    response.raw_body = response.raw_body.upper()
    return None


@Hook
def RespondMulti(request, response, session, metadata, spec):
    response.multivalue_headers.add(key="Set-Cookie", values=["a=1", "b=2"])


@Hook
def Sleep(request, session, spec):
    time.sleep(float(request.object.params["s"] or "0.05"))
    return request, session


@Hook
def Endless(request, session, spec):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


@Hook
def Deep(request, session, spec):
    def down(n):
        return down(n + 1)
    down(0)


@Hook
def Broken(request, session, spec):
    raise ValueError("broken on purpose")


@Hook
def Exits(request, session, spec):
    raise SystemExit(3)


@Hook
def Forgets(request, session, spec):
    request.add_header("X-Forgot", "1")


@Hook
def Surrogate(request, session, spec):
    request.add_header("X-Bad", "\ud800")
    return request, session


@Hook
def Injects(request, session, spec):
    request.add_header("X-Bad", "a\r\nX-Evil: 1")
    return request, session


@Hook
def Keep(request, session, spec):
    for old in kept:
        # The objects of earlier requests can be read, and writing to them changes nothing.
        assert old.object.url and old.object.headers["Host"]
        old.add_header("X-Late", "1")
        old.object.raw_body = b"late"
    kept.append(request)
    request.add_header("X-Kept", str(len(kept)))
    return request, session


@Hook
def Late(request, session, spec):
    from late_import import value
    request.add_header("X-Late-Import", value)
    return request, session


@Hook
def TwoParameters(request, session):
    request.add_header("X-Never", "1")


@Hook
def Logs(request, session, spec):
    tyk.log("a line of the plugin", "info")
    tyk.log_error("a line\nbroken in two")
    tyk.trigger_event("Something", "payload")
    print("printed by the plugin")
    return request, session


@Hook
def Store(request, session, spec):
    tyk.store_data("python-e2e", "kept", 60)
    request.add_header("X-Stored", repr(tyk.get_data("python-e2e")))
    request.add_header("X-Missing", repr(tyk.get_data("python-e2e-missing")))
    return request, session
