// One of the five plugins of apps/five-languages.json: adds its language to what the others wrote.
var passJavaScript = new TykJS.TykMiddleware.NewMiddleware({});

passJavaScript.NewProcessRequest(function (request, session, config) {
  request.SetHeaders["X-Languages"] = request.Headers["X-Languages"][0] + ", JavaScript";
  return passJavaScript.ReturnData(request, {});
});
