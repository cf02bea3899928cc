// @HOOK@ hook: sees every request on its way to the upstream, and may change or refuse it.
#include <tykpp/plugin.hpp>

static tykpp::Verdict run(tykpp::Request& request) {
  if (request.headers().get("X-Block")) return request.respond(403, "blocked by @NAME@\n");
  request.headers().set("X-Greeting", "hello from @NAME@");
  request.headers().remove("X-Debug");
  return tykpp::Verdict::kContinue;
}

TYKPP_PLUGIN("@NAME@", "1.0", tykpp::hook<run>("@FUNCTION@"))
