#pragma once
// The forms that answers of the control API have, byte for byte as the original writes them.

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/admin_api.hpp"

namespace tykpp::admin {

/// JSON text with `<`, `>` and `&` as escapes. In JSON they stand in strings alone, so the text
/// stays what it was.
std::string htmlSafe(std::string_view json);
/// A JSON string with its quotes, escaped as above. Bytes that are no UTF-8 become U+FFFD.
std::string jsonString(std::string_view text);

/// `{"status":"ok|error","message":"…"}`, ok below 400. @param line_end  a few answers lack it
AdminReply statusMessage(std::uint16_t status, std::string_view message, bool line_end = true);
/// `{"key":"…","status":"ok","action":"added|modified|deleted"}`
/// @param key_hash  left out when empty
AdminReply modified(std::string_view key, std::string_view action, std::string_view key_hash = {});
/// 200 with JSON text and the line end; `<`, `>` and `&` in it are escapes already.
AdminReply jsonAnswer(std::string json);
/// 500: a store that does not answer, refuses or is too busy.
AdminReply storeFailed(const Error& error);
/// 404 `404 page not found`
AdminReply pageNotFound();
/// 501: a call of the reference that this release does not have. @param what  begins the sentence
AdminReply notBuilt(std::string_view what);

/// The decoded value of a query parameter, empty when it is missing.
std::string queryValue(std::string_view query, std::string_view name);
/// Whether a query has a parameter, even an empty one.
bool hasQuery(std::string_view query, std::string_view name);

}  // namespace tykpp::admin
