#pragma once
// Changes that plugins of every language make to a request or an answer, with the checks that keep
// the message well formed. Thread: the exchange's worker.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "drivers/plugin_driver.hpp"
#include "http/exchange.hpp"

namespace tykpp::drivers {

/// Longest texts that a plugin may set.
inline constexpr std::size_t kMaxMethodBytes = 64;
inline constexpr std::size_t kMaxHostBytes = 512;

using TextPair = std::pair<std::string, std::string>;

/// The fields that decide where a message ends and who it is for: no plugin writes them.
bool belongsToGateway(http::HeaderId id) noexcept;
/// The name as it is written, in the arena: in canonical form, or as given with `verbatim`.
http::HeaderName headerNameFor(std::string_view name, bool verbatim, Arena& arena);

/// Replaces all values of a header. A name that belongs to the gateway is passed over.
/// @return false when name or value cannot stand in a message; nothing is changed then
bool setHeader(http::Headers& headers, std::string_view name, std::string_view value,
               bool verbatim);
/// Adds a value. As setHeader otherwise.
bool addHeader(http::Headers& headers, std::string_view name, std::string_view value,
               bool verbatim);
/// Removes all values of a header, unless the name belongs to the gateway.
void deleteHeader(http::Headers& headers, std::string_view name);

/// Query parameters as a plugin changes them: `remove`, then `set` replaces all values of a name,
/// then `append` adds values.
struct QueryEdit {
  std::vector<std::string> remove;
  std::vector<TextPair> set;
  std::vector<TextPair> append;
  bool empty() const noexcept { return remove.empty() && set.empty() && append.empty(); }
};
/// The query after the edit: names sorted, encoded as forms are, values of a name in order. The
/// same text when nothing changes.
std::string editedQuery(std::string_view query, const QueryEdit& edit);
/// Whether two queries mean the same parameters and values.
bool sameQuery(std::string_view a, std::string_view b);

/// Path and query of the request as they go on now, escaped; in the arena when made.
std::string_view requestUrl(http::Exchange& exchange);
/// Makes `url` (an absolute path with query, or an absolute URL, of which path and query count) the
/// request's target. What may not stand in a target is escaped. @return false when it is neither,
/// or an escape is malformed; nothing is changed then
bool setUrl(http::Exchange& exchange, std::string_view url);
/// Replaces the query of the request's target.
void setQuery(http::Exchange& exchange, std::string_view query);
/// Replaces the method. @return false when it is no token
bool setMethod(http::Exchange& exchange, std::string_view method);
/// Replaces the request's body; an equal one changes nothing.
void setRequestBody(http::Exchange& exchange, std::string body);

/// A plugin's answer, its bytes as they are. Headers that cannot stand in a message are left out.
HookVerdict answerRaw(http::Exchange& exchange, std::int64_t status,
                      const std::vector<TextPair>& headers, std::string body, bool verbatim);
/// A plugin's refusal: the client gets the error document with `message` and these headers.
Error refusal(http::Exchange& exchange, std::int64_t status, const std::vector<TextPair>& headers,
              std::string message, bool verbatim);
/// Statuses a final answer may have: what is outside 200 to 599 becomes 500.
std::uint16_t finalStatus(std::int64_t status) noexcept;

}  // namespace tykpp::drivers
