#include "gateway/trial_message.hpp"

#include "analytics/api_traffic.hpp"
#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "http/head_parser.hpp"
#include "http/status.hpp"

namespace tykpp::gateway {
namespace {

using drivers::Hook;

constexpr std::string_view kDefaultResponse =
    "HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"message\": \"hello\"}";

void appendHeaders(std::string& out, const http::Headers& headers) {
  for (const http::HeaderField& field : headers) {
    out.append(field.name).append(": ").append(field.value).append("\n");
  }
}

/// Bodies are shown in lines of their own, whatever they end in.
void appendBody(std::string& out, const std::string* body) {
  if (body == nullptr || body->empty()) return;
  out.append("\n").append(*body);
  if (out.back() != '\n') out += '\n';
}

std::string requestText(const http::Request& request) {
  std::string out;
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\n");
  appendHeaders(out, request.headers);
  appendBody(out, request.body());
  return out;
}

std::string responseText(const http::Response& response) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(response.reason.empty() ? http::reasonPhrase(response.status) : response.reason);
  out += '\n';
  appendHeaders(out, response.headers);
  appendBody(out, response.body());
  return out;
}

std::string recordText(const drivers::TrafficRecord& record) {
  std::string out;
  const auto line = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\n");
  };
  line("method", record.method);
  line("host", record.host);
  line("path", record.path);
  line("raw_path", record.raw_path);
  line("user_agent", record.user_agent);
  line("api_id", record.api_id);
  line("api_name", record.api_name);
  line("org_id", record.org_id);
  line("ip_address", record.ip_address);
  line("response_code", std::to_string(record.response_code));
  line("content_length", std::to_string(record.content_length));
  line("latency_total_us", std::to_string(record.latency_total_us));
  line("latency_upstream_us", std::to_string(record.latency_upstream_us));
  return out;
}

/// Whether a line of a head would contradict the body that the text has.
bool framesBody(std::string_view line) noexcept {
  const std::string_view name = line.substr(0, line.find(':'));
  return equalsIgnoreCase(name, "Content-Length") || equalsIgnoreCase(name, "Transfer-Encoding");
}

}  // namespace

Result<std::string_view> TrialMessage::cut(std::string_view text, std::string& body) {
  std::string head;
  bool first = true;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (first || !framesBody(line)) head.append(line).append("\r\n");
    first = false;
    if (end == std::string_view::npos) break;
  }
  if (head.empty()) return Error(Errc::kBadRequest, "it has no first line");
  body = text;
  if (!body.empty()) head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return arena_.copy(head + "\r\n");
}

Result<void> TrialMessage::setRequest(std::string_view text, const definition::ApiSpec& spec) {
  const std::string fallback = "GET " + spec.listen_path + " HTTP/1.1\nHost: localhost\n";
  std::string body;
  const auto head = cut(text.empty() ? std::string_view(fallback) : text, body);
  if (!head) return Error(Errc::kBadRequest, "the request: " + head.error().message());
  http::Request& request = exchange_.request();
  if (auto parsed = http::parseRequestHead(*head, request); !parsed) {
    const Error& error = parsed.error();
    return Error(Errc::kBadRequest,
                 "the request cannot be read: " +
                     (error.detail().empty() ? error.message() : error.detail()));
  }
  request.setBody(std::move(body));
  exchange_.api = &spec;
  exchange_.peer.address = "127.0.0.1";
  exchange_.started = Clock::now();
  if (request.path.starts_with(spec.listen_path)) {
    exchange_.listen_path_match = request.path.substr(0, spec.listen_path.size());
  }
  return {};
}

Result<void> TrialMessage::setResponse(std::string_view text) {
  std::string body;
  const auto head = cut(text.empty() ? kDefaultResponse : text, body);
  if (!head) return Error(Errc::kBadRequest, "the response: " + head.error().message());
  http::Response& response = exchange_.response();
  auto parsed = http::parseResponseHead(*head, exchange_.request().method, response);
  if (!parsed) {
    const Error& error = parsed.error();
    return Error(Errc::kBadRequest,
                 "the response cannot be read: " +
                     (error.detail().empty() ? error.message() : error.detail()));
  }
  response.setBody(std::move(body));
  return {};
}

void TrialMessage::setRecord(const definition::ApiSpec& spec) {
  record_ = analytics::recordOf(exchange_, spec);
  record_.response_code = 200;
  record_.latency_total_us = 1500;
  record_.latency_upstream_us = 1400;
  has_record_ = true;
}

std::string TrialMessage::text(Hook hook) const {
  if (hook == Hook::kResponse) return responseText(exchange_.response());
  if (hook == Hook::kAnalytics) return recordText(record_);
  return requestText(exchange_.request());
}

std::string refusalText(const Error& error, const http::Exchange& exchange) {
  std::string out = "HTTP/1.1 " + std::to_string(error.status()) + " ";
  out.append(http::reasonPhrase(error.status())).append("\n");
  appendHeaders(out, exchange.error_headers);
  return out + "\n" + error.message() + "\n";
}

}  // namespace tykpp::gateway
