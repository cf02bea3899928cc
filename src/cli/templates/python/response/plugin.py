"""response hook: sees the upstream's answer before the client does."""
from tyk.decorators import *


@Hook
def @FUNCTION@(request, response, session, metadata, spec):
    response.headers["X-Stamped-By"] = "@NAME@"
    # `raw_body` is what is sent; `body` is there to be read.
    response.raw_body = response.raw_body + b"\n"
    return response
