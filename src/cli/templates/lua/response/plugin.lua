-- response hook: sees the upstream's answer before the client does.
function @FUNCTION@(request, response, session, metadata, spec)
  response.headers["X-Stamped-By"] = "@NAME@"
  response.body = response.body .. "\n"
  return response
end
