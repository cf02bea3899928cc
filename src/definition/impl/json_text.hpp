#pragma once
// JSON as this room wants it: errors as values with line and column, a bound on nesting, pointers.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

using Json = nlohmann::json;

/// Documents nested deeper than this are refused: copying and freeing a tree is recursive.
inline constexpr std::size_t kMaxJsonDepth = 200;

/// Parses a whole document. @error kBadDefinition with line, column and what was expected
Result<Json> parseJson(std::string_view text);

/// The document without white space outside its strings. The text has to be valid JSON.
std::string compactJson(std::string_view text);

/// `base` + `/` + `key`, the key escaped as RFC 6901 wants it.
std::string pointerTo(std::string_view base, std::string_view key);
std::string pointerTo(std::string_view base, std::size_t index);

/// The member, or null when `value` is no object or has no such member. Exact spelling.
const Json* member(const Json& value, std::string_view key);
/// The value at a path of members separated by `/`, or null.
const Json* memberAt(const Json& value, std::string_view path);
/// A string member's text, empty for anything else. The view dies with `value`.
std::string_view textOf(const Json& value, std::string_view key);
/// A boolean member, false for anything else.
bool flagOf(const Json& value, std::string_view key);
/// A number member, 0 for anything else; integerOf() takes whole numbers alone.
double numberOf(const Json& value, std::string_view key);
std::int64_t integerOf(const Json& value, std::string_view key);
/// The strings of an array member; other entries are left out.
std::vector<std::string> textsOf(const Json& value, std::string_view key);
/// A non-empty array or object member, or null.
const Json* filled(const Json& value, std::string_view key);

/// Text as it stands between the quotes of a JSON string.
std::string jsonEscaped(std::string_view text);

/// Appends problems of one file.
class Report {
 public:
  Report(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}

  void error(std::string_view pointer, std::string reason) {
    add(Severity::kError, pointer, std::move(reason));
    ++errors_;
  }
  /// `<what> is not built yet`
  void notBuilt(std::string_view pointer, std::string_view what);
  void warn(std::string_view pointer, std::string reason) {
    add(Severity::kWarning, pointer, std::move(reason));
  }
  std::size_t errors() const noexcept { return errors_; }
  const std::string& file() const noexcept { return file_; }
  /// The first error as a value. Only after `errors() > 0`.
  Error firstError() const;

 private:
  void add(Severity severity, std::string_view pointer, std::string reason) {
    problems_.push_back({severity, file_, std::string(pointer), std::move(reason)});
    if (severity == Severity::kError && errors_ == 0) first_ = problems_.size() - 1;
  }
  std::string file_;
  Problems& problems_;
  std::size_t errors_ = 0;
  std::size_t first_ = 0;
};

}  // namespace tykpp::definition
