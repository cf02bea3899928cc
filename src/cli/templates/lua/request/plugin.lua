-- @HOOK@ hook: sees every request on its way to the upstream, and may change or refuse it.
function @FUNCTION@(request, session, spec)
  tykpp.log("info", request.method .. " " .. request.url)
  if request.headers["X-Block"] then
    request.return_overrides.response_code = 403
    request.return_overrides.response_error = "blocked by @NAME@"
    return request, session
  end
  tyk.req.set_header("X-Greeting", "hello from @NAME@")
  tyk.req.clear_header("X-Debug")
  return request, session
end
