# Writes OUT: every file under ROOT, and HEADERS and PROTOS where the templates include them from, as string literals.
include(${CMAKE_CURRENT_LIST_DIR}/../base/c_literal.cmake)
set(rows "")
function(add_row path file)
  c_literal(literal ${file})
  set(rows "${rows}      {\"${path}\", ${literal}},\n" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/*)
list(SORT files)
foreach(file ${files})
  add_row(${file} ${ROOT}/${file})
endforeach()
foreach(file ${HEADERS})
  get_filename_component(name ${file} NAME)
  add_row(native/common/include/tykpp/${name} ${file})
endforeach()
foreach(file ${PROTOS})
  get_filename_component(name ${file} NAME)
  add_row(grpc/common/proto/${name} ${file})
endforeach()
set(content "// Generated from src/cli/templates.
#include \"cli/plugin_author.hpp\"

namespace tykpp::cli {

const std::vector<PluginTemplate>& pluginTemplates() {
  static const std::vector<PluginTemplate> all = {
${rows}  };
  return all;
}

}  // namespace tykpp::cli
")
file(WRITE ${OUT} "${content}")
