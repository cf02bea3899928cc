"""A whole hook call as one object."""
import coprocess_common_pb2 as HookType
from coprocess_mini_request_object_pb2 import MiniRequestObject
from coprocess_object_pb2 import Object
from coprocess_return_overrides_pb2 import ReturnOverrides
from coprocess_session_state_pb2 import SessionState
from tyk.request import TykCoProcessRequest
from tyk.session import TykSession

_NAMES = {
    HookType.Unknown: "",
    HookType.Pre: "pre",
    HookType.Post: "post",
    HookType.PostKeyAuth: "postkeyauth",
    HookType.CustomKeyCheck: "customkeycheck",
    HookType.Response: "response",
}


class TykCoProcessObject:
    """Made of the bytes of an `Object` message."""

    def __init__(self, object_msg=b""):
        self.object = Object.FromString(object_msg)
        self.request = TykCoProcessRequest(self.object.request)
        self.session = self.object.session
        self.spec = self.object.spec
        self.metadata = self.object.metadata
        self.hook_name = self.object.hook_name
        self.hook_type = _NAMES.get(self.object.hook_type, "")
        self.response = self.object.response

    def dump(self):
        """The message's bytes, and how many."""
        data = self.object.SerializeToString()
        return data, len(data)
