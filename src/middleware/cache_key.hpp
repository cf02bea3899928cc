#pragma once
// The name of an answer in the store: what tells a request from all others whose answer may differ.

#include <string>
#include <string_view>
#include <vector>

#include "definition/body_pattern.hpp"
#include "http/exchange.hpp"

namespace tykpp::middleware {

/// Of a request, and of nobody else's.
struct CacheKeyRules {
  const std::vector<std::string>& by_headers;
  /// The part of a body that counts; null: all of it.
  const definition::BodyPattern* body_pattern = nullptr;
};

/// `cache-<api><api><client><MD5 of the request>`, as the reference makes it: method and URL, then
/// the configured headers with their values, then, of POST, PUT and PATCH, the body's hash.
///
/// The reference joins those without marks between them, so that a value which holds the text of
/// the next part reads like another request. Such a request has no name here: it is not cached.
/// @param client  the key, or the address of who has none; not empty
/// @return empty where the request could be taken for another
std::string answerKey(const http::Exchange& exchange, std::string_view client,
                      const CacheKeyRules& rules);

/// Path and query as the reference's URL type writes them.
std::string requestUrl(const http::Request& request);

/// What the names of all answers of an API begin with.
std::string answerKeyPrefix(std::string_view api_id);

}  // namespace tykpp::middleware
