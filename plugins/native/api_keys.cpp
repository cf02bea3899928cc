// Auth hook: lets requests in whose `X-Key` is one of those in `config_data`, e.g.
//   "config_data": {"keys": ["red-apple", "green-pear"]}
// and gives them a session, which later hooks see.
#include <string>
#include <tykpp/plugin.hpp>

namespace {

// Enough for keys without quotes and escapes; a real plugin brings its own JSON reader.
bool isListed(std::string_view config, std::string_view key) {
  if (key.empty() || key.find_first_of("\"\\") != std::string_view::npos) return false;
  return config.find('"' + std::string(key) + '"') != std::string_view::npos;
}

tykpp::Verdict checkKey(tykpp::Request& request) {
  const std::string key(request.headers().get("X-Key").value_or(""));
  if (!isListed(request.configData(), key)) {
    return request.respond(403, "{\"error\": \"unknown key\"}",
                           {{"Content-Type", "application/json"}});
  }
  request.setSession("{\"alias\": \"" + key + "\", \"tags\": [\"by-plugin\"]}", key);
  request.headers().remove("X-Key");  // the upstream need not know it
  return tykpp::Verdict::kContinue;
}

}  // namespace

TYKPP_PLUGIN("api-keys", "1.0", tykpp::hook<checkKey>("CheckKey"))
