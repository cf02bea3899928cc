// @HOOK@ hook: sees every request on its way to the upstream, and may change or refuse it.
var @FUNCTION@ = new TykJS.TykMiddleware.NewMiddleware({});

@FUNCTION@.NewProcessRequest(function (request, session, config) {
  log(request.Method + " " + request.URL);
  if (request.Headers["X-Block"]) {
    request.ReturnOverrides.ResponseCode = 403;
    request.ReturnOverrides.ResponseError = "blocked by @NAME@";
    return @FUNCTION@.ReturnData(request, {});
  }
  request.SetHeaders["X-Greeting"] = "hello from @NAME@";
  request.DeleteHeaders.push("X-Debug");
  return @FUNCTION@.ReturnData(request, {});
});
