// pre: before authentication, on every API. Sets, deletes and reads headers and query parameters.
var addHeaders = new TykJS.TykMiddleware.NewMiddleware({});

addHeaders.NewProcessRequest(function (request, session, config) {
  var agents = request.Headers["User-Agent"] || ["unknown"];
  request.SetHeaders["X-Seen-Agent"] = agents[0];
  request.SetHeaders["X-Api"] = config.APIID;
  request.DeleteHeaders.push("X-Debug");
  request.AddParams["via"] = "gateway";
  return addHeaders.ReturnData(request, {});
});
