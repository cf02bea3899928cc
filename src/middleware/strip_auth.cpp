#include "middleware/strip_auth.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/text.hpp"
#include "definition/api_spec.hpp"

namespace tykpp::middleware {
namespace {

bool wellEscaped(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || hexValue(text[i + 1]) < 0 || hexValue(text[i + 2]) < 0)
      return false;
    i += 2;
  }
  return true;
}

/// The query without a parameter, its others sorted by name and written anew, as the reference
/// does. Pairs that cannot be read are lost.
void stripParam(http::Request& request, std::string_view param) {
  std::vector<std::pair<std::string, std::string>> pairs;
  forEachFormPair(request.query, [&](std::string_view name, std::string_view value) {
    if (!wellEscaped(name) || !wellEscaped(value)) return;
    if (std::string decoded = formDecode(name); decoded != param)
      pairs.emplace_back(std::move(decoded), formDecode(value));
  });
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& one, const auto& other) { return one.first < other.first; });
  std::string target(request.raw_path);
  char separator = '?';
  for (const auto& [name, value] : pairs) {
    target += std::exchange(separator, '&');
    appendFormEncoded(target, name);
    target += '=';
    appendFormEncoded(target, value);
  }
  request.setTarget(request.headers.arena().copy(target));
}

/// Drops the first cookie whose text begins with the name.
void stripCookie(http::Headers& headers, std::string_view name) {
  const std::string_view all = headers.get(http::HeaderId::kCookie);
  std::size_t begin = 0;
  while (begin < all.size()) {
    const std::size_t end = std::min(all.find(';', begin), all.size());
    if (!trim(all.substr(begin, end - begin)).starts_with(name)) {
      begin = end + 1;
      continue;
    }
    const std::string_view before = begin == 0 ? std::string_view{} : all.substr(0, begin - 1);
    std::string_view after = all.substr(end);
    if (begin == 0 && !after.empty()) after.remove_prefix(1);
    headers.set(http::HeaderId::kCookie, headers.arena().concat(before, after));
    return;
  }
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> StripAuth::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::AuthRules* rules = build.api.auth.get();
  if (build.api.use_keyless || rules == nullptr || rules->stripped.empty()) return steps;
  steps.push_back(std::make_unique<StripAuth>(rules->stripped));
  return steps;
}

Result<chain::Verdict> StripAuth::onRequest(http::Exchange& exchange) const {
  http::Request& request = exchange.request();
  for (const definition::StrippedCredential& credential : credentials_) {
    if (!credential.param.empty() && request.has_query) stripParam(request, credential.param);
    request.headers.erase(std::string_view(credential.header));
    if (request.headers.contains(http::HeaderId::kCookie))
      stripCookie(request.headers, credential.cookie);
  }
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
