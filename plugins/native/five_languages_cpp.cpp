// One of the five plugins of apps/five-languages.json: adds its language to what the others wrote.
#include <string>
#include <tykpp/plugin.hpp>

static void pass(tykpp::Request& request) {
  std::string seen(request.headers().get("X-Languages").value_or(""));
  request.headers().set("X-Languages", seen + ", C++");
}

TYKPP_PLUGIN("five-languages", "1.0", tykpp::hook<pass>("PassCpp"))
