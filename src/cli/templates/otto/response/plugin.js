// response hook: sees the upstream's answer before the client does.
var @FUNCTION@ = new TykJS.TykMiddleware.NewMiddleware({});

@FUNCTION@.NewProcessResponse(function (response, request, session, config) {
  response.SetHeaders["X-Stamped-By"] = "@NAME@";
  response.Body = response.Body + "\n";
  return @FUNCTION@.ReturnResponseData(response, {});
});
