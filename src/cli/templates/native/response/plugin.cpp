// response hook: sees the upstream's answer before the client does.
#include <string>
#include <tykpp/plugin.hpp>

static void run(tykpp::Response& response) {
  response.headers().set("X-Stamped-By", "@NAME@");
  response.setBody(std::string(response.body()) + "\n");
}

// Without kBody bodies stream past the plugin, and cost no memory.
TYKPP_PLUGIN("@NAME@", "1.0", tykpp::hook<run>("@FUNCTION@", tykpp::kBody))
