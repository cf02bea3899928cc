#include "middleware/version_choice.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "events/fire.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::middleware {
namespace {

using definition::VersionLocation;
using definition::VersionRules;
using Choice = VersionChoice::Choice;

constexpr const char* kNoName = "Version information not found";
constexpr const char* kUnknown = "This API version does not seem to exist";

/// Both lists are sorted by name.
template <class List>
std::optional<std::size_t> indexOf(const List& list, std::string_view name) {
  const auto found = std::lower_bound(
      list.begin(), list.end(), name,
      [](const auto& entry, std::string_view wanted) { return entry.name < wanted; });
  if (found == list.end() || found->name != name) return std::nullopt;
  return static_cast<std::size_t>(found - list.begin());
}

/// A query without one parameter, written anew in the order of the names, as the reference does.
std::string withoutParameter(std::string_view query, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> pairs;
  forEachFormPair(query, [&](std::string_view key, std::string_view value) {
    std::string decoded = formDecode(key);
    if (decoded != name) pairs.emplace_back(std::move(decoded), formDecode(value));
  });
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (const auto& [key, value] : pairs) {
    if (!out.empty()) out += '&';
    appendFormEncoded(out, key);
    out += '=';
    appendFormEncoded(out, value);
  }
  return out;
}

/// How many bytes of an escaped path make up this many of the decoded one.
std::size_t escapedSize(std::string_view raw, std::size_t decoded) noexcept {
  std::size_t at = 0;
  for (; decoded > 0 && at < raw.size(); --decoded) at += raw[at] == '%' ? 3 : 1;
  return std::min(at, raw.size());
}

/// Takes a piece of the decoded path out of the request.
void cutPath(http::Exchange& exchange, std::size_t from, std::size_t size) {
  http::Request& request = exchange.request();
  const std::string_view raw = request.raw_path;
  const std::size_t first = escapedSize(raw, from);
  const std::size_t last = escapedSize(raw, from + size);
  const std::size_t listen = exchange.listen_path_match.size();
  const std::string_view target = exchange.arena().concat(
      raw.substr(0, first), raw.substr(last), request.has_query ? "?" : "", request.query);
  if (!request.setTarget(target)) return;
  exchange.listen_path_match = request.path.substr(0, listen);
}

}  // namespace

struct VersionChoice::Pattern {
  RE2 compiled;
};

Result<std::unique_ptr<const VersionChoice>> VersionChoice::create(
    std::shared_ptr<const VersionRules> rules, Surroundings surroundings) {
  std::unique_ptr<VersionChoice> choice(
      new VersionChoice(std::move(rules), std::move(surroundings)));
  if (const std::string& text = choice->rules_->strip_pattern; !text.empty()) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);
    auto pattern = std::unique_ptr<Pattern>(new Pattern{RE2(text, options)});
    if (!pattern->compiled.ok()) {
      return Error(Errc::kBadDefinition,
                   "the expression cannot be compiled: " + pattern->compiled.error())
          .at("/definition/url_versioning_pattern");
    }
    choice->strip_pattern_ = std::move(pattern);
  }
  return std::unique_ptr<const VersionChoice>(std::move(choice));
}

VersionChoice::VersionChoice(std::shared_ptr<const VersionRules> rules, Surroundings surroundings)
    : rules_(std::move(rules)), surroundings_(std::move(surroundings)) {}
VersionChoice::~VersionChoice() = default;

Result<Choice> VersionChoice::choose(http::Exchange& exchange) const {
  const std::string_view name = nameOf(exchange);
  if (rules_->apart) return chooseChild(name.empty() ? rules_->default_version : name);
  return chooseVersion(exchange, name);
}

Result<Choice> VersionChoice::chooseVersion(http::Exchange& exchange, std::string_view name) const {
  const bool named = !name.empty();
  const std::string& standing = rules_->default_version;
  if (!named && standing.empty()) return refused(exchange, kNoName);
  auto index = indexOf(rules_->versions, named ? name : std::string_view(standing));
  if (!index && rules_->fallback_to_default && !standing.empty()) {
    index = indexOf(rules_->versions, standing);
  }
  if (!index) return refused(exchange, kUnknown);
  if (!named && !surroundings_.version_header.empty()) {
    exchange.answer_headers.set(std::string_view(surroundings_.version_header),
                                rules_->versions[*index].name);
  }
  return Choice{Choice::Kind::kVersion, *index};
}

Result<Choice> VersionChoice::chooseChild(std::string_view name) const {
  if (name.empty()) return Error(Errc::kForbidden, Side::kClient, 403, kNoName);
  const auto found = [this](std::string_view wanted) -> std::optional<Choice> {
    if (wanted == "self" || (!wanted.empty() && wanted == rules_->own_name)) return Choice{};
    const auto index = indexOf(rules_->children, wanted);
    if (!index) return std::nullopt;
    return Choice{Choice::Kind::kChild, *index};
  };
  if (const auto choice = found(name)) return *choice;
  if (!rules_->fallback_to_default) return Error(Errc::kNotFound, Side::kClient, 404, kUnknown);
  if (const auto choice = found(rules_->default_version)) return *choice;
  return Error(Errc::kInternal, Side::kGateway, 500, "Internal Server Error");
}

Error VersionChoice::refused(const http::Exchange& exchange, const char* reason) const {
  events::fireVersionFailure(surroundings_.events, exchange, reason);
  return Error(Errc::kForbidden, Side::kClient, 403, reason);
}

std::string_view VersionChoice::nameOf(http::Exchange& exchange) const {
  switch (rules_->location) {
    case VersionLocation::kHeader:
      return fromHeader(exchange);
    case VersionLocation::kUrlParam:
      return fromQuery(exchange);
    case VersionLocation::kUrl:
      return fromPath(exchange);
    case VersionLocation::kNone:
      break;
  }
  return {};
}

std::string_view VersionChoice::fromHeader(http::Exchange& exchange) const {
  if (rules_->key.empty()) return {};
  http::Headers& headers = exchange.request().headers;
  const std::string_view key = rules_->key;
  const std::string_view name = headers.get(key);
  if (rules_->strip && !name.empty()) headers.erase(key);
  return name;
}

std::string_view VersionChoice::fromQuery(http::Exchange& exchange) const {
  http::Request& request = exchange.request();
  std::optional<std::string_view> written;
  forEachFormPair(request.query, [&](std::string_view key, std::string_view value) {
    // Most queries have the name as it is: no decoding, no allocation.
    if (!written && (key == rules_->key || (key.find_first_of("%+") != std::string_view::npos &&
                                            formDecode(key) == rules_->key))) {
      written = value;
    }
  });
  if (!written) return {};
  Arena& arena = exchange.arena();
  const std::string_view name = written->find_first_of("%+") == std::string_view::npos
                                    ? *written
                                    : arena.copy(formDecode(*written));
  if (rules_->strip) {
    const std::string query = withoutParameter(request.query, rules_->key);
    const std::size_t listen = exchange.listen_path_match.size();
    const std::string_view target = arena.concat(request.raw_path, query.empty() ? "" : "?", query);
    if (request.setTarget(target)) exchange.listen_path_match = request.path.substr(0, listen);
  }
  return name;
}

std::string_view VersionChoice::fromPath(http::Exchange& exchange) const {
  const std::string_view path = exchange.request().path;
  std::string_view rest = http::endpointPath(exchange).path;
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::string_view slug = surroundings_.slug;
  if (!slug.empty() && rest.starts_with(slug) &&
      (rest.size() == slug.size() || rest[slug.size()] == '/')) {
    rest.remove_prefix(slug.size());
  }
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::string_view name = rest.substr(0, rest.find('/'));
  if (name.empty()) return {};
  const std::size_t from = static_cast<std::size_t>(name.data() - path.data());
  // A path that ends with the name stays as it is, as in the reference.
  const bool ended = from + name.size() == path.size();
  const bool fits =
      strip_pattern_ == nullptr ||
      RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), strip_pattern_->compiled);
  if (rules_->strip && fits && !ended) {
    const std::string_view kept = exchange.arena().copy(name);
    cutPath(exchange, from, name.size() + 1);
    return kept;
  }
  exchange.version_in_path = name;
  return name;
}

}  // namespace tykpp::middleware
