#include "base/log.hpp"
#include "events/handlers.hpp"

namespace tykpp::events {
namespace {

struct LineWriter {
  std::string& line;
  bool whole_keys;

  void add(const std::string& text) const { line += ":" + text; }

  void operator()(const ClientDetails& details) const {
    add(log::shownKey(details.key, whole_keys));
    add(details.origin);
    add(details.path);
  }
  void operator()(const BreakerDetails& details) const {
    add(details.api_id);
    add(details.path);
    line += details.reset ? ": [STATUS] 1" : ": [STATUS] 0";
  }
  template <class Other>
  void operator()(const Other&) const {}
};

class LogHandler final : public Handler {
 public:
  LogHandler(std::string prefix, bool whole_keys)
      : prefix_(std::move(prefix)), whole_keys_(whole_keys) {}
  void handle(const Event& event, Ticket /*ticket*/) override {
    TYKPP_LOG(warn, "events", "{}", logLine(prefix_, event, whole_keys_));
  }

 private:
  const std::string prefix_;
  const bool whole_keys_;
};

}  // namespace

std::string logLine(const std::string& prefix, const Event& event, bool whole_keys) {
  // The form is the original's. The log escapes what could end a line or the message.
  std::string line = prefix + ":" + event.name;
  std::visit(LineWriter{line, whole_keys}, event.details);
  return line;
}

std::shared_ptr<Handler> makeLogHandler(const definition::EventHandler& spec,
                                        const definition::GatewayConfig& config) {
  return std::make_shared<LogHandler>(spec.prefix, config.enable_key_logging);
}

}  // namespace tykpp::events
