-- auth hook: says who is asking, or refuses.
local keys = { letmein = "demo" } -- key: whose it is

function @AUTH_FUNCTION@(request, session, metadata, spec)
  local key = request.headers["Authorization"]
  local owner = key and keys[key]
  if not owner then
    request.return_overrides.response_code = 401
    request.return_overrides.response_error = "unknown key"
    return request, session, metadata
  end
  session.alias = owner
  metadata.token = key -- without a token nobody is authenticated
  return request, session, metadata
end
