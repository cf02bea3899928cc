# Writes OUT: a function for every file of ROOT that returns its text.
include(${CMAKE_CURRENT_LIST_DIR}/../base/c_literal.cmake)
set(functions "")
foreach(name openapi_3.0 openapi_3.1 x_tyk_api_gateway)
  c_literal(literal ${ROOT}/${name}.json)
  string(MAKE_C_IDENTIFIER ${name} function)
  string(APPEND functions "std::string_view ${function}() { return ${literal}; }\n")
endforeach()
file(WRITE ${OUT} "// Generated from src/definition/schema.
#include \"definition/impl/oas_schema_texts.hpp\"

namespace tykpp::definition::schema_texts {

${functions}
}  // namespace tykpp::definition::schema_texts
")
