// Who the gateway is to the upstream of a Classic definition.

#include <array>

#include "base/base64.hpp"
#include "definition/auth_rules.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/header_text.hpp"

namespace tykpp::definition {
namespace {

constexpr std::string_view kBasicPlace = "/upstream_auth/basic_auth";

/// Headers that say how the request travels, which the gateway writes itself.
bool framesRequests(std::string_view name) {
  constexpr std::array<std::string_view, 11> kNames = {
      "host", "connection", "content-length", "transfer-encoding", "upgrade",        "keep-alive",
      "te",   "trailer",    "user-agent",     "proxy-connection",  "x-forwarded-for"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [name](std::string_view known) { return equalsIgnoreCase(known, name); });
}

std::string headerOf(const Json& basic, Report& report) {
  const Json* header = member(basic, "header");
  const std::string_view name =
      header != nullptr && flagOf(*header, "enabled") ? textOf(*header, "name") : "";
  if (name.empty()) return "Authorization";
  const std::string place = std::string(kBasicPlace) + "/header/name";
  if (!isHeaderName(name)) {
    report.error(place, "cannot be the name of a header");
  } else if (framesRequests(name)) {
    report.error(place, "a credential cannot stand in " + std::string(name));
  }
  return std::string(name);
}

}  // namespace

UpstreamCredential readUpstreamAuth(const Json& document, Report& report) {
  UpstreamCredential credential;
  const Json* auth = member(document, "upstream_auth");
  if (auth == nullptr || !flagOf(*auth, "enabled")) return credential;
  const Json* oauth = member(*auth, "oauth");
  if (oauth != nullptr && flagOf(*oauth, "enabled"))
    report.notBuilt("/upstream_auth/oauth", "OAuth with the upstream");
  const Json* basic = member(*auth, "basic_auth");
  if (basic == nullptr || !flagOf(*basic, "enabled")) return credential;
  credential.enabled = true;
  credential.header = headerOf(*basic, report);
  const std::string_view user = textOf(*basic, "username");
  const std::string_view password = textOf(*basic, "password");
  const std::string place(kBasicPlace);
  // RFC 7617 section 2: what stands in front of the first colon is the name.
  if (user.find(':') != std::string_view::npos)
    report.error(place + "/username", "must not have a colon");
  if (hasControls(user)) report.error(place + "/username", "must not have control characters");
  if (hasControls(password)) report.error(place + "/password", "must not have control characters");
  if (user.empty() && password.empty())
    report.warn(place, "neither username nor password is given: the upstream gets empty ones");
  credential.value = "Basic " + encodeBase64(std::string(user).append(":").append(password));
  return credential;
}

}  // namespace tykpp::definition
