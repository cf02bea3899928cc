#pragma once
// The part of Go's templates that error bodies need: text, `{{.Message}}`, `{{.StatusCode}}`,
// comments, trim markers.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::response {

/// How a message is written into a body.
enum class Escaping : std::uint8_t { kJson, kXml };

/// Appends the message as the original does. JSON: as its script-string escape, which writes `'` as
/// `\'`; XML: entities.
void appendEscaped(std::string& out, std::string_view message, Escaping escaping);

/// A template, scanned once.
class Template {
 public:
  /// @error  kBadConfig: names the line and the action that is not understood
  static Result<Template> parse(std::string_view text);
  std::string render(std::uint16_t status, std::string_view message, Escaping escaping) const;

 private:
  enum class Field : std::uint8_t { kNone, kMessage, kStatusCode };
  struct Piece {
    std::string text;
    Field field = Field::kNone;  ///< what follows the text
  };
  std::vector<Piece> pieces_;
};

}  // namespace tykpp::response
