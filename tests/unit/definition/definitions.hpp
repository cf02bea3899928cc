#pragma once
// Definitions for tests, and what to look for in problems.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "definition/problem.hpp"

namespace tykpp::definition::test {

/// A keyless Classic definition that loads without an error.
inline nlohmann::json classicDefinition(const std::string& id = "one",
                                        const std::string& path = "/one/") {
  return {{"name", id},
          {"api_id", id},
          {"org_id", "default"},
          {"use_keyless", true},
          {"active", true},
          {"version_data",
           {{"not_versioned", true}, {"versions", {{"Default", {{"name", "Default"}}}}}}},
          {"proxy",
           {{"listen_path", path},
            {"target_url", "http://127.0.0.1:9000/base/"},
            {"strip_listen_path", true}}}};
}

/// The same as an OAS document.
inline nlohmann::json oasDefinition(const std::string& id = "one",
                                    const std::string& path = "/one/") {
  return nlohmann::json::parse(R"({"openapi": "3.0.3", "info": {"title": "t", "version": "1"},
      "paths": {"/get": {"get": {"operationId": "getget", "responses": {"200": {"description": "ok"}}}}},
      "components": {}, "x-tyk-api-gateway": {
        "info": {"id": ")" + id +
                               R"(", "name": ")" + id +
                               R"(", "orgId": "default", "state": {"active": true}},
        "upstream": {"url": "http://127.0.0.1:9000/base/"},
        "server": {"listenPath": {"value": ")" +
                               path + R"(", "strip": true}}}})");
}

/// The first problem at a pointer, or null.
inline const Problem* problemAt(const Problems& problems, std::string_view pointer) {
  for (const Problem& problem : problems) {
    if (problem.pointer == pointer) return &problem;
  }
  return nullptr;
}

inline std::size_t errorCount(const Problems& problems) {
  std::size_t errors = 0;
  for (const Problem& problem : problems) errors += problem.severity == Severity::kError ? 1 : 0;
  return errors;
}

/// Every problem, for a failing test's output.
inline std::string shown(const Problems& problems) {
  std::string out;
  for (const Problem& problem : problems) {
    out += (problem.severity == Severity::kError ? "error " : "warning ") + problem.file + " " +
           problem.pointer + ": " + problem.reason + "\n";
  }
  return out;
}

/// Sets a member at a JSON pointer, making what is on the way.
inline nlohmann::json with(nlohmann::json document, const std::string& pointer,
                           nlohmann::json value) {
  document[nlohmann::json::json_pointer(pointer)] = std::move(value);
  return document;
}

}  // namespace tykpp::definition::test
