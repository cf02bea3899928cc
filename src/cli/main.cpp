#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/bundle.hpp"
#include "cli/commands.hpp"
#include "cli/plugin.hpp"
#include "cli/plugin_host.hpp"
#include "tykpp/version.h"

int main(int argc, char** argv) {
  CLI::App app{"tykpp: an API gateway that runs Tyk's definitions and plugins in any language"};
  app.set_version_flag("--version", TYKPP_VERSION);
  app.fallthrough();
  tykpp::cli::StartOptions options;
  app.add_option("--conf", options.conf,
                 "configuration file (default: tyk.conf, then /etc/tyk/tyk.conf)");
  app.add_option("--port", options.port,
                 "listen port; wins over the configuration and the environment");
  app.add_flag("--debug", options.debug, "log level debug");

  app.add_subcommand("start", "run the gateway (also without a command)");
  bool json = false;
  CLI::App* version = app.add_subcommand("version", "print the release");
  version->add_flag("--json", json, "as JSON");

  std::vector<std::string> files;
  CLI::App* lint = app.add_subcommand(
      "lint", "check the configuration, or definition files, and list every problem");
  lint->add_option(
      "files", files,
      "API definitions (default: the configuration and the definitions in its app_path)");

  std::string echo_address = "127.0.0.1";
  CLI::App* echo = app.add_subcommand(
      "echo", "an upstream to try things against (/get, /anything, /status/N, /delay/N) on --port");
  echo->add_option("--address", echo_address, "address to listen on (default 127.0.0.1)");
  const tykpp::cli::BundleCommand bundle(app);
  const tykpp::cli::PluginHostCommand plugin_host(app);
  const tykpp::cli::PluginCommand plugin(app);
  app.require_subcommand(0, 1);

  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i)  // the library wants the last one first
    arguments.push_back(tykpp::cli::withTwoDashes(argv[i]));
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (version->parsed()) return tykpp::cli::version(json);
  if (lint->parsed()) return tykpp::cli::lint(options.conf, files);
  if (echo->parsed()) return tykpp::cli::echo(echo_address, options.port.value_or(0));
  if (bundle.parsed()) return bundle.run();
  if (plugin_host.parsed()) return plugin_host.run();
  if (plugin.parsed()) return plugin.run(options.conf, options.debug);
  return tykpp::cli::start(options);
}
