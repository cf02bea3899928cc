-- One of the five plugins of apps/five-languages.json: adds its language to what the others wrote.
function PassLua(request, session, spec)
  tyk.req.set_header("X-Languages", request.headers["X-Languages"] .. ", Lua")
  return request, session
end
