#include "cli/plugin.hpp"

#include <CLI/CLI.hpp>

namespace tykpp::cli {

struct PluginCommand::Options {
  CLI::App* plugin = nullptr;
  CLI::App* build = nullptr;
  CLI::App* load = nullptr;
  PluginBuildFlags flags;
  std::string files;
  std::string symbol;
};

PluginCommand::PluginCommand(CLI::App& program) : options_(std::make_unique<Options>()) {
  Options& o = *options_;
  o.plugin = program.add_subcommand("plugin", "build Go plugins and try plugins");
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
}

PluginCommand::~PluginCommand() = default;

bool PluginCommand::parsed() const { return options_->plugin->parsed(); }

int PluginCommand::run() const {
  const Options& o = *options_;
  if (o.build->parsed()) return buildPlugin(o.flags);
  return loadPlugin(o.files, o.symbol);
}

}  // namespace tykpp::cli
