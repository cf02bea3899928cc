#pragma once
// A request to the endpoints below an API's listen path, and the answer to it.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tykpp::oauth {

/// Copied out of its exchange: it outlives every wait.
struct Call {
  std::string method;
  std::string query;  ///< behind `?`, as sent
  std::string content_type;
  std::string authorization;  ///< `Authorization`
  std::string admin_secret;   ///< `X-Tyk-Authorization`
  std::string body;
};

struct Answer {
  std::uint16_t status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< beside Content-Type
};

/// Names and values of a form, the first of a name: the body's before the query's.
class Form {
 public:
  /// Reads a form, or with `application/json` an object of texts.
  explicit Form(const Call& call);
  /// Empty when it is missing. View: into this object.
  std::string_view get(std::string_view name) const;
  /// Whether an escape in it is none.
  bool malformed() const noexcept { return malformed_; }

 private:
  void addPairs(std::string_view text);
  void addObject(std::string_view json);
  std::map<std::string, std::string, std::less<>> values_;
  bool malformed_ = false;
};

/// `{"status":"…","message":"…"}`
Answer statusAnswer(std::uint16_t status, std::string_view message);
/// `{"error":"…","error_description":"…"}` and more members, sorted by name.
Answer errorAnswer(std::uint16_t status, std::string_view error,
                   std::map<std::string, std::string> more = {});
/// What an error of RFC 6749 means in words.
std::string_view describe(std::string_view error) noexcept;
/// A JSON object of texts in the order of their names; `expires_in` is a number.
std::string jsonObject(const std::map<std::string, std::string>& members, bool escape_html);
/// Name and password of HTTP Basic (RFC 7617). @return whether there are any
bool readBasic(std::string_view authorization, std::string& name, std::string& password);

}  // namespace tykpp::oauth
