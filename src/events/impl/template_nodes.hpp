#pragma once
// What a parsed template consists of.

#include <string>
#include <vector>

#include "events/impl/template.hpp"
#include "events/impl/template_functions.hpp"

namespace tykpp::events {

/// A value: a constant, a field of the data, or a function of other values.
struct Expression {
  enum class Kind : std::uint8_t { kConstant, kField, kCall };
  Kind kind = Kind::kConstant;
  Json constant;
  bool from_root = false;         ///< kField: `$`
  std::vector<std::string> path;  ///< kField
  const Function* function = nullptr;
  std::vector<Expression> arguments;
};

struct Statement;
struct Template::Block {
  std::vector<Statement> statements;
};

struct Statement {
  enum class Kind : std::uint8_t { kText, kOutput, kIf, kWith, kRange };
  Kind kind = Kind::kText;
  std::string text;
  Expression value;
  Template::Block then;
  Template::Block otherwise;
  std::size_t line = 0;
};

}  // namespace tykpp::events
