# The JSON schemas of definitions become part of the program.
set(schema_root ${CMAKE_CURRENT_LIST_DIR}/schema)
file(GLOB schema_files CONFIGURE_DEPENDS ${schema_root}/*.json)
set(schema_sources ${CMAKE_BINARY_DIR}/generated/oas_schema_texts.cpp)
add_custom_command(
  OUTPUT ${schema_sources}
  COMMAND ${CMAKE_COMMAND} -DROOT=${schema_root} -DOUT=${schema_sources} -P ${CMAKE_CURRENT_LIST_DIR}/embed_schemas_script.cmake
  DEPENDS ${schema_files} ${CMAKE_CURRENT_LIST_DIR}/embed_schemas_script.cmake ${CMAKE_CURRENT_LIST_DIR}/../base/c_literal.cmake
  VERBATIM)
target_sources(tykpp_definition PRIVATE ${schema_sources})
