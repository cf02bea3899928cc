# Writes OUT: every *.py under LIB as a string literal beside the name of its module.
file(GLOB_RECURSE files RELATIVE ${LIB} ${LIB}/*.py)
list(SORT files)
set(rows "")
foreach(file ${files})
  string(REGEX REPLACE "(/__init__)?\\.py$" "" name ${file})
  string(REPLACE "/" "." name ${name})
  # Literals have a limit of 64 KiB; no file comes near it.
  file(READ ${LIB}/${file} text)
  string(APPEND rows "    {\"${name}\", R\"tykpp(${text})tykpp\"},\n")
endforeach()
set(content "// Generated from the Python sources of the driver.
#include \"drivers/python/impl/sources.hpp\"

namespace tykpp::drivers::python {

const std::vector<Source>& sources() {
  static const std::vector<Source> all = {
${rows}  };
  return all;
}

}  // namespace tykpp::drivers::python
")
file(WRITE ${OUT} "${content}")
