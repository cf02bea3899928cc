#include "events/impl/default_body.hpp"

#include <nlohmann/json.hpp>

#include "events/impl/event_json.hpp"
#include "events/impl/template.hpp"

namespace tykpp::events {
namespace {

/// Members of the body, in order.
class Body {
 public:
  void text(const char* name, const std::string& value) {
    begin(name);
    out_ += '"';
    appendHtml(out_, value);
    out_ += '"';
  }
  void number(const char* name, std::int64_t value) {
    begin(name);
    out_ += std::to_string(value);
  }
  /// The blank lines around it are the original's: receivers may compare digests.
  std::string take() { return "\n{" + out_ + "\n}\n\n\n"; }

 private:
  void begin(const char* name) {
    out_ += out_.empty() ? "\n" : ",\n";
    out_ += std::string("    \"") + name + "\": ";
  }
  std::string out_;
};

std::string of(const std::map<std::string, std::string>& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string{} : found->second;
}

struct DetailWriter {
  const Event& event;
  Body& body;

  void operator()(const std::monostate&) const {
    body.text("path", "");
    body.text("origin", "");
    body.text("key", "");
  }
  void operator()(const ClientDetails& details) const {
    body.text("path", details.path);
    body.text("origin", details.origin);
    body.text("key", details.key);
  }
  void operator()(const TriggerDetails& details) const {
    body.text("org", details.org_id);
    body.text("key", details.key);
    body.text("trigger_limit", std::to_string(details.trigger_limit));
  }
  void operator()(const BreakerDetails& details) const {
    body.text("api_id", details.api_id);
    body.text("path", details.path);
    if (event.type == EventType::kBreakerTriggered) body.text("Status", details.reset ? "1" : "0");
  }
  void operator()(const HostDetails& details) const {
    body.text("url", details.check_url);
    body.text("response_code", std::to_string(details.response_code));
    body.text("tcp_error", details.is_tcp_error ? "true" : "false");
    body.text("host", of(details.meta_data, "host_name"));
    body.text("api_id", of(details.meta_data, "api_id"));
  }
  void operator()(const TokenDetails& details) const {
    body.text("path", "");
    body.text("origin", "");
    body.text("key", details.key);
  }
  void operator()(const CertificateDetails& details) const {
    const bool expired = event.type == EventType::kCertificateExpired;
    const auto meta = Json::parse(metaText(event), nullptr, false);
    body.text("cert_id", details.id);
    body.text("cert_name", details.name);
    body.text(expired ? "expired_at" : "expires_at",
              meta.value(expired ? "ExpiredAt" : "ExpiresAt", ""));
    body.number(expired ? "days_since_expiry" : "days_remaining", details.days);
    body.text("cert_role", details.role);
    if (!details.api_id.empty()) body.text("api_id", details.api_id);
    body.text("timestamp", timeStamp(event.time));
  }
};

}  // namespace

std::string defaultBody(const Event& event) {
  Body body;
  body.text("event", event.name);
  body.text("message", event.message);
  std::visit(DetailWriter{event, body}, event.details);
  return body.take();
}

}  // namespace tykpp::events
