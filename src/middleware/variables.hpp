#pragma once
// What variables of a definition's texts are worth for one request.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "definition/variable_text.hpp"
#include "http/exchange.hpp"

namespace tykpp::middleware {

/// How values get into a text.
enum class Escaping : std::uint8_t {
  kNone,
  kQuery,  ///< as in a form, unless the value begins with `http`; secrets and groups as they are
};

/// The text with the values of its variables; what is missing is empty.
/// @param groups  of a pattern that matched; beyond them, all are empty
/// @return a view into the text or the exchange
std::string_view rendered(const definition::VariableText& text, http::Exchange& exchange,
                          Escaping escaping, std::span<const std::string_view> groups = {});

/// A value of the context.
struct ContextValue {
  std::string_view text;
  bool found = false;
  bool is_text = false;  ///< no number, no list
};
/// View: into the exchange.
ContextValue contextValue(const definition::ContextName& name, http::Exchange& exchange);

/// A JSON value as a variable shows it: texts as they are, numbers without exponent, of lists the
/// escaped elements with commas between; all else is empty.
std::string shownJson(const nlohmann::json& value);

}  // namespace tykpp::middleware
