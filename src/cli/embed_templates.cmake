# The templates of `tykpp plugin new` become part of the program, with the headers and protocol files that plugins need.
set(template_root ${CMAKE_CURRENT_LIST_DIR}/templates)
file(GLOB_RECURSE template_files CONFIGURE_DEPENDS ${template_root}/*)
set(plugin_headers ${CMAKE_SOURCE_DIR}/include/tykpp/plugin.h ${CMAKE_SOURCE_DIR}/include/tykpp/plugin.hpp)
file(GLOB proto_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/*.proto)
set(template_sources ${CMAKE_BINARY_DIR}/generated/plugin_templates.cpp)
add_custom_command(
  OUTPUT ${template_sources}
  COMMAND ${CMAKE_COMMAND} -DROOT=${template_root} "-DHEADERS=${plugin_headers}" "-DPROTOS=${proto_files}"
    -DOUT=${template_sources} -P ${CMAKE_CURRENT_LIST_DIR}/embed_templates_script.cmake
  DEPENDS ${template_files} ${plugin_headers} ${proto_files} ${CMAKE_CURRENT_LIST_DIR}/embed_templates_script.cmake
    ${CMAKE_CURRENT_LIST_DIR}/../base/c_literal.cmake
  VERBATIM)
target_sources(tykpp_cli PRIVATE ${template_sources})
