#pragma once
// Security schemes of OAS documents: `components.securitySchemes`, `security`, and what
// `server.authentication` of the extension says about them.

#include "definition/impl/definition_builder.hpp"

namespace tykpp::definition {

/// What kind of credential a scheme asks for, by `components.securitySchemes`.
enum class SchemeKind : std::uint8_t { kUnknown, kToken, kJwt, kBasic, kOAuth };

/// The kind of a scheme; kUnknown when `components` lack it or have another type.
SchemeKind schemeKind(const Json& document, std::string_view name);

/// Checks types of the extension's schemes, gives members their exact spelling. The document's
/// extension went through its shape.
void checkSchemes(Json& document, Unknown unknown, Report& report);

/// Fills the Classic members of authentication methods. @param out  the Classic definition, with
/// `use_keyless` set
void convertSecurity(const Json& document, Json& out);

/// `securityProcessingMode: compliant`: one group of schemes is enough.
bool compliantSecurity(const Json& document);

/// The groups of schemes that requirements name, in order; outside compliant mode the first alone
/// counts.
std::vector<std::vector<std::string>> requirementGroups(const Json& document);

/// `header`, `query` and `cookie` of an authentication method as an AuthConfig.
Json authSources(const Json& from);

}  // namespace tykpp::definition
