"""Response hook: takes fields out of JSON answers, at any depth.

`config_data` of the API names them: {"hide": ["password", "ssn"]}.
"""
import json

from tyk.decorators import *


def without(value, names):
    if isinstance(value, dict):
        return {k: without(v, names) for k, v in value.items() if k not in names}
    if isinstance(value, list):
        return [without(v, names) for v in value]
    return value


@Hook
def HideFields(request, response, session, metadata, spec):
    if not response.headers.get("Content-Type", "").startswith("application/json"):
        return response
    names = set(json.loads(spec["config_data"])["hide"])
    try:
        document = json.loads(response.raw_body)
    except ValueError:
        return response
    # `raw_body` is what is sent; `body` is there to be read.
    response.raw_body = json.dumps(without(document, names)).encode()
    return response
