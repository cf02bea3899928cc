#pragma once
// What plugin authors need beside the gateway: `tykpp plugin new` and `tykpp plugin test`.

#include <string>
#include <vector>

namespace tykpp::cli {

/// Flags of `plugin new`.
struct PluginNewFlags {
  std::string driver;  ///< as in a definition; `go`, `cpp` and `javascript` are understood
  std::string hook;    ///< pre, auth, post_auth, post, response, analytics
  std::string name;    ///< of the folder and, in the language's spelling, of the function
  std::string folder;  ///< where to make it, empty: the working directory
};

/// Writes a folder with a plugin that works as it is: source, definition, a request to try it with.
/// Nothing that exists is overwritten. What it wrote, and what to do next, goes to standard output,
/// what is wrong to standard error.
/// @return the exit code
int newPlugin(const PluginNewFlags& flags);

/// Flags of `plugin test`.
struct PluginTestFlags {
  std::string definition;  ///< file, or a folder with `api.json`
  std::string hook;        ///< empty: the only one
  std::string function;    ///< empty: the first of the hook
  std::string request;     ///< file; empty: `request.http` beside the definition, when it is there
  std::string response;    ///< the same with `response.http`
  std::string session;     ///< the same with `session.json`
  std::string conf;        ///< configuration file; empty: the defaults
  bool debug = false;      ///< show what plugins log at debug level
};

/// Runs one hook of one plugin and prints what it changed. The log goes to standard error.
/// @return the exit code: 0 the hook did its work, 1 it failed or could not be run
int testPlugin(const PluginTestFlags& flags);

/// One file of a new plugin. `@NAME@`, `@FUNCTION@`, `@HOOK@` … stand for what belongs there.
struct PluginTemplate {
  const char* path;  ///< `<driver>/<kind>/<file>`
  const char* text;
};
/// Every template of this build; generated from src/cli/templates.
const std::vector<PluginTemplate>& pluginTemplates();

}  // namespace tykpp::cli
