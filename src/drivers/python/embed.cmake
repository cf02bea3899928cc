# The Python sources under lib/ become part of the program: the daemon needs no files beside it.
set(python_lib ${CMAKE_CURRENT_LIST_DIR}/lib)
file(GLOB_RECURSE python_files CONFIGURE_DEPENDS ${python_lib}/*.py)
set(python_sources ${CMAKE_BINARY_DIR}/generated/python_sources.cpp)
add_custom_command(
  OUTPUT ${python_sources}
  COMMAND ${CMAKE_COMMAND} -DLIB=${python_lib} -DOUT=${python_sources}
    -P ${CMAKE_CURRENT_LIST_DIR}/embed_script.cmake
  DEPENDS ${python_files} ${CMAKE_CURRENT_LIST_DIR}/embed_script.cmake
  VERBATIM)
target_sources(tykpp_drivers PRIVATE ${python_sources})
# Where the standard library of the linked Python is looked for, whatever python3 is first on PATH.
pkg_get_variable(python_prefix python3-embed exec_prefix)
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/impl/interpreter.cpp PROPERTIES
  COMPILE_DEFINITIONS TYKPP_PYTHON_PREFIX="${python_prefix}")
