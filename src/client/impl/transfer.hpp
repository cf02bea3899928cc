#pragma once
// One call: the easy handle of libcurl, what it reads from and writes to, and its redirects.
// Thread: the client's.

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "client/client.hpp"

namespace tykpp::client {

/// A Request on its way to a Response.
class Transfer {
 public:
  Transfer(Request request, HttpClient::Done done, std::size_t head_limit);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Clock::time_point deadline() const noexcept { return deadline_; }
  CURL* handle() const noexcept { return easy_.get(); }

  /// Sets up the handle for the next hop. @param ca_file when the request names none; may be empty
  /// @error kBadRequest: method, URL or a field cannot be sent; kTimeout: no time is left
  Result<void> prepare(const std::string& ca_file);
  /// Whether the answer that has come is a redirect to follow; then prepare() is next.
  /// @error kBadRequest: one too many
  Result<bool> redirected();
  /// Hands over what came of it. The transfer is over.
  void finish(CURLcode code);
  void fail(Error error);

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };
  static std::size_t onHead(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t onBody(char* data, std::size_t size, std::size_t count, void* self);
  std::size_t takeHead(std::string_view line);
  std::size_t takeBody(std::string_view piece);
  Result<void> setFields();
  Result<void> addField(const std::string& line);
  void setMethod();
  void setLimits(std::chrono::milliseconds left);
  void setTls(const std::string& ca_file);
  void answer(Result<Response> result);
  Error errorOf(CURLcode code) const;
  Response takeResponse();
  void forgetCredentials();

  Request request_;
  HttpClient::Done done_;
  const std::size_t head_limit_;
  const Clock::time_point deadline_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> fields_;
  char why_[CURL_ERROR_SIZE] = {};
  Response response_;
  std::size_t head_bytes_ = 0;
  int redirects_ = 0;
  bool head_over_ = false;
  bool decodes_ = false;
  bool body_too_large_ = false;
  bool head_too_large_ = false;
};

}  // namespace tykpp::client
