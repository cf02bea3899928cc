"""Pre hook: gives every request an id, or keeps a well-formed one that it came with, and logs it."""
import re
import uuid

from tyk.decorators import *
from gateway import TykGateway as tyk

HEADER = "X-Trace-Id"
GOOD = re.compile(r"[A-Za-z0-9-]{8,64}\Z")


@Hook
def TraceId(request, session, spec):
    known = request.get_header(HEADER) or ""
    trace = known if GOOD.match(known) else uuid.uuid4().hex
    request.add_header(HEADER, trace)
    tyk.log("%s %s trace=%s" % (request.object.method, request.object.url, trace), "debug")
    return request, session
