#include "analytics/wire_capture.hpp"

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "http/status.hpp"

namespace tykpp::analytics {
namespace {

using http::HeaderId;

/// What says how long a body is, or how long the connection lasts.
bool isFraming(const http::HeaderField& field) {
  return field.id == HeaderId::kContentLength || field.id == HeaderId::kTransferEncoding ||
         field.id == HeaderId::kConnection;
}

void appendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string encoded(std::string& head, const std::string& body, bool tells_length) {
  if (tells_length) appendField(head, "Content-Length", std::to_string(body.size()));
  head.append("\r\n").append(body);
  return encodeBase64(head);
}

}  // namespace

void WireCapture::takeRequest(const http::Exchange& exchange, const RecordedRequest& recorded) {
  const http::Request& request = exchange.request();
  request_.append(recorded.method).append(" ").append(recorded.raw_path);
  if (recorded.has_query) request_.append("?").append(recorded.query);
  request_.append(" HTTP/1.1\r\n");
  appendField(request_, "Host", request.host);
  for (const http::HeaderField& field : request.headers) {
    if (field.id != HeaderId::kHost && !isFraming(field)) {
      appendField(request_, field.name, field.value);
    }
  }
  if (request.body() != nullptr) request_body_.add(*request.body());
}

void WireCapture::takeResponse(const http::Exchange& exchange, std::string_view lines) {
  const http::Response& response = exchange.response();
  gzip_ = equalsIgnoreCase(response.headers.get(HeaderId::kContentEncoding), "gzip");
  response_.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  response_.append(response.reason.empty() ? http::reasonPhrase(response.status) : response.reason);
  response_.append("\r\n");
  for (const http::HeaderField& field : response.headers) {
    if (!isFraming(field)) appendField(response_, field.name, field.value);
  }
  response_.append(lines);
}

void WireCapture::put(http::TrafficRecord& record) {
  if (given_up_) return;
  if (!request_.empty()) {
    request_text_ = encoded(request_, request_body_.text(), !request_body_.text().empty());
    record.raw_request = request_text_;
  }
  if (!response_.empty()) {
    response_text_ = encoded(response_, response_body_.text(), true);
    record.raw_response = response_text_;
  }
}

}  // namespace tykpp::analytics
