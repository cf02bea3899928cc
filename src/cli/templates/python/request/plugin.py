"""@HOOK@ hook: sees every request on its way to the upstream, and may change or refuse it."""
from tyk.decorators import *
from gateway import TykGateway as tyk


@Hook
def @FUNCTION@(request, session, spec):
    tyk.log("%s %s" % (request.object.method, request.object.url), "info")
    if request.get_header("X-Block"):
        overrides = request.object.return_overrides
        overrides.response_code = 403
        overrides.response_error = "blocked by @NAME@"
        return request, session
    request.add_header("X-Greeting", "hello from @NAME@")
    request.delete_header("X-Debug")
    return request, session
