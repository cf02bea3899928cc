-- response: edits the upstream's answer.
local cjson = require "cjson.safe"

function StampResponse(request, response, session, metadata, spec)
  response.headers["X-Handled-By"] = spec.APIID
  response.headers["Server"] = nil
  local document = response.body and cjson.decode(response.body)
  if type(document) == "table" then
    document.handled_by = spec.APIID
    response.body = cjson.encode(document)
  end
  return response
end
