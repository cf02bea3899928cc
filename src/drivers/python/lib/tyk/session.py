"""The session and its parts."""
from coprocess_session_state_pb2 import (
    AccessDefinition, AccessSpec, BasicAuthData, JWTData, Monitor, SessionState)

TykSession = SessionState

__all__ = ["TykSession", "SessionState", "AccessSpec", "AccessDefinition", "BasicAuthData", "JWTData",
           "Monitor"]
