// post: the last word before the upstream. Changes a JSON body; anything else goes on as it came.
var editJson = new TykJS.TykMiddleware.NewMiddleware({});

editJson.NewProcessRequest(function (request, session, config) {
  var type = (request.Headers["Content-Type"] || [""])[0];
  if (type.indexOf("application/json") !== 0) {
    request.IgnoreBody = true;
    return editJson.ReturnData(request, {});
  }
  try {
    var document = JSON.parse(request.Body);
    document.received_by = config.APIID;
    request.Body = JSON.stringify(document);
  } catch (error) {
    log("not JSON: " + error);
    request.ReturnOverrides.ResponseCode = 400;
    request.ReturnOverrides.ResponseError = "the body is not JSON";
  }
  return editJson.ReturnData(request, {});
});
