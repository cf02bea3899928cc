#pragma once
// What scripts return, as values of ours.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/js/impl/values.hpp"

namespace tykpp::drivers::js {

struct ReturnOverrides {
  std::int64_t code = 0;
  std::string error;
  std::string body;
  std::vector<Pair> headers;
  bool override_error = false;
};

/// Of pre, auth, post-auth and post hooks.
struct RequestReply {
  std::string url;
  std::string body;
  bool ignore_body = false;
  std::vector<Pair> set_headers;
  std::vector<std::string> delete_headers;
  std::vector<Pair> add_params;
  std::vector<ListPair> extended_params;
  std::vector<std::string> delete_params;
  ReturnOverrides overrides;
  std::string session_meta;  ///< JSON text; empty: none
  std::string session;       ///< likewise; the auth hook's
  std::string auth_value;
};

/// Of response hooks.
struct ResponseReply {
  std::int64_t status = 0;
  std::string body;
  std::vector<Pair> set_headers;
  std::vector<std::string> delete_headers;
};

/// Of virtual endpoints.
struct VirtualReply {
  std::int64_t code = 0;
  std::string body;
  std::vector<Pair> headers;
  std::string session_meta;
};

// Each reads the value on top of the stack, which is an object or nothing. They throw as values.hpp
// says.

/// Which parts of a result count.
struct Wanted {
  bool encoded = false;  ///< the body is base64, as DoProcessRequest of the core returns it
  bool meta = false;     ///< the session's metadata
  bool session = false;  ///< a session
};
void readRequestReply(duk_context* ctx, const Wanted& wanted, RequestReply& out);
void readResponseReply(duk_context* ctx, ResponseReply& out);
void readVirtualReply(duk_context* ctx, VirtualReply& out);

}  // namespace tykpp::drivers::js
