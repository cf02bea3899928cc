from _tykpp import AccessDefinition, AccessSpec, BasicAuthData, JWTData, Monitor, SessionState
