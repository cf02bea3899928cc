-- post: asks a service whether the request may pass. The worker serves others meanwhile.
-- config_data: `{"ask": "http://127.0.0.1:9000/may"}`
function AskElsewhere()
  local answer, why = tykpp.http.fetch{
    url = tykpp.config.ask .. tykpp.req.get_path(),
    headers = {["X-Client"] = tykpp.req.get_remote_addr()},
    timeout = 0.5,
  }
  if not answer then
    tykpp.log("error", "no answer from ", tykpp.config.ask, ": ", why)
    tykpp.exit(503, '{"error": "try again"}', {["Content-Type"] = "application/json"})
  end
  if answer.status ~= 200 then
    tykpp.exit(403, '{"error": "not allowed"}', {["Content-Type"] = "application/json"})
  end
  tykpp.req.set_header("X-Allowed-By", answer.body)
end
