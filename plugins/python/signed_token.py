"""Auth hook: tokens of the form `name.expiry.signature`, which need no store to be checked.

The signature is HMAC-SHA256 of `name.expiry` under the secret in the API's `config_data`:
{"token_secret": "…"}. `make_token` makes one.
"""
import hashlib
import hmac
import json
import time

from tyk.decorators import *


def signature(secret, name, expiry):
    return hmac.new(secret.encode(), ("%s.%d" % (name, expiry)).encode(), hashlib.sha256).hexdigest()


def make_token(secret, name, seconds):
    expiry = int(time.time()) + seconds
    return "%s.%d.%s" % (name, expiry, signature(secret, name, expiry))


def owner(secret, token):
    """Who the token belongs to, and until when; None for one that is not good."""
    name, _, rest = token.partition(".")
    expiry, _, given = rest.partition(".")
    if not name or not expiry.isdigit() or int(expiry) < time.time():
        return None
    if not hmac.compare_digest(given, signature(secret, name, int(expiry))):
        return None
    return name, int(expiry)


@Hook
def SignedToken(request, session, metadata, spec):
    secret = json.loads(spec["config_data"])["token_secret"]
    found = owner(secret, request.get_header("Authorization") or "")
    if found is None:
        overrides = request.object.return_overrides
        overrides.response_code = 401
        overrides.response_error = "The token is not valid"
        return request, session, metadata
    session.alias, session.expires = found
    # What the session is kept under, and what later hooks see of it.
    metadata["token"] = found[0]
    return request, session, metadata
