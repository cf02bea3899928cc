#pragma once
// The files of src/definition/schema, compiled in by embed_schemas.cmake.

#include <string_view>

namespace tykpp::definition::schema_texts {

/// The OpenAPI part of the schema, by version of OpenAPI.
std::string_view openapi_3_0();
std::string_view openapi_3_1();
/// The definitions of the extension, which both need.
std::string_view x_tyk_api_gateway();

}  // namespace tykpp::definition::schema_texts
