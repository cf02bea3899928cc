#include "definition/oas_schema.hpp"

#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "definition/impl/oas_schema_texts.hpp"

namespace tykpp::definition {
namespace {

/// `3.0` of `3.0.3`, `3.0` of `3`; empty for what is no row of numbers.
std::string minorVersion(std::string_view version) {
  std::string out;
  int parts = 0;
  while (true) {
    const std::size_t dot = version.find('.');
    const std::string_view part = version.substr(0, dot);
    if (part.empty()) return {};
    for (const char c : part) {
      if (!isDigit(c)) return {};
    }
    if (parts < 2) out += (parts == 0 ? "" : ".") + std::string(part);
    ++parts;
    if (dot == std::string_view::npos) break;
    version.remove_prefix(dot + 1);
  }
  return parts == 1 ? out + ".0" : out;
}

std::string composed(std::string_view openapi) {
  auto schema = nlohmann::ordered_json::parse(openapi);
  const auto extension = nlohmann::ordered_json::parse(schema_texts::x_tyk_api_gateway());
  schema["definitions"].update(extension["definitions"]);
  return schema.dump();
}

}  // namespace

std::optional<std::string> oasSchema(std::string_view version) {
  const std::string minor = version.empty() ? "3.1" : minorVersion(version);
  if (minor == "3.0") return composed(schema_texts::openapi_3_0());
  if (minor == "3.1") return composed(schema_texts::openapi_3_1());
  return std::nullopt;
}

}  // namespace tykpp::definition
