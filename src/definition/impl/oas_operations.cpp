// Rules of single operations: each becomes an entry of the list that Classic definitions have.

#include "definition/impl/oas_operations.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/ascii.hpp"

namespace tykpp::definition {
namespace {

/// One operation of the document with the rules that the extension has for it.
struct Operation {
  std::string path;
  std::string method;
  const Json* rules;
};

/// A path with the texts of its segments in braces left out: what the order looks at.
std::string withoutNames(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (c == '}') inside = false;
    if (!inside) out += c;
    if (c == '{') inside = true;
  }
  return out;
}

/// More specific paths come first: the first rule that matches is the one that counts.
bool comesBefore(const Operation& a, const Operation& b) {
  const std::string one = withoutNames(a.path);
  const std::string other = withoutNames(b.path);
  const auto slashes = [](const std::string& path) {
    return std::count(path.begin(), path.end(), '/');
  };
  if (slashes(one) != slashes(other)) return slashes(one) > slashes(other);
  if (one.size() != other.size()) return one.size() > other.size();
  if (one != other) return one < other;
  return a.path < b.path;
}

std::vector<Operation> operationsOf(const Json& document, const Json& extension) {
  std::vector<Operation> operations;
  const Json* rules = memberAt(extension, "middleware/operations");
  const Json* paths = member(document, "paths");
  if (rules == nullptr || !rules->is_object() || paths == nullptr || !paths->is_object()) {
    return operations;
  }
  for (const auto& [path, methods] : paths->items()) {
    if (!methods.is_object()) continue;
    for (const auto& [method, operation] : methods.items()) {
      const std::string_view id = textOf(operation, "operationId");
      const Json* found = id.empty() ? nullptr : member(*rules, id);
      if (found == nullptr || !found->is_object()) continue;
      Operation made{path, method, found};
      std::transform(made.method.begin(), made.method.end(), made.method.begin(), toUpper);
      operations.push_back(std::move(made));
    }
  }
  std::stable_sort(operations.begin(), operations.end(), comesBefore);
  return operations;
}

void convertVirtualEndpoint(const Operation& operation, Json& lists) {
  const Json* from = member(*operation.rules, "virtualEndpoint");
  if (from == nullptr || !from->is_object()) return;
  const std::string_view body = textOf(*from, "body");
  const std::string_view name = textOf(*from, "functionName");
  lists["virtual"].push_back(
      {{"disabled", !flagOf(*from, "enabled")},
       {"path", operation.path},
       {"method", operation.method},
       {"response_function_name", std::string(name.empty() ? textOf(*from, "name") : name)},
       {"function_source_type", body.empty() ? "file" : "blob"},
       {"function_source_uri", std::string(body.empty() ? textOf(*from, "path") : body)},
       {"use_session", flagOf(*from, "requireSession")},
       {"proxy_on_error", flagOf(*from, "proxyOnError")}});
}

/// Of several functions the first alone, as in the reference.
void convertPostPlugin(const Operation& operation, Json& lists) {
  const Json* list = member(*operation.rules, "postPlugins");
  if (list == nullptr || !list->is_array() || list->empty()) return;
  const Json& from = list->front();
  const std::string_view name = textOf(from, "functionName");
  lists["go_plugin"].push_back(
      {{"disabled", !flagOf(from, "enabled")},
       {"path", operation.path},
       {"method", operation.method},
       {"func_name", std::string(name.empty() ? textOf(from, "name") : name)},
       {"plugin_path", std::string(textOf(from, "path"))}});
}

}  // namespace

void convertOperations(const Json& document, const Json& extension, Json& version) {
  Json lists = Json::object();
  for (const Operation& operation : operationsOf(document, extension)) {
    convertVirtualEndpoint(operation, lists);
    convertPostPlugin(operation, lists);
  }
  for (auto& [name, list] : lists.items()) version["extended_paths"][name] = std::move(list);
}

}  // namespace tykpp::definition
