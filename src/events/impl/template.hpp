#pragma once
// The part of Go's HTML templates that bodies of web hooks use: fields (`.Meta.Path`, `$.Type`),
// text and numbers, `if`/`else if`/`else`, `with`, `range`, pipelines and the built-in functions.
// What a field or pipeline gives is written with HTML's marks escaped, as the original does.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::events {

using Json = nlohmann::ordered_json;

/// Appends text with the marks escaped that the original escapes between JSON quotes: `"` becomes
/// `&#34;`, `+` becomes `&#43;`.
void appendHtml(std::string& out, std::string_view text);

/// A template, parsed once. Immutable. Thread: any.
class Template {
 public:
  /// Longest body that a template may make, bytes.
  static constexpr std::size_t kMaxOutput = 1U << 20;
  /// Most statements that one rendering runs: loops within loops grow without writing anything.
  static constexpr std::size_t kMaxSteps = 100'000;

  /// @error kBadConfig  names the line and what is not understood
  static Result<Template> parse(std::string_view text);
  /// Fields that are missing give nothing. Names match without regard to case and underscores:
  /// `.Meta.OrgID` is the member `org_id`.
  /// @error kBadConfig  a function does not take what it is given; kBodyTooLarge  beyond kMaxOutput
  /// or kMaxSteps
  Result<std::string> render(const Json& data) const;

  struct Block;

 private:
  std::shared_ptr<const Block> root_;
};

}  // namespace tykpp::events
