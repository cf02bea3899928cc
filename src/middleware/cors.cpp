#include "middleware/cors.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/api_spec.hpp"

namespace tykpp::middleware {
namespace {

constexpr std::string_view kRequestMethod = "Access-Control-Request-Method";
constexpr std::string_view kRequestHeaders = "Access-Control-Request-Headers";
constexpr std::string_view kAllowOrigin = "Access-Control-Allow-Origin";
constexpr std::string_view kAllowMethods = "Access-Control-Allow-Methods";
constexpr std::string_view kAllowHeaders = "Access-Control-Allow-Headers";
constexpr std::string_view kAllowCredentials = "Access-Control-Allow-Credentials";
constexpr std::string_view kExposeHeaders = "Access-Control-Expose-Headers";
constexpr std::string_view kMaxAge = "Access-Control-Max-Age";

bool holds(const std::vector<std::string>& list, std::string_view text) noexcept {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// The exposed names as one field value, in canonical spelling.
std::string exposedList(const std::vector<std::string>& names) {
  std::string list;
  for (std::string name : names) {
    if (http::isToken(name)) http::canonicalise(name.data(), name.size());
    list += (list.empty() ? "" : ", ") + name;
  }
  return list;
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> Cors::create(const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (build.api.cors.enabled) steps.push_back(std::make_unique<Cors>(build.api.cors));
  return steps;
}

Cors::Cors(const definition::Cors& rules)
    : all_origins_(rules.allowed_origins.empty() || holds(rules.allowed_origins, "*")),
      methods_(rules.allowed_methods),
      all_headers_(holds(rules.allowed_headers, "*")),
      exposed_(exposedList(rules.exposed_headers)),
      credentials_(rules.allow_credentials),
      passthrough_(rules.options_passthrough) {
  for (const std::string& origin : rules.allowed_origins) {
    const std::string lower = lowered(origin);
    const std::size_t star = lower.find('*');
    if (star == std::string::npos) {
      origins_.push_back(lower);
    } else {
      wildcards_.push_back({lower.substr(0, star), lower.substr(star + 1)});
    }
  }
  if (methods_.empty()) methods_ = {"GET", "POST", "HEAD"};
  for (const std::string& name : rules.allowed_headers) headers_.push_back(lowered(name));
  if (headers_.empty()) headers_ = {"accept", "content-type", "x-requested-with"};
  std::sort(headers_.begin(), headers_.end());
  if (rules.max_age != 0) max_age_ = std::to_string(std::max(rules.max_age, 0));
}

bool Cors::allowsOrigin(std::string_view origin) const {
  if (all_origins_) return true;
  const std::string lower = lowered(origin);
  return holds(origins_, lower) ||
         std::any_of(wildcards_.begin(), wildcards_.end(), [&](const Wildcard& wildcard) {
           return lower.size() >= wildcard.prefix.size() + wildcard.suffix.size() &&
                  lower.starts_with(wildcard.prefix) && lower.ends_with(wildcard.suffix);
         });
}

bool Cors::allowsMethod(std::string_view method) const noexcept {
  return method == "OPTIONS" || holds(methods_, method);
}

/// Browsers send the list in lower case, sorted, without spaces and without repeats (Fetch
/// standard, "CORS-preflight fetch"); anything else is nobody who cares for the answer.
bool Cors::allowsHeaders(std::string_view list) const noexcept {
  if (all_headers_ || list.empty()) return true;
  auto from = headers_.begin();
  while (true) {
    const std::size_t comma = list.find(',');
    const auto found = std::find(from, headers_.end(), list.substr(0, comma));
    if (found == headers_.end()) return false;
    from = found + 1;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

Result<chain::Verdict> Cors::onRequest(http::Exchange& exchange) const {
  const http::Request& request = exchange.request();
  if (request.method != "OPTIONS") {
    actual(exchange);
    return chain::Verdict::kContinue;
  }
  if (passthrough_) return chain::Verdict::kContinue;
  http::Response& response = exchange.response();
  response.headers.clear();
  if (!request.headers.get(kRequestMethod).empty()) {
    response.status = 204;
    preflight(exchange);
  } else {
    response.status = 200;
    actual(exchange);
  }
  response.setBody({});
  exchange.unrecorded = true;  // a question of the browser, not of its user
  return chain::Verdict::kRespond;
}

void Cors::allow(http::Exchange& exchange, std::string_view origin) const {
  exchange.answer_headers.add(kAllowOrigin, all_origins_ ? "*" : origin);
}

void Cors::preflight(http::Exchange& exchange) const {
  const http::Headers& asked = exchange.request().headers;
  http::Headers& answer = exchange.answer_headers;
  answer.add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  const std::string_view origin = asked.get(http::HeaderId::kOrigin);
  const std::string_view method = asked.get(kRequestMethod);
  const std::string_view names = asked.get(kRequestHeaders);
  if (origin.empty() || !allowsOrigin(origin) || !allowsMethod(method) || !allowsHeaders(names))
    return;
  allow(exchange, origin);
  answer.add(kAllowMethods, method);
  if (!names.empty()) answer.add(kAllowHeaders, names);
  if (credentials_) answer.add(kAllowCredentials, "true");
  if (!max_age_.empty()) answer.add(kMaxAge, max_age_);
}

void Cors::actual(http::Exchange& exchange) const {
  const http::Request& request = exchange.request();
  http::Headers& answer = exchange.answer_headers;
  answer.add("Vary", "Origin");
  const std::string_view origin = request.headers.get(http::HeaderId::kOrigin);
  if (origin.empty() || !allowsOrigin(origin) || !allowsMethod(request.method)) return;
  allow(exchange, origin);
  if (!exposed_.empty()) answer.add(kExposeHeaders, exposed_);
  if (credentials_) answer.add(kAllowCredentials, "true");
}

}  // namespace tykpp::middleware
