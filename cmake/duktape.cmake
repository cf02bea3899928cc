# Duktape as the JavaScript driver needs it, from Debian's source package (.ci/fetch_duktape.sh): the packaged library
# has the execution timeout compiled out and jumps over C++ frames. Target: tykpp_duktape.
#
# What differs from the distributed sources is here in full: cmake/duk_config.h changes options, the replacements below
# add checks of the time budget to loops that run inside the engine.

set(TYKPP_DUKTAPE_SOURCE "" CACHE PATH "Folder of Debian's source package of Duktape; empty: fetched by .ci/fetch_duktape.sh")
if(TYKPP_DUKTAPE_SOURCE)
  set(duktape_source ${TYKPP_DUKTAPE_SOURCE})
else()
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/.ci/fetch_duktape.sh
    OUTPUT_VARIABLE duktape_source OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "The sources of Duktape could not be fetched, see above.")
  endif()
endif()

set(duktape_build ${CMAKE_BINARY_DIR}/duktape)
file(READ ${duktape_source}/src/duktape.c duktape_text)

# Each replacement has to fit exactly once: another release must not silently lose a check.
function(tykpp_duktape_replace from to)
  string(FIND "${duktape_text}" "${from}" first)
  string(FIND "${duktape_text}" "${from}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "cmake/duktape.cmake does not fit this release of Duktape at: ${from}")
  endif()
  string(REPLACE "${from}" "${to}" changed "${duktape_text}")
  set(duktape_text "${changed}" PARENT_SCOPE)
endfunction()

# Built-in functions that walk an array or what claims to be one (`new Array(4e9).indexOf(1)`).
foreach(name get has put del)
  set(head "DUK_EXTERNAL duk_bool_t duk_${name}_prop_index(duk_hthread *thr, duk_idx_t obj_idx, duk_uarridx_t arr_idx) {\n")
  tykpp_duktape_replace("${head}" "${head}\ttykppDukTick();\n")
endforeach()
# Regular expressions that backtrack for ever.
set(step "\t\tre_ctx->steps_count++;\n")
tykpp_duktape_replace("${step}" "${step}\t\ttykppDukTick();\n")
# The compiler counts its recursion, but does not look at the stack.
set(head "DUK_LOCAL void duk__comp_recursion_increase(duk_compiler_ctx *comp_ctx) {\n")
tykpp_duktape_replace("${head}" "${head}\tduk_native_stack_check(comp_ctx->thr);\n")
# Ends a script for good: no `catch` of the script's and no protected call sees it.
string(APPEND duktape_text "\nvoid tykppDukEnd(const char *why) { throw duk_fatal_exception(why); }\n")
# Walks the properties of a plain object without the engine's enumerator, which builds an object of all names first.
string(APPEND duktape_text "
TykppDukEntry tykppDukEntryAt(duk_hthread *thr, void *object, unsigned int index) {
	duk_hobject *obj = (duk_hobject *) object;
	for (unsigned int i = 0; index == 0 && i < DUK_HOBJECT_GET_ENEXT(obj); i++) {
		if (DUK_HOBJECT_E_GET_KEY(thr->heap, obj, i) != NULL && DUK_HOBJECT_E_SLOT_IS_ACCESSOR(thr->heap, obj, i)) {
			return TykppDukEntry::kNotPlain;
		}
	}
	if (DUK_HOBJECT_GET_ASIZE(obj) != 0 || DUK_HOBJECT_HAS_EXOTIC_ARRAY(obj) || DUK_HOBJECT_HAS_EXOTIC_STRINGOBJ(obj) ||
	    DUK_HOBJECT_IS_BUFOBJ(obj) || DUK_HOBJECT_IS_PROXY(obj)) {
		return TykppDukEntry::kNotPlain;
	}
	if (index >= DUK_HOBJECT_GET_ENEXT(obj)) return TykppDukEntry::kEnd;
	duk_hstring *key = DUK_HOBJECT_E_GET_KEY(thr->heap, obj, index);
	if (key == NULL || DUK_HSTRING_HAS_SYMBOL(key)) return TykppDukEntry::kSkip;
	if (!DUK_HOBJECT_E_SLOT_IS_ENUMERABLE(thr->heap, obj, index)) return TykppDukEntry::kSkip;
	if (DUK_HOBJECT_E_SLOT_IS_ACCESSOR(thr->heap, obj, index)) return TykppDukEntry::kSkip;
	duk_push_hstring(thr, key);
	duk_push_tval(thr, DUK_HOBJECT_E_GET_VALUE_TVAL_PTR(thr->heap, obj, index));
	return TykppDukEntry::kPushed;
}
")

file(WRITE ${duktape_build}/new/duktape.cpp "${duktape_text}")
configure_file(${duktape_build}/new/duktape.cpp ${duktape_build}/duktape.cpp COPYONLY)
configure_file(${duktape_source}/src/duktape.h ${duktape_build}/duktape.h COPYONLY)
configure_file(${duktape_source}/src/duk_config.h ${duktape_build}/duk_config_distributed.h COPYONLY)
configure_file(${CMAKE_SOURCE_DIR}/cmake/duk_config.h ${duktape_build}/duk_config.h COPYONLY)

add_library(tykpp_duktape STATIC ${duktape_build}/duktape.cpp)
target_include_directories(tykpp_duktape SYSTEM PUBLIC ${duktape_build})
# The engine's own code: no warnings of ours, optimised in every preset (it is what scripts run in), and left alone by
# the checks for undefined behaviour, which its packed values trip on purpose.
target_compile_options(tykpp_duktape PRIVATE -w -O2 -fexceptions -fvisibility=hidden -fno-omit-frame-pointer)
if(TYKPP_SANITIZE MATCHES "undefined")
  target_compile_options(tykpp_duktape PRIVATE -fno-sanitize=undefined)
endif()

# Underscore, which the reference's JavaScript has built in: Debian's file becomes an array of bytes.
find_file(TYKPP_UNDERSCORE underscore.min.js PATHS /usr/share/javascript/underscore /usr/share/nodejs/underscore NO_DEFAULT_PATH)
if(NOT TYKPP_UNDERSCORE)
  message(FATAL_ERROR "underscore.min.js is missing: install libjs-underscore, or name it in TYKPP_UNDERSCORE")
endif()
file(READ ${TYKPP_UNDERSCORE} underscore_hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," underscore_bytes "${underscore_hex}")
file(WRITE ${duktape_build}/new/underscore.cpp
  "#include \"drivers/js/impl/scripts.hpp\"\n#include <array>\nnamespace tykpp::drivers::js {\nnamespace {\n"
  "constexpr unsigned char kBytes[] = {${underscore_bytes}};\n}\n"
  "std::string_view underscoreSource() { return {reinterpret_cast<const char*>(kBytes), sizeof kBytes}; }\n}\n")
configure_file(${duktape_build}/new/underscore.cpp ${duktape_build}/underscore.cpp COPYONLY)
add_library(tykpp_underscore STATIC ${duktape_build}/underscore.cpp)
target_link_libraries(tykpp_underscore PRIVATE tykpp_flags)
target_link_libraries(tykpp_drivers PRIVATE tykpp_duktape tykpp_underscore)
