// Rules of single operations: each becomes an entry of the list that Classic definitions have.

#include "definition/impl/oas_operations.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "definition/impl/oas_transforms.hpp"
#include "definition/readable_duration.hpp"

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

/// Blocks that say no more than whether they count.
void convertSwitch(const Operation& operation, const char* block, const char* list, Json& lists) {
  const Json* from = member(*operation.rules, block);
  if (from == nullptr || !from->is_object()) return;
  lists[list].push_back({{"disabled", !flagOf(*from, "enabled")},
                         {"path", operation.path},
                         {"method", operation.method},
                         {"ignore_case", flagOf(*from, "ignoreCase")}});
}

void convertSize(const Operation& operation, Json& lists) {
  const Json* from = member(*operation.rules, "requestSizeLimit");
  if (from == nullptr || !from->is_object()) return;
  const Json* value = member(*from, "value");
  lists["size_limits"].push_back({{"disabled", !flagOf(*from, "enabled")},
                                  {"path", operation.path},
                                  {"method", operation.method},
                                  {"size_limit", value == nullptr ? Json(0) : *value}});
}

void convertRate(const Operation& operation, Json& lists) {
  const Json* from = member(*operation.rules, "rateLimit");
  if (from == nullptr || !from->is_object()) return;
  const Json* rate = member(*from, "rate");
  const auto per = parseDuration(textOf(*from, "per"));
  lists["rate_limit"].push_back({{"disabled", !flagOf(*from, "enabled")},
                                 {"path", operation.path},
                                 {"method", operation.method},
                                 {"rate", rate == nullptr ? Json(0) : *rate},
                                 {"per", per ? static_cast<double>(per->count()) / 1e9 : 0.0}});
}

void convertCache(const Operation& operation, Json& lists) {
  const Json* from = member(*operation.rules, "cache");
  if (from == nullptr || !from->is_object()) return;
  const Json* codes = filled(*from, "cacheResponseCodes");
  lists["advance_cache_config"].push_back(
      {{"disabled", !flagOf(*from, "enabled")},
       {"path", operation.path},
       {"method", operation.method},
       {"cache_key_regex", std::string(textOf(*from, "cacheByRegex"))},
       {"cache_response_codes", codes == nullptr ? Json::array() : *codes},
       {"timeout", integerOf(*from, "timeout")}});
}

/// The one list that is put in the order of its texts.
void sortAllowed(Json& lists) {
  const auto found = lists.find("white_list");
  if (found == lists.end()) return;
  std::stable_sort(found->begin(), found->end(), [](const Json& a, const Json& b) {
    return std::pair(textOf(a, "path"), textOf(a, "method")) <
           std::pair(textOf(b, "path"), textOf(b, "method"));
  });
}

}  // namespace

void convertOperations(const Json& document, const Json& extension, Json& version) {
  Json lists = Json::object();
  for (const Operation& operation : operationsOf(document, extension)) {
    convertVirtualEndpoint(operation, lists);
    convertPostPlugin(operation, lists);
    convertSwitch(operation, "ignoreAuthentication", "ignored", lists);
    convertSwitch(operation, "block", "black_list", lists);
    convertSwitch(operation, "allow", "white_list", lists);
    convertSwitch(operation, "internal", "internal", lists);
    convertSwitch(operation, "trackEndpoint", "track_endpoints", lists);
    convertSwitch(operation, "doNotTrackEndpoint", "do_not_track_endpoints", lists);
    convertSize(operation, lists);
    convertRate(operation, lists);
    convertCache(operation, lists);
    convertTransforms(operation.path, operation.method, *operation.rules, lists);
  }
  sortAllowed(lists);
  for (auto& [name, list] : lists.items()) version["extended_paths"][name] = std::move(list);
}

}  // namespace tykpp::definition
