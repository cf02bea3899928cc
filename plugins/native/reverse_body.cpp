// Post hook: sends the body to the upstream back to front. tykpp::kBody asks the gateway to have it
// in memory.
#include <string>
#include <tykpp/plugin.hpp>

static void reverseBody(tykpp::Request& request) {
  const std::string_view body = request.body();
  request.setBody(std::string(body.rbegin(), body.rend()));
}

TYKPP_PLUGIN("reverse-body", "1.0", tykpp::hook<reverseBody>("ReverseBody", tykpp::kBody))
