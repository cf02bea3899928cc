-- pre: sets one header and reads another.
function AddFooBar(request, session, spec)
  tyk.req.set_header("Foo", "Bar")
  local agent = request.headers["User-Agent"]
  if agent then tyk.req.set_header("X-Seen-Agent", agent) end
  return request, session
end
