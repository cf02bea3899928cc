// Any request hook: asks another service and decides by its answer. The gateway serves others while this waits.
//   "config_data": {"service": "http://127.0.0.1:8085"}
var askElsewhere = new TykJS.TykMiddleware.NewMiddleware({});

askElsewhere.NewProcessRequest(function (request, session, config) {
  var text = TykMakeHttpRequest(JSON.stringify({
    Method: "GET",
    Domain: config.config_data.service,
    Resource: "/allowed?path=" + encodeURIComponent(request.URL),
    Headers: { Accept: "text/plain" }
  }));
  if (text === undefined) {  // no connection, no answer in time
    request.ReturnOverrides.ResponseCode = 502;
    request.ReturnOverrides.ResponseError = "the deciding service does not answer";
    return askElsewhere.ReturnData(request, {});
  }
  var answer = JSON.parse(text);
  if (answer.Code !== 200) {
    request.ReturnOverrides.ResponseCode = 403;
    request.ReturnOverrides.ResponseError = "not allowed";
  }
  request.SetHeaders["X-Decided-By"] = (answer.Headers["Server"] || ["service"])[0];
  return askElsewhere.ReturnData(request, {});
});
