// auth hook: says who is asking, or refuses.
#include <string>
#include <tykpp/plugin.hpp>

static tykpp::Verdict check(tykpp::Request& request) {
  const std::string key(request.headers().get("Authorization").value_or(""));
  if (key != "letmein") return request.respond(401, "unknown key\n");
  request.setSession("{\"alias\": \"demo\"}", key);
  return tykpp::Verdict::kContinue;
}

TYKPP_PLUGIN("@NAME@-auth", "1.0", tykpp::hook<check>("@AUTH_FUNCTION@"))
