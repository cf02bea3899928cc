"""Post hook: a POST that is sent twice with one `Idempotency-Key` reaches the upstream once.

The key is kept beside the gateway, so that it counts for all its workers.
"""
from tyk.decorators import *
from gateway import TykGateway as tyk

SECONDS = 3600


@Hook
def Idempotency(request, session, spec):
    key = request.get_header("Idempotency-Key")
    if request.object.method != "POST" or not key:
        return request, session
    name = "idempotency-%s-%s" % (spec["APIID"], key)
    if tyk.get_data(name):
        overrides = request.object.return_overrides
        overrides.response_code = 409
        overrides.response_error = "This request was sent before"
    else:
        tyk.store_data(name, "seen", SECONDS)
    return request, session
