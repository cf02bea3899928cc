# Writes OUT: a function for every file of ROOT that returns its text.
set(functions "")
foreach(name openapi_3.0 openapi_3.1 x_tyk_api_gateway)
  file(READ ${ROOT}/${name}.json text)
  # A literal may have 64 KiB; shorter ones, one behind the other, are one literal.
  string(LENGTH "${text}" length)
  set(literal "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 15000 piece)
    string(APPEND literal "R\"tykpp(${piece})tykpp\" ")
    math(EXPR at "${at} + 15000")
  endwhile()
  string(MAKE_C_IDENTIFIER ${name} function)
  string(APPEND functions "std::string_view ${function}() { return ${literal}; }\n")
endforeach()
file(WRITE ${OUT} "// Generated from src/definition/schema.
#include \"definition/impl/oas_schema_texts.hpp\"

namespace tykpp::definition::schema_texts {

${functions}
}  // namespace tykpp::definition::schema_texts
")
