#include "session/limit_pattern.hpp"

#include <nlohmann/json.hpp>

#include "base/ascii.hpp"

namespace tykpp::session {
namespace {

bool isNameLetter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_' || c == '-' ||
         c == '.';
}

std::string scalarText(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string{};
}

/// Texts and numbers as they are, lists joined by commas, anything else as nothing.
std::string metaText(const MetaValue& value) {
  if (value.is_text) return value.text;
  const auto json = nlohmann::json::parse(value.text, nullptr, false);
  if (!json.is_array()) return scalarText(json);
  std::string joined;
  for (const auto& element : json) {
    if (!joined.empty()) joined += ',';
    joined += scalarText(element);
  }
  return joined;
}

std::string upper(std::string text) {
  for (char& c : text) c = toUpper(c);
  return text;
}

std::string secretOf(const PatternSecrets::Map* secrets, const std::string& name) {
  if (secrets == nullptr) return {};
  const auto found = secrets->find(name);
  return found == secrets->end() ? std::string{} : found->second;
}

std::string valueOf(std::string_view source, std::string name, const MetaData& metadata,
                    const PatternSecrets& secrets) {
  if (source == "secret_conf") return secretOf(secrets.conf, name);
  if (source == "secret_env") {
    return secretOf(secrets.environment, "TYK_SECRET_" + upper(std::move(name)));
  }
  if (source != "tyk_meta") return {};
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string{} : metaText(found->second);
}

/// The variable's source at the beginning of a text behind a dollar, or empty.
std::string_view sourceAt(std::string_view text) {
  constexpr std::string_view kSources[] = {"tyk_meta",   "tyk_context",  "secret_conf",
                                           "secret_env", "secret_vault", "secret_consul",
                                           "secret_file"};
  for (const std::string_view source : kSources) {
    if (text.starts_with(source) && text.substr(source.size()).starts_with('.')) return source;
  }
  return {};
}

}  // namespace

std::string expandPattern(std::string_view pattern, const MetaData& metadata,
                          const PatternSecrets& secrets) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t dollar = pattern.find('$');
    out += pattern.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    pattern.remove_prefix(dollar + 1);
    const std::string_view source = sourceAt(pattern);
    if (source.empty()) {
      out += '$';
      continue;
    }
    pattern.remove_prefix(source.size() + 1);
    std::size_t length = 0;
    while (length < pattern.size() && isNameLetter(pattern[length])) ++length;
    out += valueOf(source, std::string(pattern.substr(0, length)), metadata, secrets);
    pattern.remove_prefix(length);
  }
  return out;
}

}  // namespace tykpp::session
