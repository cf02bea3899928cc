#include "cli/plugin.hpp"

#include <CLI/CLI.hpp>

#include "cli/plugin_author.hpp"

namespace tykpp::cli {

struct PluginCommand::Options {
  CLI::App* plugin = nullptr;
  CLI::App* build = nullptr;
  CLI::App* load = nullptr;
  CLI::App* create = nullptr;
  CLI::App* test = nullptr;
  PluginBuildFlags flags;
  std::string files;
  std::string symbol;
  PluginNewFlags new_flags;
  PluginTestFlags test_flags;

  void addNew() {
    create = plugin->add_subcommand("new", "write a plugin that works as it is");
    create->add_option("name", new_flags.name, "name of the folder and the plugin")->required();
    create
        ->add_option("--driver", new_flags.driver,
                     "python, otto (JavaScript), lua, native (C++), goplugin (Go) or grpc")
        ->required();
    create
        ->add_option("--hook", new_flags.hook, "pre, auth, post_auth, post, response or analytics")
        ->required();
    create->add_option("--folder", new_flags.folder,
                       "where to make the folder (default: the working directory)");
  }

  void addTest() {
    PluginTestFlags& f = test_flags;
    test = plugin->add_subcommand(
        "test", "run one hook of a plugin against a message and show what it changed");
    test->add_option("definition", f.definition, "API definition, or a folder with an api.json")
        ->required();
    test->add_option("--hook", f.hook, "which hook (default: the only one)");
    test->add_option("--function", f.function, "which function (default: the hook's first)");
    test->add_option("--request", f.request,
                     "request as on the wire (default: request.http beside the definition)");
    test->add_option("--response", f.response,
                     "answer for response hooks (default: response.http beside the definition)");
    test->add_option("--session", f.session,
                     "session as JSON (default: session.json beside the definition)");
  }
};

PluginCommand::PluginCommand(CLI::App& program) : options_(std::make_unique<Options>()) {
  Options& o = *options_;
  o.plugin = program.add_subcommand("plugin", "make, build and try plugins");
  o.plugin->require_subcommand(1);
  o.build = o.plugin->add_subcommand("build", "compile a folder of Go source");
  o.build->add_option("folder", o.flags.folder, "folder with the source of package main")
      ->required();
  o.build->add_option(
      "-o,--output", o.flags.output,
      "file to write (default: NAME.so and NAME_vRELEASE_OS_ARCH.so in the folder)");
  o.build->add_option("--sdk", o.flags.sdk,
                      "folder of the Go SDK (default: TYKPP_GO_SDK, else the installed one)");
  o.build->add_option("--go", o.flags.go, "the go command (default: the one on PATH)");
  o.flags.release = "5.13.0";
  o.build->add_option("--release", o.flags.release,
                      "release that the versioned file name carries (default 5.13.0)");
  o.build->add_flag("--check", o.flags.check, "compile and list the functions, but write nothing");
  o.build->add_flag("--verbose", o.flags.verbose, "say every command of the build");
  o.load = o.plugin->add_subcommand("load", "try whether plugin files load and have a function");
  o.load->add_option("-f,--file", o.files, "plugin file, or several with commas between")
      ->required();
  o.load->add_option("-s,--symbol", o.symbol, "name of the function")->required();
  o.addNew();
  o.addTest();
}

PluginCommand::~PluginCommand() = default;

bool PluginCommand::parsed() const { return options_->plugin->parsed(); }

int PluginCommand::run(const std::string& conf, bool debug) const {
  const Options& o = *options_;
  if (o.create->parsed()) return newPlugin(o.new_flags);
  if (o.test->parsed()) {
    PluginTestFlags flags = o.test_flags;
    flags.conf = conf;
    flags.debug = debug;
    return testPlugin(flags);
  }
  if (o.build->parsed()) return buildPlugin(o.flags);
  return loadPlugin(o.files, o.symbol);
}

}  // namespace tykpp::cli
