// The getting-started plugin: every request reaches the upstream with the header `Foo: Bar`.
//   "custom_middleware": {"driver": "native",
//                         "pre": [{"name": "AddFooBar", "path": "plugins/add_foo_bar.so"}]}
#include <tykpp/plugin.hpp>

static void addFooBar(tykpp::Request& request) { request.headers().set("Foo", "Bar"); }

TYKPP_PLUGIN("add-foo-bar", "1.0", tykpp::hook<addFooBar>("AddFooBar"))
