#include "client/impl/transfer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <string_view>

#include "base/ascii.hpp"
#include "base/log.hpp"

namespace tykpp::client {
namespace {

constexpr int kMaxRedirects = 10;

Error refused(std::string why) { return {Errc::kBadRequest, std::move(why)}; }

bool isToken(std::string_view text) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const char low = toLower(c);
    return isDigit(c) || (low >= 'a' && low <= 'z') || kOthers.find(c) != std::string_view::npos;
  });
}

bool isValue(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// libcurl frames the message and cares for the connection; a second opinion breaks both.
bool framesTheMessage(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "content-length", "transfer-encoding", "connection", "keep-alive", "expect", "upgrade", "te",
      "trailer",        "http2-settings"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view known) { return equalsIgnoreCase(known, name); });
}

bool has(const HeaderList& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& field) { return equalsIgnoreCase(field.first, name); });
}

void drop(HeaderList& headers, std::string_view name) {
  std::erase_if(headers, [&](const auto& field) { return equalsIgnoreCase(field.first, name); });
}

Errc codeOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::kTimeout;
    case CURLE_COULDNT_RESOLVE_HOST:
      return Errc::kDnsFailed;
    case CURLE_COULDNT_CONNECT:
      return Errc::kConnectFailed;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Errc::kTlsFailed;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return Errc::kUpstreamReset;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Errc::kBadRequest;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Errc::kUpstreamProtocol;
    default:
      return Errc::kIo;
  }
}

/// A child process (a plugin host) must not hold connections open that it knows nothing of.
curl_socket_t openSocket(void* /*data*/, curlsocktype /*purpose*/, struct curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Scheme, host and port: what makes two URLs one origin.
std::string originOf(const std::string& url) {
  std::string origin;
  CURLU* parsed = curl_url();
  if (parsed != nullptr && curl_url_set(parsed, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
    for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
      char* text = nullptr;
      if (curl_url_get(parsed, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
        origin.append(lowered(text)).push_back('\n');
      curl_free(text);
    }
  }
  curl_url_cleanup(parsed);
  return origin;
}

}  // namespace

Transfer::Transfer(Request request, HttpClient::Done done, std::size_t head_limit)
    : request_(std::move(request)),
      done_(std::move(done)),
      head_limit_(head_limit),
      // A time that no clock can hold is no time at all: a day is long enough for any call.
      deadline_(Clock::now() +
                std::min<std::chrono::milliseconds>(request_.timeout, std::chrono::hours(24))) {}

Result<void> Transfer::prepare(const std::string& ca_file) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
  if (left.count() <= 0) return Error(Errc::kTimeout, Side::kUpstream, 504, "the call timed out");
  if (!isToken(request_.method) || equalsIgnoreCase(request_.method, "CONNECT"))
    return refused("a call cannot have this method");
  if (!isValue(request_.url)) return refused("the URL has control characters");
  easy_.reset(curl_easy_init());
  if (!easy_) return Error(Errc::kInternal, "libcurl gives no handle");
  response_ = Response{};
  head_bytes_ = 0;
  head_over_ = false;
  if (auto set = setFields(); !set) return set;
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why_);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::onHead);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::onBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  setMethod();
  setLimits(left);
  setTls(ca_file);
  return {};
}

Result<void> Transfer::addField(const std::string& line) {
  curl_slist* longer = curl_slist_append(fields_.get(), line.c_str());
  if (longer == nullptr) return Error(Errc::kInternal, "out of memory");
  (void)fields_.release();  // the head of the list stays where it is, or is this first one
  fields_.reset(longer);
  return {};
}

Result<void> Transfer::setFields() {
  fields_.reset();
  decodes_ = request_.accept_gzip && !has(request_.headers, "Accept-Encoding");
  for (const auto& [name, value] : request_.headers) {
    if (!isToken(name) || !isValue(value)) return refused("a header field cannot be sent");
    if (framesTheMessage(name)) continue;
    // "Name:" would take a field of libcurl's own away; "Name;" sends one without a value.
    const bool empty = trim(value).empty();
    const std::string line = empty ? name + ";" : name + ": " + value;
    if (auto added = addField(line); !added) return added;
  }
  // Fields that libcurl adds unasked.
  for (const char* own : {"Accept", "Content-Type", "Expect", "User-Agent"}) {
    if (std::string_view(own) != "Expect" && has(request_.headers, own)) continue;
    if (auto added = addField(std::string(own) + ":"); !added) return added;
  }
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, fields_.get());
  if (decodes_) curl_easy_setopt(easy_.get(), CURLOPT_ACCEPT_ENCODING, "gzip");
  return {};
}

void Transfer::setMethod() {
  CURL* easy = easy_.get();
  const std::string& method = request_.method;
  if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool sends = !request_.body.empty() || method == "POST" || method == "PUT" ||
                     method == "PATCH";  // these have a length, 0 as well
  if (sends) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (method != (sends ? "POST" : "GET"))
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void Transfer::setLimits(std::chrono::milliseconds left) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &openSocket);
  const long milliseconds = std::max(1L, static_cast<long>(left.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
  // A name that is still being looked up when the time is over: leave it to its thread, else every
  // other call would wait for it.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  if (request_.fresh_connection) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
}

void Transfer::setTls(const std::string& ca_file) {
  CURL* easy = easy_.get();
  const TlsOptions& tls = request_.tls;
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  const std::string& authorities = tls.ca_file.empty() ? ca_file : tls.ca_file;
  if (!authorities.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, authorities.c_str());
  if (!tls.certificate_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.certificate_file.c_str());
    const std::string& key = tls.key_file.empty() ? tls.certificate_file : tls.key_file;
    curl_easy_setopt(easy, CURLOPT_SSLKEY, key.c_str());
  }
  struct Version {
    int number;
    long lowest;
    long highest;
  };
  // TLS 1.2 is the lowest, unless the highest is below it.
  constexpr Version kVersions[] = {
      {0, CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_MAX_DEFAULT},
      {769, CURL_SSLVERSION_TLSv1_0, CURL_SSLVERSION_MAX_TLSv1_0},
      {770, CURL_SSLVERSION_TLSv1_1, CURL_SSLVERSION_MAX_TLSv1_1},
      {771, CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_MAX_TLSv1_2},
      {772, CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_MAX_TLSv1_3},
  };
  for (const Version& version : kVersions) {
    if (version.number == tls.max_version)
      curl_easy_setopt(easy, CURLOPT_SSLVERSION, version.lowest | version.highest);
  }
}

std::size_t Transfer::onHead(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->takeHead({data, size * count});
}

std::size_t Transfer::onBody(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->takeBody({data, size * count});
}

std::size_t Transfer::takeHead(std::string_view line) {
  const std::size_t taken = line.size();
  head_bytes_ += taken;
  if (head_bytes_ > head_limit_) {
    head_too_large_ = true;
    return 0;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // a final answer takes the place of a 1xx
    response_.headers.clear();
    head_over_ = false;
  } else if (line.empty()) {
    head_over_ = true;
  } else if (const std::size_t colon = line.find(':');
             colon != std::string_view::npos && !head_over_) {  // behind the head come trailers
    response_.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return taken;
}

std::size_t Transfer::takeBody(std::string_view piece) {
  if (piece.size() > request_.max_body - response_.body.size()) {
    body_too_large_ = true;
    return 0;
  }
  response_.body.append(piece);
  return piece.size();
}

Result<bool> Transfer::redirected() {
  if (!request_.follow_redirects) return false;
  long status = 0;
  char* target = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &target);
  const bool known =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (!known || target == nullptr) return false;
  if (++redirects_ > kMaxRedirects) return refused("stopped after 10 redirects");
  std::string next = target;
  if (originOf(next) != originOf(request_.url)) forgetCredentials();
  if (status <= 303 && request_.method != "HEAD") {
    request_.method = "GET";
    request_.body.clear();
    drop(request_.headers, "Content-Type");
  }
  request_.url = std::move(next);
  return true;
}

void Transfer::forgetCredentials() {
  for (const char* name : {"Host", "Authorization", "Proxy-Authorization", "Cookie"})
    drop(request_.headers, name);
}

Response Transfer::takeResponse() {
  long status = 0;
  char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_EFFECTIVE_URL, &url);
  response_.status = static_cast<int>(status);
  if (url != nullptr) response_.url = url;
  if (decodes_ && has(response_.headers, "Content-Encoding")) {
    drop(response_.headers, "Content-Encoding");
    drop(response_.headers, "Content-Length");
  }
  return std::move(response_);
}

Error Transfer::errorOf(CURLcode code) const {
  if (body_too_large_) {
    return {Errc::kBodyTooLarge, Side::kUpstream, 502,
            "the answer is longer than " + std::to_string(request_.max_body) + " bytes"};
  }
  if (head_too_large_)
    return {Errc::kHeaderTooLarge, Side::kUpstream, 502, "the answer's head is too long"};
  std::string text = why_[0] != '\0' ? why_ : curl_easy_strerror(code);
  return {codeOf(code), Side::kUpstream, 502, std::move(text)};
}

void Transfer::finish(CURLcode code) {
  if (code != CURLE_OK) return answer(errorOf(code));
  answer(takeResponse());
}

void Transfer::fail(Error error) { answer(std::move(error)); }

void Transfer::answer(Result<Response> result) {
  const HttpClient::Done done = std::move(done_);
  done_ = nullptr;
  if (!done) return;
  try {
    done(std::move(result));
  } catch (const std::exception& error) {
    TYKPP_LOG(err, "client", "callback of a call threw error={}", log::quoted(error.what()));
  }
}

}  // namespace tykpp::client
