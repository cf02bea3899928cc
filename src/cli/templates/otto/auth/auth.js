// auth hook: says who is asking, or refuses.
var @AUTH_FUNCTION@ = new TykJS.TykMiddleware.NewMiddleware({});

@AUTH_FUNCTION@.NewProcessRequest(function (request, session, config) {
  var keys = { letmein: "demo" }; // key: whose it is
  var key = (request.Headers["Authorization"] || [""])[0];
  if (!Object.prototype.hasOwnProperty.call(keys, key)) {
    request.ReturnOverrides.ResponseCode = 401;
    request.ReturnOverrides.ResponseError = "unknown key";
    return @AUTH_FUNCTION@.ReturnData(request, {});
  }
  var result = @AUTH_FUNCTION@.ReturnAuthData(request, { alias: keys[key] });
  result.AuthValue = key; // without it nobody is authenticated
  return result;
});
