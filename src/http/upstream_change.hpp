#pragma once
// What steps decided about the request that goes upstream. It is carried out when the chain has
// ended: until then rules of endpoints, and most hooks, go by what the client sent.

#include <string_view>

#include "base/arena.hpp"

namespace tykpp::http {

class Exchange;

/// Views: in the exchange's arena, or as long as its chain.
struct UpstreamChange {
  std::string_view method;  ///< in place of the request's; empty: no other
  bool rewritten = false;   ///< the URL below replaces the request's
  std::string_view
      scheme;  ///< `http` or `https` of a URL that leads to a host of its own, else empty
  std::string_view authority;  ///< of that URL, as written
  std::string_view target;     ///< path and query; a leading slash may be missing
  bool hides_client = false;   ///< `X-Forwarded-For` is not to be added

  /// Takes a URL: an absolute one of http or https, or path and query. A fragment is dropped.
  /// @param url  lives as long as this
  /// @return false when it is none; nothing is changed then
  bool setUrl(std::string_view url, Arena& arena);
  /// The URL as text.
  std::string_view url(Arena& arena) const;
};

/// The exchange's, made when there is none.
UpstreamChange& upstreamChangeOf(Exchange& exchange);

}  // namespace tykpp::http
