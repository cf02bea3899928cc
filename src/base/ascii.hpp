#pragma once
// Locale-free text helpers for protocol fields.

#include <algorithm>
#include <string>
#include <string_view>

namespace tykpp {

constexpr char toLower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr char toUpper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}
constexpr bool isDigit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Equality without regard to ASCII case (RFC 9110 section 5.1: field names).
constexpr bool equalsIgnoreCase(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (toLower(a[i]) != toLower(b[i])) return false;
  }
  return true;
}

/// Without spaces and tabs at both ends (RFC 9110 OWS).
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `visit(part)` for each trimmed, non-empty element of a comma-separated list.
template <class Visit>
void forEachListElement(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view part = trim(list.substr(0, comma));
    if (!part.empty()) visit(part);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
}

inline std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), toLower);
  return out;
}

/// Takes the same time for equal and unequal texts of one length, so that an answer's delay tells
/// nothing.
bool equalsConstantTime(std::string_view a, std::string_view b) noexcept;

}  // namespace tykpp
