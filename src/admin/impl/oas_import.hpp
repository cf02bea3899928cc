#pragma once
// Plain OpenAPI documents on their way to an API: what an import adds to them.

#include <optional>
#include <string>
#include <string_view>

#include "admin/impl/document.hpp"

namespace tykpp::admin {

/// Gives a document without `x-tyk-api-gateway` one, made from the document and the parameters of
/// the call (spec/admin-api.md section 5.5). Operations that get rules and have no `operationId`
/// get one.
/// @return why it cannot be done, in the words the client gets; the document is then of no use
std::optional<std::string> addImportExtension(Document& document, std::string_view query);

/// The parameter of an import that asked for what is at a place in the document; empty when none
/// did. @param pointer  of a problem
std::string importParameterOf(std::string_view pointer);

}  // namespace tykpp::admin
