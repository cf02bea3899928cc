#include "http/header_name.hpp"

#include <array>

#include "base/ascii.hpp"

namespace tykpp::http {
namespace {

constexpr std::size_t kCount = static_cast<std::size_t>(HeaderId::kCount);

// In the order of HeaderId.
constexpr std::array<std::string_view, kCount> kTexts = {
    "",
    "Host",
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "Content-Type",
    "Content-Encoding",
    "Accept-Encoding",
    "Accept",
    "User-Agent",
    "X-Forwarded-For",
    "X-Real-Ip",
    "Upgrade",
    "Te",
    "Trailer",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Expect",
    "Date",
    "Server",
    "Location",
    "Authorization",
    "Cookie",
    "Set-Cookie",
    "Range",
    "Etag",
    "Cache-Control",
    "Origin",
    "X-Generator",
    "X-Tyk-Authorization",
    "Idempotency-Key",
};

/// Length and two letters tell the well-known names apart well enough for one comparison a look-up.
constexpr std::size_t slotOf(std::string_view name) noexcept {
  const auto first = static_cast<unsigned char>(toLower(name.front()));
  const auto last = static_cast<unsigned char>(toLower(name.back()));
  const auto middle = static_cast<unsigned char>(toLower(name[name.size() / 2]));
  return (name.size() * 7U + first * 31U + last * 5U + middle * 3U) & 127U;
}

struct Table {
  // Two ids a slot: collisions of the few names that share one.
  std::array<std::array<HeaderId, 3>, 128> slots{};
  bool fits = true;
};

constexpr Table makeTable() {
  Table table;
  for (std::size_t i = 1; i < kCount; ++i) {
    auto& slot = table.slots[slotOf(kTexts[i])];
    bool placed = false;
    for (HeaderId& id : slot) {
      if (id == HeaderId::kOther) {
        id = static_cast<HeaderId>(i);
        placed = true;
        break;
      }
    }
    table.fits = table.fits && placed;
  }
  return table;
}

constexpr Table kTable = makeTable();
static_assert(kTable.fits, "too many well-known names share a slot: change slotOf");

constexpr std::array<bool, 256> makeTokenTable() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kToken = makeTokenTable();

}  // namespace

HeaderId internHeader(std::string_view name) noexcept {
  if (name.empty()) return HeaderId::kOther;
  for (const HeaderId id : kTable.slots[slotOf(name)]) {
    if (id == HeaderId::kOther) break;
    if (equalsIgnoreCase(kTexts[static_cast<std::size_t>(id)], name)) return id;
  }
  return HeaderId::kOther;
}

std::string_view headerText(HeaderId id) noexcept { return kTexts[static_cast<std::size_t>(id)]; }

Result<HeaderName> HeaderName::parse(std::string_view text) {
  if (!isToken(text)) {
    return Error(Errc::kBadDefinition, "\"" + std::string(text) + "\" is no valid header name");
  }
  return HeaderName(text);
}

bool HeaderName::matches(HeaderId id, std::string_view text) const noexcept {
  if (id_ != HeaderId::kOther || id != HeaderId::kOther) return id_ == id;
  return equalsIgnoreCase(text_, text);
}

bool isToken(std::string_view text) noexcept {
  for (const char c : text) {
    if (!kToken[static_cast<unsigned char>(c)]) return false;
  }
  return !text.empty();
}

bool isAuthority(std::string_view text) noexcept {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f ||
        std::string_view("/\\?#@\"<>^`{|},").find(c) != std::string_view::npos)
      return false;
  }
  return true;
}

bool isFieldValue(std::string_view text) noexcept {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}

void canonicalise(char* name, std::size_t size) noexcept {
  if (!isToken({name, size})) return;
  bool upper = true;
  for (std::size_t i = 0; i < size; ++i) {
    name[i] = upper ? toUpper(name[i]) : toLower(name[i]);
    upper = name[i] == '-';
  }
}

}  // namespace tykpp::http
