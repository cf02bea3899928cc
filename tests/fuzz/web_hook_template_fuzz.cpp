// Templates of web hooks: whatever is parsed must render, or say why not, within its limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "events/impl/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tykpp::events::Json;
  using tykpp::events::Template;
  static const Json kEvent = Json::parse(R"({"Type": "AuthFailure", "TimeStamp":
      "2026-01-02 15:04:05.123456789 +0000 UTC", "Meta": {"Message": "Auth Failure", "Path": "/a",
      "Origin": "192.0.2.7", "Key": "k", "trigger_limit": 80, "List": [1, "two", {"three": 3}]}})");
  const auto parsed = Template::parse({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  const auto body = parsed->render(kEvent);
  if (body && body->size() > Template::kMaxOutput) std::abort();
  return 0;
}
