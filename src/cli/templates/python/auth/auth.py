"""auth hook: says who is asking, or refuses."""
from tyk.decorators import *

KEYS = {"letmein": "demo"}  # key: whose it is


@Hook
def @AUTH_FUNCTION@(request, session, metadata, spec):
    key = request.get_header("Authorization") or ""
    if key not in KEYS:
        overrides = request.object.return_overrides
        overrides.response_code = 401
        overrides.response_error = "unknown key"
        return request, session, metadata
    session.alias = KEYS[key]
    metadata["token"] = key  # without a token nobody is authenticated
    return request, session, metadata
