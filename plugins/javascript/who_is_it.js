// post-auth, with "require_session": true. Reads the session and writes its metadata.
var whoIsIt = new TykJS.TykMiddleware.NewMiddleware({});

whoIsIt.NewProcessRequest(function (request, session, config) {
  var meta = session.meta_data || {};
  request.SetHeaders["X-Owner"] = String(meta.owner || "nobody");
  meta.last_path = request.URL;
  return whoIsIt.ReturnData(request, meta);  // what is returned here replaces meta_data
});
