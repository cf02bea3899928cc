-- auth: keys from the API's config_data, `{"keys": {"<key>": {"alias": …, "plan": …}}}`.
local keys = tykpp.config.keys or {}

function CheckKey(request, session, metadata, spec)
  local key = request.headers["Authorization"]
  local owner = key and keys[key]
  if not owner then
    request.return_overrides.response_code = 401
    request.return_overrides.response_error = "This key is not known"
    return request, session, metadata
  end
  metadata.token = key
  metadata.plan = owner.plan
  session.alias = owner.alias
  return request, session, metadata
end
