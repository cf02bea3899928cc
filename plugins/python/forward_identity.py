"""Post-auth hook: tells the upstream who is asking, and drops the credentials it has no use for."""
from tyk.decorators import *


@Hook
def ForwardIdentity(request, session, spec):
    request.add_header("X-User", session.alias)
    request.delete_header("Authorization")
    return request, session
