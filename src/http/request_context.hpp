#pragma once
// What `$tyk_context.<name>` is answered from: the request as it was at one point of the chain, and
// what later steps know of it. Everything lives in the exchange's arena, which frees it without
// destructors.

#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "http/exchange.hpp"

namespace tykpp::http {

/// A text with its name.
struct ContextText {
  std::string_view name;
  std::string_view text;
  bool is_text = true;  ///< it stands for a text, not for a number or a list
};

struct RequestContext {
  explicit RequestContext(Arena& arena) : form(&arena), claims(&arena), triggers(&arena) {}

  /// The API has variables of the context; else only what triggers matched is here.
  bool recorded = false;
  std::string_view host;
  std::string_view path;  ///< decoded, with the listen path
  std::string_view remote_address;
  std::string_view token;                  ///< the key of the session, where its method tells it
  std::string_view request_id;             ///< made when it is asked for
  std::span<const HeaderField> headers;    ///< as they were: later steps may remove some
  std::pmr::vector<ContextText> form;      ///< of the body, decoded
  std::pmr::vector<ContextText> claims;    ///< of a token, its header's fields in front
  std::pmr::vector<ContextText> triggers;  ///< what triggers of a rewrite matched
  std::optional<LimitNumbers> rate;        ///< of the key's rate limit
};

/// The exchange's, made when there is none.
RequestContext& contextOf(Exchange& exchange);

/// Remembers the key of the session as `token`. Nothing happens without variables.
void noteToken(Exchange& exchange, std::string_view token);

}  // namespace tykpp::http
