#include "gateway/echo_server.hpp"

#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "http/server_exchange.hpp"
#include "net/listener.hpp"

namespace tykpp::gateway {
namespace {

constexpr std::size_t kMaxBody = 64 * 1024 * 1024;
constexpr double kMaxDelaySeconds = 60;

/// Resumes the caller after a while.
class Sleep {
 public:
  Sleep(net::Loop& loop, std::chrono::milliseconds time) : deadline_(loop.wheel(), &wake, this) {
    deadline_.after(time);
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) noexcept { caller_ = caller; }
  void await_resume() const noexcept {}

 private:
  static void wake(net::Deadline&, void* self) { static_cast<Sleep*>(self)->caller_.resume(); }
  net::Deadline deadline_;
  std::coroutine_handle<> caller_;
};

/// The number behind `prefix` in the path, or `otherwise`.
double numberAfter(std::string_view path, std::string_view prefix, double otherwise) {
  if (!path.starts_with(prefix)) return otherwise;
  const std::string_view text = path.substr(prefix.size());
  double number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

nlohmann::ordered_json arguments(std::string_view query) {
  auto args = nlohmann::ordered_json::object();
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const std::size_t equal = pair.find('=');
    const std::string name = formDecode(pair.substr(0, equal));
    const std::string value =
        equal == std::string_view::npos ? "" : formDecode(pair.substr(equal + 1));
    nlohmann::ordered_json& slot = args[name];
    if (slot.is_null()) {
      slot = value;
    } else if (slot.is_array()) {
      slot.push_back(value);
    } else {
      slot = nlohmann::ordered_json::array({slot, value});
    }
  }
  return args;
}

std::string describe(const http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  nlohmann::ordered_json answer;
  answer["method"] = request.method;
  answer["url"] = "http://" + std::string(request.host) + std::string(request.target);
  answer["args"] = arguments(request.query);
  auto& headers = answer["headers"] = nlohmann::ordered_json::object();
  for (const http::HeaderField& field : request.headers) {
    std::string name(field.name);
    http::canonicalise(name.data(), name.size());
    nlohmann::ordered_json& slot = headers[name];
    slot = slot.is_string() ? slot.get<std::string>() + "," + std::string(field.value)
                            : std::string(field.value);
  }
  answer["origin"] = exchange.peer.address;
  answer["data"] = request.body() != nullptr ? *request.body() : std::string();
  return answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

class EchoHandler final : public http::RequestHandler {
 public:
  explicit EchoHandler(net::Loop& loop) : loop_(loop) {}
  net::Task<void> handle(http::ServerExchange& sx) override {
    http::Exchange& exchange = sx.exchange();
    const Result<void> read = co_await sx.bufferBody(kMaxBody);
    http::Response& response = exchange.response();
    response.headers.add(http::HeaderId::kContentType, "application/json");
    if (!read) {
      response.status = read.error().status();
      response.setBody("{\"error\": \"the body could not be read\"}\n");
      co_await sx.sendLocal();
      co_return;
    }
    const std::string_view path = exchange.request().path;
    const double seconds = std::min(numberAfter(path, "/delay/", 0), kMaxDelaySeconds);
    if (seconds > 0) {
      Sleep sleep(loop_, std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
      co_await sleep;
    }
    const double status = numberAfter(path, "/status/", 200);
    response.status =
        status >= 200 && status <= 999 ? static_cast<std::uint16_t>(status) : std::uint16_t{400};
    response.setBody(describe(exchange));
    co_await sx.sendLocal();
  }

 private:
  net::Loop& loop_;
};

}  // namespace

Result<void> runEchoServer(const std::string& address, std::uint16_t port,
                           void (*announce)(std::uint16_t port)) {
  net::Loop loop;
  EchoHandler handler(loop);
  http::Server server(loop, handler, http::ServerLimits{}, 0);
  std::uint16_t bound = port;
  auto listener = net::Listener::open(
      loop, address, port,
      [&server, &bound](int fd, const sockaddr_storage& peer) { server.serve(fd, peer, bound); });
  if (!listener) return listener.error();
  bound = (*listener)->port();
  boost::asio::signal_set signals(loop.io(), SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) {
    (*listener)->close();
    server.abortAll();
    loop.stop();
  });
  announce(bound);
  loop.run();
  return {};
}

}  // namespace tykpp::gateway
