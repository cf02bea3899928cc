#include "middleware/http_signature.hpp"

#include <array>
#include <ctime>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/percent.hpp"
#include "base/text.hpp"
#include "certs/rsa_signature.hpp"
#include "jwt/hmac.hpp"

namespace tykpp::middleware {
namespace {

constexpr std::string_view kAuxDate = "x-aux-date";

void skipSpaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool isNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_';
}

std::string_view takeName(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && isNameChar(text[size])) ++size;
  const std::string_view name = text.substr(0, size);
  text.remove_prefix(size);
  return name;
}

/// A value in quotes, or one word. @return nothing when the quotes do not end
std::optional<std::string> takeValue(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) return std::string(takeName(text));
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    value += text[i];
  }
  return std::nullopt;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t space = text.find(' ');
    out.emplace_back(text.substr(0, space));
    if (space == std::string_view::npos) return out;
    text.remove_prefix(space + 1);
  }
}

bool keep(std::string_view name, std::string value, HttpSignature& out) {
  if (equalsIgnoreCase(name, "keyid")) {
    out.key_id = std::move(value);
  } else if (equalsIgnoreCase(name, "algorithm")) {
    out.algorithm = std::move(value);
  } else if (equalsIgnoreCase(name, "headers")) {
    out.headers = words(value);
  } else if (equalsIgnoreCase(name, "signature")) {
    out.signature = std::move(value);
  } else {
    return false;
  }
  return true;
}

/// A number of so many digits; nothing for anything else.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!isDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

/// Seconds east of Greenwich. Names of zones count as none, as where the clock runs on UTC.
std::optional<int> zoneOf(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    const std::optional<int> hours = digits(text, 2);
    if (!hours || !text.empty()) return std::nullopt;
    return sign * *hours * 3600;
  }
  if (text.size() < 3 || text.size() > 5) return std::nullopt;
  for (const char c : text) {
    if (c < 'A' || c > 'Z') return std::nullopt;
  }
  return 0;
}

std::optional<int> monthOf(std::string_view& text) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (!equalsIgnoreCase(text.substr(0, 3), kMonths[i])) continue;
    text.remove_prefix(3);
    return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<HttpSignature> parseSignature(std::string_view value) {
  skipSpaces(value);
  if (value.starts_with("Signature") || value.starts_with("signature")) {
    const std::string_view rest = value.substr(9);
    if (rest.empty() || rest.front() != '=') value = rest;
  }
  HttpSignature out;
  for (skipSpaces(value); !value.empty(); skipSpaces(value)) {
    if (skip(value, ",")) continue;
    const std::string_view name = takeName(value);
    skipSpaces(value);
    if (name.empty() || !skip(value, "=")) return std::nullopt;
    skipSpaces(value);
    std::optional<std::string> text = takeValue(value);
    if (!text || !keep(name, std::move(*text), out)) return std::nullopt;
    skipSpaces(value);
    if (!value.empty() && value.front() != ',') return std::nullopt;
  }
  if (out.headers.empty()) out.headers.emplace_back("date");
  return out;
}

std::string_view dateOf(const http::Request& request) {
  const std::string_view other = request.headers.get(kAuxDate);
  return other.empty() ? request.headers.get(http::HeaderId::kDate) : other;
}

std::string signedText(const http::Request& request, const std::vector<std::string>& headers,
                       std::string_view path) {
  std::string out;
  for (const std::string& listed : headers) {
    if (&listed != &headers.front()) out += '\n';
    const std::string name = lowered(trim(listed));
    if (name == "(request-target)") {
      out.append("(request-target): ").append(lowered(request.method)).append(" ").append(path);
    } else if (name == "date") {
      const bool other = !request.headers.get(kAuxDate).empty();
      const std::string_view date = dateOf(request);
      // Without any date not even its name is signed.
      out.append(date.empty() ? "" : other ? kAuxDate : "date").append(": ").append(trim(date));
    } else {
      // Its Host is no header to the reference.
      const std::string_view value =
          name == "host" ? std::string_view{} : request.headers.get(std::string_view(name));
      out.append(name).append(": ").append(trim(value));
    }
  }
  return out;
}

std::string hmacSignature(std::string_view algorithm, std::string_view secret,
                          std::string_view text) {
  if (secret.empty()) return {};
  jwt::Hash hash = jwt::Hash::kSha1;
  if (algorithm == "hmac-sha256") hash = jwt::Hash::kSha256;
  if (algorithm == "hmac-sha384") hash = jwt::Hash::kSha384;
  if (algorithm == "hmac-sha512") hash = jwt::Hash::kSha512;
  const std::string bytes = jwt::hmac(hash, secret, text);
  std::string out;
  if (!bytes.empty()) appendFormEncoded(out, encodeBase64(bytes));
  return out;
}

Result<std::string> rsaSignature(evp_pkey_st* key, std::string_view text) {
  Result<std::string> bytes = certs::signRsaSha256(key, text);
  if (!bytes) return bytes;
  std::string out;
  appendFormEncoded(out, encodeBase64(*bytes));
  return out;
}

bool rsaFits(evp_pkey_st* key, std::string_view text, std::string_view signature) {
  const std::optional<std::string> bytes = decodeBase64(percentDecode(signature));
  return bytes && certs::verifyRsaSha256(key, text, *bytes);
}

std::string upperEscapes(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i + 2 < out.size(); ++i) {
    if (out[i] != '%') continue;
    out[i + 1] = toUpper(out[i + 1]);
    out[i + 2] = toUpper(out[i + 2]);
    i += 2;
  }
  return out;
}

std::optional<std::int64_t> parseHttpDate(std::string_view text) {
  constexpr std::string_view kDays = "sun mon tue wed thu fri sat";
  const std::string day = lowered(text.substr(0, 3));
  if (day.size() != 3 || kDays.find(day) == std::string_view::npos) return std::nullopt;
  text.remove_prefix(3);
  std::tm time{};
  const auto number = [&text](int& out, std::size_t count, int least, int most) {
    const std::optional<int> value = digits(text, count);
    if (!value || *value < least || *value > most) return false;
    out = *value;
    return true;
  };
  if (!skip(text, ", ") || !number(time.tm_mday, 2, 1, 31) || !skip(text, " ")) return std::nullopt;
  const std::optional<int> month = monthOf(text);
  int year = 0;
  if (!month || !skip(text, " ") || !number(year, 4, 0, 9999) || !skip(text, " ") ||
      !number(time.tm_hour, 2, 0, 23) || !skip(text, ":") || !number(time.tm_min, 2, 0, 59) ||
      !skip(text, ":") || !number(time.tm_sec, 2, 0, 59) || !skip(text, " "))
    return std::nullopt;
  const std::optional<int> zone = zoneOf(text);
  if (!zone) return std::nullopt;
  time.tm_mon = *month;
  time.tm_year = year - 1900;
  return static_cast<std::int64_t>(::timegm(&time)) - *zone;
}

}  // namespace tykpp::middleware
