// response: sees the upstream's answer before the client does.
var stampResponse = new TykJS.TykMiddleware.NewMiddleware({});

stampResponse.NewProcessResponse(function (response, request, session, config) {
  response.SetHeaders["X-Stamped"] = response.StatusCode + " " + request.Method;
  response.DeleteHeaders.push("Server");
  if (response.StatusCode === 404) {
    response.Body = JSON.stringify({ error: "there is nothing at " + request.URL });
    response.SetHeaders["Content-Type"] = "application/json";
  }
  return stampResponse.ReturnResponseData(response, {});
});
