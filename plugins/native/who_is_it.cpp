// Post-auth hook: tells the upstream who the client is, from the session that authentication left.
#include <tykpp/plugin.hpp>

static void tellUpstream(tykpp::Request& request) {
  if (const auto key = request.sessionKey()) request.headers().set("X-Client-Key", *key);
  if (const auto session = request.session()) request.headers().set("X-Client-Session", *session);
}

TYKPP_PLUGIN("who-is-it", "1.0", tykpp::hook<tellUpstream>("TellUpstream"))
