// An early answer: the client gets it at once, the upstream is not asked.
#include <tykpp/plugin.hpp>

static tykpp::Verdict maintenance(tykpp::Request& request) {
  if (request.headers().contains("X-Maintainer")) return tykpp::Verdict::kContinue;
  return request.respond(503, "We are back in a minute.\n",
                         {{"Retry-After", "60"}, {"Content-Type", "text/plain; charset=utf-8"}});
}

TYKPP_PLUGIN("maintenance", "1.0", tykpp::hook<maintenance>("Maintenance"))
