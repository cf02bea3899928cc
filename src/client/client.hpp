#pragma once
// HTTP calls that the gateway makes of its own accord: bundles, webhooks, `TykMakeHttpRequest`.
// What enters is a Request, what leaves is a Response or an Error, handed to a callback. All calls
// of a client run on one thread of its own; nothing here ever waits on the caller's.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace tykpp::client {

/// Fields of a message head, in order, names as they were sent.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// What TLS checks and shows. Files are PEM, read when a connection is made.
struct TlsOptions {
  bool insecure_skip_verify = false;  ///< neither chain nor name of the server are checked
  std::string ca_file{};              ///< empty: `SSL_CERT_FILE`, else those of the system
  std::string certificate_file{};     ///< of this side; empty: none
  std::string key_file{};             ///< of certificate_file; empty: in the same file
  int max_version = 0;                ///< 769 (TLS 1.0) to 772 (TLS 1.3), 0: the newest
};

/// One call.
struct Request {
  std::string method = "GET";
  std::string url;  ///< absolute, http or https
  /// Sent as they are; nothing is added but Host, Content-Length and Accept-Encoding. Fields that
  /// frame the message (Content-Length, Transfer-Encoding, Connection, Expect …) are left out.
  HeaderList headers;
  std::string body;  ///< HEAD sends none
  /// From send() to the last byte, redirects and the time in the queue included. Must be above 0.
  std::chrono::milliseconds timeout{5000};
  TlsOptions tls;
  /// Ten at most, to http and https alone. 301 to 303 go on with GET, 307 and 308 repeat the call;
  /// fields with credentials and Host are not sent to another host.
  bool follow_redirects = true;
  std::size_t max_body = 64U << 20;  ///< bytes, decoded; a longer answer is an error
  bool accept_gzip = true;  ///< ask for gzip and decode it, unless `headers` have Accept-Encoding
  bool fresh_connection = false;  ///< neither use a connection that is open nor leave this one open
};

/// The last answer of a call, whatever its status.
struct Response {
  int status = 0;
  HeaderList headers;  ///< without Content-Encoding and Content-Length when the body was decoded
  std::string body;
  std::string url;  ///< that answered, after redirects
};

/// Bounds of a client.
struct Limits {
  std::size_t transfers = 64;         ///< calls under way at once
  std::size_t queued = 4096;          ///< calls that wait; one more is an error
  std::size_t head_bytes = 1U << 20;  ///< all fields of an answer
};

/// Makes calls. One a process: connections are kept for all callers. Proxies of the environment
/// (`http_proxy` …) are not used: where the gateway connects is up to its configuration alone.
class HttpClient {
 public:
  /// Runs on the client's thread: it must be short and throw nothing. It may send().
  using Done = std::function<void(Result<Response>)>;

  explicit HttpClient(Limits limits = {});
  /// Cuts what is under way. Afterwards no callback runs; those left are destroyed. Not to be
  /// called by a callback.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Starts a call. Thread: any; `done` is never run inside. Whatever is wrong comes as its error:
  /// kBadRequest (URL, method, field, redirect), kForbidden (the queue is full), kTimeout,
  /// kDnsFailed, kConnectFailed, kTlsFailed, kUpstreamReset, kUpstreamProtocol, kBodyTooLarge,
  /// kHeaderTooLarge, kIo. A status, 500 as well, is no error.
  void send(Request request, Done done);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace tykpp::client
