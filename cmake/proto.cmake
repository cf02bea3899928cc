# The messages of proto/ as C++, made while building. The lite runtime: a descriptor in the process-wide pool would
# collide with that of a Python plugin that brings its own copy of these files.
find_package(Protobuf REQUIRED)
# HTTP/2 for the calls of plugin servers.
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)

file(GLOB proto_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/*.proto)
set(proto_dir ${CMAKE_BINARY_DIR}/proto)
set(proto_sources "")
foreach(file ${proto_files})
  get_filename_component(name ${file} NAME_WE)
  list(APPEND proto_sources ${proto_dir}/${name}.pb.cc)
  list(APPEND proto_headers ${proto_dir}/${name}.pb.h)
endforeach()
file(MAKE_DIRECTORY ${proto_dir})
add_custom_command(OUTPUT ${proto_sources} ${proto_headers}
  COMMAND protobuf::protoc --cpp_out=lite:${proto_dir} -I ${CMAKE_SOURCE_DIR}/proto ${proto_files}
  DEPENDS ${proto_files} COMMENT "Messages of proto/" VERBATIM)

# Generated code answers to nobody's warning flags.
add_library(tykpp_proto STATIC ${proto_sources})
target_include_directories(tykpp_proto SYSTEM PUBLIC ${proto_dir})
target_link_libraries(tykpp_proto PUBLIC protobuf::libprotobuf)
