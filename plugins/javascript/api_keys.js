// auth: custom_plugin_auth_enabled is true, use_keyless is false. Keys and their owners are in config_data:
//   "config_data": {"keys": {"s3cret": "bob"}}
var apiKeys = new TykJS.TykMiddleware.NewMiddleware({});

apiKeys.NewProcessRequest(function (request, session, config) {
  var key = (request.Headers["Authorization"] || [""])[0];
  var known = config.config_data.keys;
  if (!Object.prototype.hasOwnProperty.call(known, key)) {
    request.ReturnOverrides.ResponseCode = 401;
    request.ReturnOverrides.ResponseError = "this key is not known";
    return apiKeys.ReturnData(request, {});
  }
  var result = apiKeys.ReturnAuthData(request, { alias: known[key], meta_data: { owner: known[key] } });
  result.AuthValue = key;  // what limits and logs know the client by
  return result;
});
