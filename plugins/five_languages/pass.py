"""One of the five plugins of apps/five-languages.json: adds its language to what the others wrote."""
from tyk.decorators import *


@Hook
def PassPython(request, session, spec):
    request.add_header("X-Languages", request.get_header("X-Languages") + ", Python")
    return request, session
