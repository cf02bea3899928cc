#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "client/client.hpp"
#include "definition/target_url.hpp"
#include "events/handlers.hpp"
#include "events/impl/default_body.hpp"
#include "events/impl/event_json.hpp"
#include "events/impl/sent_hooks.hpp"
#include "events/impl/template.hpp"

namespace tykpp::events {
namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr std::size_t kMaxTemplateBytes = 1U << 20;
constexpr std::size_t kMaxAnswer = 1U << 20;  // of a receiver; nobody reads it
/// Calls of one web hook at once: a receiver that does not answer must not hold up the others'.
constexpr std::size_t kInFlight = 16;

Result<Template> readTemplate(const std::string& file) {
  struct stat info {};
  const auto bad = [&file](const std::string& why) {
    return Error(Errc::kBadConfig,
                 "Custom template load failure, using default: " + file + ": " + why);
  };
  if (::stat(file.c_str(), &info) != 0) return bad(std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return bad("not a regular file");
  if (static_cast<std::size_t>(info.st_size) > kMaxTemplateBytes) return bad("larger than 1 MiB");
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return bad("cannot be read");
  auto parsed = Template::parse(text);
  if (!parsed) return bad(parsed.error().message());
  return parsed;
}

/// What bodies are made from: a template, or the built-in default.
struct BodyMaker {
  std::optional<Template> made_from;
  bool is_json = true;
  std::string problem;

  Result<std::string> make(const Event& event) const {
    if (!made_from) return defaultBody(event);
    return made_from->render(messageJson(event));
  }
};

bool exists(const std::string& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0;
}

BodyMaker bodyMakerOf(const definition::EventHandler& spec,
                      const definition::GatewayConfig& config) {
  BodyMaker maker;
  const auto use = [&maker](const std::string& file) {
    auto read = readTemplate(file);
    if (!read) {
      maker.problem += (maker.problem.empty() ? "" : "; ") + read.error().message();
      return false;
    }
    maker.made_from = std::move(*read);
    maker.is_json = file.ends_with(".json");
    return true;
  };
  if (!spec.template_file.empty() && use(spec.template_file)) return maker;
  if (config.template_path.empty()) return maker;
  std::string folder = config.template_path;
  if (!folder.starts_with('/') && !config.working_directory.empty())
    folder = config.working_directory + "/" + folder;
  const std::string own = folder + "/default_webhook.json";
  if (exists(own)) use(own);
  return maker;
}

class WebHook final : public Handler, public std::enable_shared_from_this<WebHook> {
 public:
  WebHook(const definition::EventHandler& spec, BodyMaker maker, client::HttpClient& client,
          std::shared_ptr<SentHooks> sent)
      : spec_(spec), maker_(std::move(maker)), client_(client), sent_(std::move(sent)) {
    const auto named = [this](std::string_view name) {
      return std::any_of(spec_.headers.begin(), spec_.headers.end(), [name](const auto& header) {
        return equalsIgnoreCase(header.first, name);
      });
    };
    if (!named("User-Agent")) spec_.headers.emplace_back("User-Agent", "Tyk-Hookshot");
    if (maker_.is_json && !named("Content-Type"))
      spec_.headers.emplace_back("Content-Type", "application/json");
    if (const auto url = definition::parseTargetUrl(spec_.target); url) {
      host_ = url->host_header;
      target_ = (url->raw_path.empty() ? "/" : url->raw_path) +
                (url->query.empty() ? std::string{} : "?" + url->query);
    }
  }

  void handle(const Event& event, Ticket ticket) override {
    auto body = maker_.make(event);
    if (!body) {
      return complain("its body cannot be made: " + body.error().message());
    }
    const std::string digest = digestOf(event, *body);
    auto call = std::make_shared<Call>(Call{std::move(*body), std::move(ticket)});
    sent_->once(digest, spec_.cooldown,
                [self = shared_from_this(), call] { self->enqueue(std::move(*call)); });
  }

 private:
  struct Call {
    std::string body;
    Ticket ticket;
  };

  /// Of the request as the original would write it, so that both may share a Redis. Certificates'
  /// events tell the time of day and are one by what they are about.
  std::string digestOf(const Event& event, const std::string& body) const {
    std::string text = spec_.method + " " + target_ + " HTTP/1.1\r\nHost: " + host_ +
                       "\r\nUser-Agent: Go-http-client/1.1\r\n";
    if (const auto* certificate = std::get_if<CertificateDetails>(&event.details)) {
      return md5Hex(text + event.name + "\n" + certificate->id + "\n" + certificate->api_id);
    }
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return md5Hex(text + "\r\n" + body);
  }

  void enqueue(Call call) {
    {
      const std::lock_guard lock(mutex_);
      if (in_flight_ >= kInFlight) {
        waiting_.push_back(std::move(call));  // as many as events may be under way
        return;
      }
      ++in_flight_;
    }
    send(std::move(call));
  }

  void send(Call call) {
    client::Request request;
    request.method = spec_.method;
    request.url = spec_.target;
    request.headers = spec_.headers;
    request.body = std::move(call.body);
    request.timeout = kTimeout;
    request.max_body = kMaxAnswer;
    client_.send(std::move(request),
                 [self = shared_from_this(), ticket = std::move(call.ticket)](
                     const Result<client::Response>& answer) { self->answered(answer); });
  }

  void answered(const Result<client::Response>& answer) {
    if (!answer) {
      complain(answer.error().message());
    } else if (answer->status >= 400) {
      complain("the receiver answers " + std::to_string(answer->status));
    }
    std::optional<Call> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        --in_flight_;
      } else {
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
    }
    if (next) send(std::move(*next));
  }

  /// At most one line a second: there is no second try, so a dead receiver fails at every event.
  void complain(const std::string& why) {
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
    if (last_line_.exchange(now, std::memory_order_relaxed) == now) {
      silent_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    // The URL may hold credentials: the host says enough.
    TYKPP_LOG(err, "webhooks", "web hook failed event={} name={} host={} reason={} silent={}",
              log::quoted(spec_.event), log::quoted(spec_.name), log::quoted(host_),
              log::quoted(why), silent_.exchange(0, std::memory_order_relaxed));
  }

  definition::EventHandler spec_;
  const BodyMaker maker_;
  client::HttpClient& client_;
  const std::shared_ptr<SentHooks> sent_;
  std::string host_;
  std::string target_;
  std::atomic<std::int64_t> last_line_{0};  // steady seconds
  std::atomic<std::uint64_t> silent_{0};
  std::mutex mutex_;
  std::size_t in_flight_ = 0;
  std::deque<Call> waiting_;
};

}  // namespace

MadeWebHook WebHooks::make(const definition::EventHandler& spec,
                           const definition::GatewayConfig& config) {
  BodyMaker maker = bodyMakerOf(spec, config);
  std::string problem = maker.problem;
  return {std::make_shared<WebHook>(spec, std::move(maker), client_, sent_), std::move(problem)};
}

WebHooks::WebHooks(client::HttpClient& client, storage::DataStore& store)
    : client_(client), sent_(std::make_shared<SentHooks>(store)) {}

definition::Problems fileProblems(const std::vector<definition::EventHandler>& handlers,
                                  const definition::GatewayConfig& config,
                                  const std::string& file) {
  definition::Problems problems;
  for (const definition::EventHandler& handler : handlers) {
    std::string reason;
    if (handler.kind == definition::EventHandlerKind::kWebHook) {
      reason = bodyMakerOf(handler, config).problem;
    } else if (handler.kind == definition::EventHandlerKind::kScript && !exists(handler.script)) {
      reason = "Failed to init event handler: Failed to open JS middleware file: " + handler.script;
    }
    if (!reason.empty())
      problems.push_back({definition::Severity::kWarning, file, handler.pointer, reason});
  }
  return problems;
}

}  // namespace tykpp::events
