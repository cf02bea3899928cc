#include "middleware/cache_key.hpp"

#include <algorithm>
#include <optional>

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "definition/api_spec.hpp"
#include "session/key_hash.hpp"

namespace tykpp::middleware {
namespace {

constexpr std::size_t kHashDigits = 32;

bool isUnreservedInUrl(char c) noexcept {
  return (toLower(c) >= 'a' && toLower(c) <= 'z') || isDigit(c) ||
         std::string_view("-_.~").find(c) != std::string_view::npos;
}

/// What a path may hold as it is.
bool passesInPath(char c) noexcept {
  return isUnreservedInUrl(c) || std::string_view("$&+,/:;=@").find(c) != std::string_view::npos;
}

/// What counts as an escaped path although one would write some of it in another way.
bool isEscapedPath(std::string_view path) noexcept {
  return std::all_of(path.begin(), path.end(), [](char c) {
    return passesInPath(c) || std::string_view("!'()*[]%").find(c) != std::string_view::npos;
  });
}

void appendUrlEscaped(std::string_view path, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : path) {
    if (passesInPath(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
}

bool bodyCounts(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

/// Text that is put together from parts which must be found again.
class KeyText {
 public:
  explicit KeyText(std::string first) : text_(std::move(first)) {}

  /// Ends the part before with a mark and begins another.
  void next(std::string_view mark, std::string_view part) {
    const std::size_t end = text_.size();
    text_.append(mark);
    // Found earlier than where it was put: somebody else's parts might make the same text.
    unique_ = unique_ && text_.find(mark, begin_) == end;
    begin_ = text_.size();
    text_.append(part);
  }
  /// The last part looks as if a hash was behind it.
  bool endsLikeHash() const noexcept {
    if (text_.size() - begin_ <= kHashDigits) return false;
    const std::string_view end = std::string_view(text_).substr(text_.size() - kHashDigits - 1);
    return end.front() == '-' && std::all_of(end.begin() + 1, end.end(), [](char c) {
             return hexValue(c) >= 0 && c == toLower(c);
           });
  }
  void appendHash(std::string_view body) {
    text_.append("-").append(session::hashText(body, session::HashAlgorithm::kMurmur128));
  }
  bool unique() const noexcept { return unique_; }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::size_t begin_ = 0;  // of the last part
  bool unique_ = true;
};

/// @return whether the text still stands for one request alone
bool addBody(const http::Request& request, const definition::BodyPattern* pattern, KeyText& text) {
  const std::string_view body =
      request.body() != nullptr ? std::string_view(*request.body()) : std::string_view{};
  const std::optional<std::string_view> part = pattern == nullptr ? body : pattern->find(body);
  if (!part) return !text.endsLikeHash();
  text.appendHash(*part);
  return true;
}

}  // namespace

std::string requestUrl(const http::Request& request) {
  std::string url;
  if (isEscapedPath(request.raw_path)) {
    url = request.raw_path;
  } else {
    appendUrlEscaped(request.path, url);
  }
  if (request.has_query) url.append("?").append(request.query);
  return url;
}

std::string answerKeyPrefix(std::string_view api_id) {
  std::string prefix("cache-");
  return prefix.append(api_id).append(api_id);
}

std::string answerKey(const http::Exchange& exchange, std::string_view client,
                      const CacheKeyRules& rules) {
  const http::Request& request = exchange.request();
  std::string first(request.method);
  KeyText text(first.append("-").append(requestUrl(request)));
  std::string mark("-");
  for (const std::string& name : rules.by_headers) {
    mark.append(name).append("-");
    text.next(mark, request.headers.get(std::string_view(name)));
    mark.clear();
  }
  bool unique = true;
  if (bodyCounts(request.method)) unique = addBody(request, rules.body_pattern, text);
  if (!unique || !text.unique()) return {};
  return answerKeyPrefix(exchange.api->api_id).append(client).append(md5Hex(text.text()));
}

}  // namespace tykpp::middleware
