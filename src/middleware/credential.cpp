#include "middleware/credential.hpp"

#include "base/ascii.hpp"
#include "events/request_facts.hpp"

namespace tykpp::middleware {

CredentialReader::CredentialReader(definition::CredentialSource source)
    : source_(std::move(source)),
      header_(http::internHeader(source_.header)),
      header_only_(source_.param.empty() && source_.cookie.empty() && !source_.header.empty()) {}

std::string_view CredentialReader::of(const http::Exchange& exchange) const {
  return header_only_ ? exchange.request().headers.get({header_, source_.header})
                      : events::credentialOf(exchange, source_);
}

std::string_view withoutBearer(std::string_view value) noexcept {
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() >= kScheme.size() && equalsIgnoreCase(value.substr(0, kScheme.size()), kScheme))
    value.remove_prefix(kScheme.size());
  return value;
}

}  // namespace tykpp::middleware
