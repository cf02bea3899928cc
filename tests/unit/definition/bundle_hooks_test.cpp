// Hooks that come from elsewhere than the definition's own lists: bundles, folders, virtual
// endpoints.
#include "definition/bundle_hooks.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/digest.hpp"
#include "definition/auth_rules.hpp"
#include "definition/classic.hpp"
#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::classicDefinition;
using test::shown;

ApiSpec parsed(const json& definition, const GatewayConfig& config = {}) {
  Problems problems;
  auto spec = parseClassic(definition.dump(), "one.json", config, problems);
  EXPECT_TRUE(spec) << shown(problems);
  return spec ? std::move(*spec) : ApiSpec{};
}

json bundled() {
  json definition = classicDefinition();
  definition["custom_middleware_bundle"] = "b.zip";
  definition["custom_middleware"] = {{"driver", "native"},
                                     {"pre", {{{"name", "Own"}, {"path", "own.so"}}}}};
  return definition;
}

BundleContent content(const char* manifest) {
  return {"/bundles/abc", "sum", {{{"b.zip", "/bundles/abc", {"a.py"}}, manifest}}};
}

/// Two bundles: a.zip and b.zip.
BundleContent two(const char* first, const char* second) {
  return {"/bundles/abc",
          "sum",
          {{{"a.zip", "/bundles/abc/a", {"a.js"}}, first},
           {{"b.zip", "/bundles/abc/b", {"b.js"}}, second}}};
}

/// Why two manifests do not go together, or nothing.
std::string whyNot(const char* first, const char* second, json definition) {
  Problems problems;
  const auto merged = withBundle(parsed(definition), two(first, second), {}, problems);
  if (merged) return {};
  EXPECT_FALSE(problems.empty());
  return merged.error().message() + " at " + merged.error().where();
}

TEST(BundleHooks, AreNamedByTheDefinitionAndHashed) {
  const ApiSpec spec = parsed(bundled());
  EXPECT_EQ(spec.bundle.name, "b.zip");
  EXPECT_EQ(spec.bundle.hash, md5Hex("b.zip"));
  EXPECT_EQ(md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  json off = bundled();
  off["custom_middleware_bundle_disabled"] = true;
  EXPECT_EQ(parsed(off).bundle.name, "");
}

TEST(BundleHooks, ReplaceTheDefinitionsOwnAltogether) {
  Problems problems;
  const auto spec = withBundle(
      parsed(bundled()),
      content(
          R"({"custom_middleware": {"driver": "otto", "post": [{"name": "P", "path": "sub/p.js"}],
              "response": [{"name": "R", "path": "r.so"}]}})"),
      {}, problems);
  ASSERT_TRUE(spec) << shown(problems);
  EXPECT_TRUE(spec->hooks.pre.empty());
  ASSERT_EQ(spec->hooks.post.size(), 1U);
  EXPECT_EQ(spec->hooks.post[0].path, "/bundles/abc/sub/p.js");
  EXPECT_EQ(spec->hooks.post[0].driver, "otto");
  EXPECT_EQ(spec->hooks.response.at(0).path, "/bundles/abc/r.so");
  ASSERT_EQ(spec->bundle.parts.size(), 1U);
  EXPECT_EQ(spec->bundle.parts[0].folder, "/bundles/abc");
  EXPECT_EQ(spec->bundle.parts[0].files, std::vector<std::string>{"a.py"});
  EXPECT_NE(spec->checksum, parsed(bundled()).checksum);
}

TEST(BundleHooks, GiveTheAnalyticsPluginToo) {
  Problems problems;
  const auto spec = withBundle(parsed(bundled()),
                               content(
                                   R"({"custom_middleware": {"driver": "goplugin",
              "traffic_logs": {"name": "L", "path": "l.so", "timeout_ms": 7, "on_error": "skip"}}})"),
                               {}, problems);
  ASSERT_TRUE(spec && spec->hooks.analytics) << shown(problems);
  EXPECT_EQ(spec->hooks.analytics->name, "L");
  EXPECT_EQ(spec->hooks.analytics->path, "/bundles/abc/l.so");
  EXPECT_EQ(spec->hooks.analytics->timeout, std::chrono::milliseconds(7));
  EXPECT_EQ(spec->hooks.analytics->on_error, OnPluginError::kSkip);
}

TEST(BundleHooks, BringTheAuthenticationThatTheDefinitionLeftToThem) {
  json definition = bundled();
  definition["use_keyless"] = false;
  definition["custom_plugin_auth_enabled"] = true;
  definition["custom_middleware"] = json::object();
  const ApiSpec spec = parsed(definition);
  Problems problems;
  const auto good = withBundle(
      spec, content(R"({"custom_middleware": {"driver": "python", "auth_check": {"name": "A"}}})"),
      {}, problems);
  ASSERT_TRUE(good) << shown(problems);
  EXPECT_EQ(good->hooks.auth->name, "A");
  EXPECT_FALSE(
      withBundle(spec, content(R"({"custom_middleware": {"driver": "python"}})"), {}, problems))
      << "an API that asks for a check must not be served without one";
}

TEST(BundleHooks, BringAnIdExtractor) {
  json definition = bundled();
  definition["use_keyless"] = false;
  definition["custom_plugin_auth_enabled"] = true;
  definition["custom_middleware"] = json::object();
  const char* extracts = R"({"custom_middleware": {"driver": "python", "auth_check": {"name": "A"},
      "id_extractor": {"extract_from": "header", "extract_with": "value",
                       "extractor_config": {"header_name": "X-Id"}}}})";
  Problems problems;
  const auto made = withBundle(parsed(definition), content(extracts), {}, problems);
  ASSERT_TRUE(made) << shown(problems);
  ASSERT_TRUE(made->auth->id_extractor);
  EXPECT_EQ(made->auth->id_extractor->name, "X-Id");
  const char* incomplete =
      R"({"custom_middleware": {"driver": "python", "auth_check": {"name": "A"},
      "id_extractor": {"extract_from": "header", "extract_with": "value"}}})";
  EXPECT_FALSE(withBundle(parsed(definition), content(incomplete), {}, problems));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/custom_middleware/id_extractor/extractor_config");
  problems.clear();
  EXPECT_TRUE(withBundle(parsed(bundled()), content(extracts), {}, problems))
      << "nobody authenticates: " << shown(problems);
  const char* disabled = R"({"custom_middleware": {"driver": "python", "auth_check": {"name": "A"},
      "id_extractor": {"disabled": true, "extract_from": "header", "extract_with": "value"}}})";
  EXPECT_TRUE(withBundle(parsed(definition), content(disabled), {}, problems)) << shown(problems);
}

TEST(BundleHooks, RefuseAManifestThatIsWrong) {
  for (const char* manifest :
       {"{", R"({"custom_middleware": {"driver": 1}})", R"({"custom_middleware": {"pre": "x"}})",
        R"({"custom_middleware": {"driver": "lua", "pre": [{"name": "A", "timeout_ms": -1}]}})"}) {
    Problems problems;
    EXPECT_FALSE(withBundle(parsed(bundled()), content(manifest), {}, problems)) << manifest;
    ASSERT_FALSE(problems.empty()) << manifest;
    EXPECT_EQ(problems[0].file, "/bundles/abc/manifest.json");
  }
}

TEST(BundleHooks, OfSeveralBundlesFollowOneAnother) {
  Problems problems;
  const auto spec = withBundle(
      parsed(bundled()),
      two(R"({"custom_middleware": {"pre": [{"name": "A", "path": "x.js"}, {"name": "A2", "path": "y.js"}],
              "response": [{"name": "R", "path": "r.js"}]}})",
          R"({"custom_middleware": {"driver": "otto", "pre": [{"name": "B", "path": "x.js"}],
              "post": [{"name": "P", "path": "p.js", "driver": "lua"}],
              "traffic_logs": {"name": "L", "path": "l.so"}}})"),
      {}, problems);
  ASSERT_TRUE(spec) << shown(problems);
  EXPECT_EQ(spec->driver, "otto");
  const auto& pre = spec->hooks.pre;
  ASSERT_EQ(pre.size(), 3U);
  EXPECT_EQ(pre[0].path, "/bundles/abc/a/x.js");
  EXPECT_EQ(pre[0].driver, "otto") << "the driver of all of them, whichever names it";
  EXPECT_EQ(pre[1].path, "/bundles/abc/a/y.js");
  EXPECT_EQ(pre[2].path, "/bundles/abc/b/x.js");
  EXPECT_EQ(pre[0].bundle, 0U);
  EXPECT_EQ(pre[2].bundle, 1U);
  EXPECT_EQ(bundleOf(pre[2], *spec)->name, "b.zip");
  EXPECT_EQ(spec->hooks.post.at(0).driver, "lua");
  EXPECT_EQ(spec->hooks.response.at(0).bundle, 0U);
  EXPECT_EQ(spec->hooks.analytics->path, "/bundles/abc/b/l.so");
  EXPECT_EQ(spec->hooks.analytics->bundle, 1U);
}

TEST(BundleHooks, OfSeveralBundlesMustBeOfOneDriver) {
  EXPECT_EQ(whyNot(R"({"custom_middleware": {"driver": "otto"}})",
                   R"({"custom_middleware": {"driver": "lua"}})", bundled()),
            "bundle \"b.zip\" declares driver \"lua\" but earlier bundles set \"otto\" at "
            "/bundles/abc/b/manifest.json /custom_middleware/driver");
}

TEST(BundleHooks, OfSeveralBundlesHaveOneCheckAtMost) {
  json definition = bundled();
  definition["use_keyless"] = false;
  definition["custom_plugin_auth_enabled"] = true;
  definition["custom_middleware"] = json::object();
  const char* first = R"({"custom_middleware": {"driver": "lua", "auth_check": {"name": "A"}}})";
  EXPECT_EQ(whyNot(first, first, definition),
            "bundle \"b.zip\" declares an auth_check hook but another bundle has already set one "
            "(\"A\") at /bundles/abc/b/manifest.json /custom_middleware/auth_check");
  const char* none = R"({"custom_middleware": {"driver": "lua"}})";
  EXPECT_EQ(whyNot(none, first, definition), "");
  EXPECT_NE(whyNot(none, none, definition), "") << "nobody authenticates";
  const char* logs = R"({"custom_middleware": {"traffic_logs": {"name": "L", "path": "l.so"}}})";
  EXPECT_EQ(whyNot(logs, logs, bundled()),
            "bundle \"b.zip\" declares a traffic_logs hook but another bundle has already set one "
            "(\"L\") at /bundles/abc/b/manifest.json /custom_middleware/traffic_logs");
}

TEST(BundleHooks, OfSeveralBundlesUseTheFirstIdExtractor) {
  json definition = bundled();
  definition["use_keyless"] = false;
  definition["custom_plugin_auth_enabled"] = true;
  definition["custom_middleware"] = json::object();
  const char* off = R"({"custom_middleware": {"auth_check": {"name": "A"},
      "id_extractor": {"disabled": true, "extract_from": "header", "extract_with": "value"}}})";
  const char* on = R"({"custom_middleware": {
      "id_extractor": {"extract_from": "header", "extract_with": "value"}}})";
  EXPECT_EQ(whyNot(off, on, definition), "");
  EXPECT_EQ(whyNot(on, off, definition),
            "header_name is missing at /bundles/abc/a/manifest.json "
            "/custom_middleware/id_extractor/extractor_config");
}

TEST(BundleNames, AreSplitAtCommasAndHaveFoldersThen) {
  const auto one = bundleNames(" a.zip ");
  ASSERT_TRUE(one);
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->at(0).name, " a.zip ") << "as it was before there could be several";
  EXPECT_EQ(one->at(0).folder, "");
  const auto several = bundleNames(R"(a.zip, sub/b.v2.zip,,c\d , .zip, ..., x.d/y)");
  ASSERT_TRUE(several);
  std::vector<std::string> folders;
  for (const BundleName& name : *several) folders.push_back(name.folder);
  EXPECT_EQ(folders, (std::vector<std::string>{"a", "sub__b.v2", "c__d",
                                               "bundle_" + md5Hex(".zip").substr(0, 12),
                                               "bundle_" + md5Hex("...").substr(0, 12), "x.d__y"}));
  EXPECT_EQ(several->at(1).name, "sub/b.v2.zip");
}

TEST(BundleNames, ThatCannotBeToldApartAreRefusedWithTheDefinition) {
  const std::string many = [] {
    std::string names;
    for (int i = 0; i < 33; ++i) names += std::to_string(i) + ",";
    return names;
  }();
  const std::pair<std::string, std::string> cases[] = {
      {"a.zip,a.zip",
       "names two bundles whose folder would be a: names have to differ in more than "
       "the extension"},
      {"a.zip, a.tgz",
       "names two bundles whose folder would be a: names have to differ in more "
       "than the extension"},
      {" , ", "has commas, but names no bundle"},
      {std::string(4097, 'x'), "names a bundle with more than 4096 bytes"},
      {"a.zip," + std::string(4097, 'x'), "names a bundle with more than 4096 bytes"},
      {many, "names more than 32 bundles"}};
  for (const auto& [names, why] : cases) {
    json definition = bundled();
    definition["custom_middleware_bundle"] = names;
    Problems problems;
    EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems)) << names;
    ASSERT_EQ(problems.size(), 1U) << shown(problems);
    EXPECT_EQ(problems[0].pointer, "/custom_middleware_bundle");
    EXPECT_EQ(problems[0].reason, why);
  }
}

TEST(PluginPaths, StartAtTheWorkingDirectoryExceptForSharedObjects) {
  GatewayConfig config;
  config.working_directory = "/srv/tyk";
  json definition = classicDefinition();
  definition["custom_middleware"] = {{"driver", "otto"},
                                     {"pre",
                                      {{{"name", "A"}, {"path", "middleware/../a.js"}},
                                       {{"name", "B"}, {"path", "/b.js"}},
                                       {{"name", "C"}, {"path", "c.so"}, {"driver", "native"}}}}};
  const ApiSpec spec = parsed(definition, config);
  EXPECT_EQ(spec.hooks.pre.at(0).path, "/srv/tyk/a.js");
  EXPECT_EQ(spec.hooks.pre.at(1).path, "/b.js");
  EXPECT_EQ(spec.hooks.pre.at(2).path, "c.so");
}

TEST(PluginFolders, AreFoundByTheApisIdAndJoinTheLists) {
  const test::TempDir dir;
  std::filesystem::create_directories(dir.file("middleware/one/pre"));
  std::filesystem::create_directories(dir.file("middleware/one/post"));
  dir.write("middleware/one/pre/b.min.js", "");
  dir.write("middleware/one/pre/a.js", "");
  dir.write("middleware/one/pre/readme.txt", "");
  dir.write("middleware/one/post/last_with_session.js", "");
  GatewayConfig config;
  config.working_directory = dir.path();
  json definition = classicDefinition();
  definition["custom_middleware"] = {{"driver", "otto"},
                                     {"pre", {{{"name", "first"}, {"path", "x.js"}}}}};
  const ApiSpec spec = parsed(definition, config);
  ASSERT_EQ(spec.hooks.pre.size(), 3U);
  EXPECT_EQ(spec.hooks.pre[0].name, "first");
  EXPECT_EQ(spec.hooks.pre[1].name, "a");
  EXPECT_EQ(spec.hooks.pre[2].name, "b");
  EXPECT_EQ(spec.hooks.pre[2].path, dir.file("middleware/one/pre/b.min.js"));
  EXPECT_FALSE(spec.hooks.pre[1].require_session);
  ASSERT_EQ(spec.hooks.post.size(), 1U);
  EXPECT_TRUE(spec.hooks.post[0].require_session);
}

TEST(VirtualEndpoints, AreReadFromTheServedVersion) {
  GatewayConfig config;
  config.working_directory = "/srv";
  json definition = classicDefinition();
  definition["version_data"]["versions"]["Default"] = json::parse(R"({"name": "Default",
      "use_extended_paths": true, "extended_paths": {"virtual": [
        {"path": "/v", "method": "GET", "response_function_name": "f", "function_source_type": "file",
         "function_source_uri": "mw/v.js", "use_session": true},
        {"path": "/off", "method": "GET", "response_function_name": "g", "disabled": true},
        {"path": "/b", "method": "POST", "response_function_name": "h", "function_source_type": "blob",
         "function_source_uri": "Zm9v", "proxy_on_error": true}]}})");
  const ApiSpec spec = parsed(definition, config);
  ASSERT_EQ(spec.virtual_endpoints.size(), 2U);
  EXPECT_EQ(spec.virtual_endpoints[0].source, "/srv/mw/v.js");
  EXPECT_TRUE(spec.virtual_endpoints[0].use_session);
  EXPECT_EQ(spec.virtual_endpoints[1].source, "Zm9v");
  EXPECT_TRUE(spec.virtual_endpoints[1].is_blob);
  EXPECT_TRUE(spec.virtual_endpoints[1].proxy_on_error);
  EXPECT_EQ(spec.virtual_endpoints[1].pointer,
            "/version_data/versions/Default/extended_paths/virtual/2");
}

TEST(EndpointPlugins, AreReadFromTheServedVersion) {
  GatewayConfig config;
  config.working_directory = "/srv";
  json definition = classicDefinition();
  definition["custom_middleware"] = {{"driver", "python"}};
  definition["version_data"]["versions"]["Default"] = json::parse(R"({"name": "Default",
      "use_extended_paths": true, "extended_paths": {"go_plugin": [
        {"path": "/off", "method": "GET", "plugin_path": "a.so", "func_name": "F", "disabled": true},
        {"path": "/a/{id}", "method": "POST", "plugin_path": "mw/a.so", "func_name": "G"}]}})");
  const ApiSpec spec = parsed(definition, config);
  ASSERT_EQ(spec.endpoint_plugins.size(), 1U);
  const EndpointPlugin& endpoint = spec.endpoint_plugins[0];
  EXPECT_EQ(endpoint.path, "/a/{id}");
  EXPECT_EQ(endpoint.method, "POST");
  EXPECT_EQ(endpoint.plugin.name, "G");
  EXPECT_EQ(endpoint.plugin.path, "mw/a.so");
  EXPECT_EQ(endpoint.plugin.driver, "goplugin");
  EXPECT_EQ(endpoint.plugin.pointer, "/version_data/versions/Default/extended_paths/go_plugin/1");
}

}  // namespace
}  // namespace tykpp::definition
