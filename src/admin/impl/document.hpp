#pragma once
// JSON documents that the control API takes: decoding, and the rules a definition must keep to be
// stored.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tykpp::admin {

/// Members keep their order, so that a stored file reads as it was sent.
using Document = nlohmann::ordered_json;

/// An object, or nothing: not JSON, no object, or nested more deeply than any definition is.
std::optional<Document> parseObject(std::string_view text);
/// Whether the members that have a fixed type in a Classic definition have it; null counts as
/// absent.
bool hasClassicTypes(const Document& definition);
/// The value at a JSON pointer, null when there is none. The pointer must be a valid one.
const Document* valueAt(const Document& document, const char* pointer);
/// The text at a JSON pointer, empty when there is none.
std::string textAt(const Document& document, const char* pointer);

/// The first broken rule of spec/admin-api.md section 4.3, in its words.
std::optional<std::string> firstBrokenRule(const Document& classic);
/// The rule on load balancing, which only an OAS document can break.
std::optional<std::string> brokenBalancing(const Document& oas);

/// An id that may become a file name: no separators, control characters, `.` or `..`, and of a
/// bearable length.
bool isSafeApiId(std::string_view id);
/// 32 random hex digits.
std::string makeApiId();

}  // namespace tykpp::admin
