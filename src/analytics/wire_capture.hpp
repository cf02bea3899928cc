#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "analytics/api_traffic.hpp"
#include "http/body_tap.hpp"
#include "http/exchange.hpp"
#include "http/traffic_record.hpp"

namespace tykpp::analytics {

/// Request and answer of one exchange, word for word, as a detailed record keeps them: as HTTP/1.1
/// writes them, without chunks, bodies cut at a limit and Content-Length saying what is there.
/// Thread: the exchange's worker.
class WireCapture {
 public:
  /// @param limit  bytes of each body
  explicit WireCapture(std::size_t limit) : request_body_(limit), response_body_(limit) {}

  /// Keeps the request's head as it is now.
  void takeRequest(const http::Exchange& exchange, const RecordedRequest& recorded);
  /// Where the bodies go as they stream by; one that is in memory goes there at takeRequest().
  http::BodyTap& requestBody() noexcept { return request_body_; }
  http::BodyTap& responseBody() noexcept { return response_body_; }
  /// Keeps the answer's head as it is now. @param lines  complete header lines that it gets besides
  void takeResponse(const http::Exchange& exchange, std::string_view lines);
  /// The answer's body is packed for the client: whoever records it unpacks it. As in the
  /// reference, the head still says so.
  bool isGzip() const noexcept { return gzip_; }
  /// Nothing is kept after all: the answer goes on for as long as both sides like.
  void giveUp() noexcept { given_up_ = true; }
  bool givenUp() const noexcept { return given_up_; }

  /// Puts both into the record, in base64. Views: into this object.
  void put(http::TrafficRecord& record);

 private:
  bool given_up_ = false;
  bool gzip_ = false;
  std::string request_;
  std::string response_;
  http::BodyTap request_body_;
  http::BodyTap response_body_;
  std::string request_text_;
  std::string response_text_;
};

}  // namespace tykpp::analytics
