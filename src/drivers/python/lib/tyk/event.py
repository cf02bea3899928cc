"""Events, as handlers marked `@Event` would get them."""
import json


class TykEvent:
    """`message` (Type, Meta, TimeStamp), `handler_name` and `spec` of an event's JSON text."""

    def __init__(self, event_json):
        document = json.loads(event_json)
        self.message = document.get("message", {})
        self.handler_name = document.get("handler_name", "")
        self.spec = document.get("spec", {})
