#include "oauth/notifier.hpp"

#include "base/log.hpp"
#include "oauth/call.hpp"

namespace tykpp::oauth {
namespace {

constexpr int kAttempts = 3;
constexpr int kMostWaiting = 1000;
constexpr auto kPause = std::chrono::seconds(10);

}  // namespace

void Notifier::tell(const std::string& url, const std::string& secret, const TokenNews& news) {
  client::Request request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "Tyk-Gatewy-Notifications"},  // as the original spells it
                     {"X-Tyk-Shared-Secret", secret}};
  const char* kind = news.old_refresh_token.empty() ? "new" : "refresh";
  request.body = jsonObject({{"auth_code", news.auth_code},
                             {"new_oauth_token", news.new_oauth_token},
                             {"refresh_token", news.refresh_token},
                             {"old_refresh_token", news.old_refresh_token},
                             {"notification_type", kind}},
                            true);
  request.timeout = kPause;
  attempt(std::move(request), 1);
}

void Notifier::attempt(client::Request request, int number) {
  std::call_once(made_, [this] {
    client::Limits limits;
    limits.queued = kMostWaiting;
    http_ = std::make_unique<client::HttpClient>(limits);
  });
  client::Request again = request;
  http_->send(std::move(request),
              [this, again = std::move(again), number](const Result<client::Response>& response) {
                if (response && response->status == 200) return;
                const std::string reason = response ? "status " + std::to_string(response->status)
                                                    : response.error().message();
                retry(again, number, reason);
              });
}

void Notifier::retry(client::Request request, int number, const std::string& reason) {
  const bool last = number >= kAttempts || waiting_.load() >= kMostWaiting;
  TYKPP_LOG(warn, "oauth", "a notification about a token failed: {} attempt={} {}", reason, number,
            last ? "given up" : "to be tried again");
  if (last) return;
  ++waiting_;
  loop_.post([this, request = std::move(request), number] {
    later_.add(loop_.now() + kPause, [this, request, number] {
      --waiting_;
      attempt(request, number + 1);
    });
  });
}

}  // namespace tykpp::oauth
