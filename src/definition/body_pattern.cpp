#include "definition/body_pattern.hpp"

#include <re2/re2.h>

#include "base/text.hpp"

namespace tykpp::definition {
namespace {

RE2::Options bodyOptions(RE2::Options::Encoding encoding) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(encoding);
  return options;
}

}  // namespace

/// A match in text ends at the first byte that is no UTF-8: what is behind it would not count, and
/// bodies that differ there alone would be taken for one.
struct BodyPattern::Expressions {
  explicit Expressions(re2::StringPiece expression)
      : text(expression, bodyOptions(RE2::Options::EncodingUTF8)),
        bytes(expression, bodyOptions(RE2::Options::EncodingLatin1)) {}
  RE2 text;
  RE2 bytes;
};

BodyPattern::BodyPattern(std::unique_ptr<const Expressions> expressions)
    : expressions_(std::move(expressions)) {}
BodyPattern::~BodyPattern() = default;

Result<std::shared_ptr<const BodyPattern>> BodyPattern::compile(std::string_view expression) {
  auto made =
      std::make_unique<const Expressions>(re2::StringPiece(expression.data(), expression.size()));
  for (const RE2* compiled : {&made->text, &made->bytes}) {
    if (!compiled->ok()) {
      return Error(Errc::kBadDefinition, "the pattern cannot be compiled: " + compiled->error());
    }
  }
  return std::shared_ptr<const BodyPattern>(new BodyPattern(std::move(made)));
}

std::optional<std::string_view> BodyPattern::find(std::string_view body) const {
  const RE2& expression = isUtf8(body) ? expressions_->text : expressions_->bytes;
  re2::StringPiece match;
  if (!expression.Match(re2::StringPiece(body.data(), body.size()), 0, body.size(), RE2::UNANCHORED,
                        &match, 1))
    return std::nullopt;
  return std::string_view(match.data(), match.size());
}

}  // namespace tykpp::definition
