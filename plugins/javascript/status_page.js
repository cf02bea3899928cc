// A virtual endpoint: extended_paths.virtual[] with "response_function_name": "statusPage".
function statusPage(request, session, config) {
  var name = (request.Params.name || ["you"])[0];
  return TykJsResponse({
    Code: 200,
    Headers: { "Content-Type": "application/json" },
    Body: JSON.stringify({ hello: name, api: config.APIID, data: config.config_data })
  }, session.meta_data);
}
