// Versions of an API that are APIs of their own: making them, and the list of them.

#include <algorithm>

#include "admin/impl/answers.hpp"
#include "admin/impl/api_calls.hpp"
#include "admin/impl/definition_files.hpp"
#include "base/ascii.hpp"
#include "base/log.hpp"
#include "definition/version_rules.hpp"

namespace tykpp::admin {
namespace {

using definition::ChildVersion;
using definition::VersionRules;

/// The query parameters that make a new API a version of another.
struct VersionParameters {
  std::string base;
  std::string base_name;
  std::string name;
  bool set_default;

  explicit VersionParameters(const std::string& query)
      : base(queryValue(query, "base_api_id")),
        base_name(queryValue(query, "base_api_version_name")),
        name(queryValue(query, "new_version_name")),
        set_default(queryValue(query, "set_default") == "true") {}
};

/// The rules of an API whose versions are APIs; null when it has none.
const VersionRules* rulesOf(const definition::ApiSpec& api) {
  return api.versioning != nullptr && api.versioning->apart ? api.versioning.get() : nullptr;
}

void setIfEmpty(Document& object, const char* name, const std::string& value) {
  if (textAt(object, (std::string("/") + name).c_str()).empty()) object[name] = value;
}

Document& objectIn(Document& parent, const char* name) {
  Document& value = parent[name];
  if (!value.is_object()) value = Document::object();
  return value;
}

/// What both formats have in common. @param versioning  gets it
void describe(const VersionParameters& wanted, Document& versioning) {
  versioning["enabled"] = true;
  if (!wanted.base_name.empty()) versioning["name"] = wanted.base_name;
  if (wanted.set_default) versioning["default"] = wanted.name;
  setIfEmpty(versioning, "key", "x-api-version");
  setIfEmpty(versioning, "location", "header");
  setIfEmpty(versioning, "default", "self");
}

/// Takes a version out of an OAS document's list. @return its name
void eraseFromList(Document& list, const std::string& id) {
  if (!list.is_array()) return;
  Document kept = Document::array();
  for (Document& entry : list) {
    if (textAt(entry, "/id") != id) kept.push_back(std::move(entry));
  }
  list = std::move(kept);
}

bool contains(const std::string& text, const std::string& part) {
  return lowered(text).find(lowered(part)) != std::string::npos;
}

}  // namespace

std::optional<AdminReply> ApiCalls::refusedVersion(const AdminRequest& request) const {
  const VersionParameters wanted(request.query);
  if (wanted.base.empty()) return std::nullopt;
  if (wanted.name.empty()) return statusMessage(422, "The new version name is required");
  const Api base = find(wanted.base);
  if (base == nullptr) return statusMessage(400, wanted.base + " is not a valid Base API version");
  const VersionRules* rules = rulesOf(*base);
  if (wanted.base_name.empty() && (rules == nullptr || rules->own_name.empty())) {
    return statusMessage(400,
                         "you need to provide a version name for the new Base API: " + wanted.base);
  }
  return std::nullopt;
}

void ApiCalls::rewriteBase(const Api& base, const BaseEdit& edit) const {
  auto classic = parseObject(base->classic_text);
  auto oas = base->is_oas && !base->oas_text.empty() ? parseObject(base->oas_text) : std::nullopt;
  if (!classic) return;
  edit(objectIn(*classic, "definition"), false);
  if (oas) edit(objectIn(objectIn((*oas)["x-tyk-api-gateway"], "info"), "versioning"), true);
  (*classic)["api_id"] = base->api_id;
  (*classic)["is_oas"] = base->is_oas;
  const AdminReply done = store(base->api_id, base, *classic, oas ? &*oas : nullptr);
  if (done.status != 200) {
    TYKPP_LOG(err, "api", "the base of a version is not written api_id={}",
              log::quoted(base->api_id));
  }
}

void ApiCalls::addToBase(const AdminRequest& request, const std::string& id) const {
  const VersionParameters wanted(request.query);
  const Api base = wanted.base.empty() ? nullptr : find(wanted.base);
  if (base == nullptr) return;
  rewriteBase(base, [&](Document& versioning, bool oas) {
    describe(wanted, versioning);
    if (oas) {
      Document& list = versioning["versions"];
      if (!list.is_array()) list = Document::array();
      eraseFromList(list, id);
      list.push_back({{"name", wanted.name}, {"id", id}});
    } else {
      versioning["base_id"] = base->api_id;
      objectIn(versioning, "versions")[wanted.name] = id;
    }
  });
}

ApiCalls::Api ApiCalls::baseOf(const std::string& id) const {
  for (Api& api : control_.apis()) {
    const VersionRules* rules = rulesOf(*api);
    if (rules == nullptr) continue;
    const bool its = std::any_of(rules->children.begin(), rules->children.end(),
                                 [&](const ChildVersion& child) { return child.api == id; });
    if (its) return std::move(api);
  }
  return nullptr;
}

void ApiCalls::removeFromBase(const std::string& id) const {
  const Api base = baseOf(id);
  if (base == nullptr || base->api_id == id) return;
  const VersionRules& rules = *rulesOf(*base);
  rewriteBase(base, [&](Document& versioning, bool oas) {
    for (const ChildVersion& child : rules.children) {
      if (child.api != id) continue;
      if (!oas) objectIn(versioning, "versions").erase(child.name);
      if (textAt(versioning, "/default") == child.name) versioning["default"] = rules.own_name;
    }
    if (oas) eraseFromList(versioning["versions"], id);
  });
}

AdminReply ApiCalls::versions(const std::string& id, const AdminRequest& request) const {
  const Api base = find(id);
  if (base == nullptr) return statusMessage(404, kNotFound);
  const std::string search = queryValue(request.query, "searchText");
  const std::string access = queryValue(request.query, "accessType");
  const VersionRules* rules = rulesOf(*base);
  const std::string own = rules != nullptr ? rules->own_name : std::string();
  const std::string standing = rules != nullptr ? rules->default_version : std::string();
  Document list = Document::array();
  const auto add = [&](const definition::ApiSpec& api, const std::string& name, bool is_default) {
    if (!search.empty() && !contains(name, search)) return;
    if (access == "internal" && !api.internal) return;
    if (access == "external" && api.internal) return;
    const auto classic = parseObject(api.classic_text);
    list.push_back({{"id", api.api_id},
                    {"name", api.name},
                    {"versionName", name},
                    {"internal", api.internal},
                    {"expirationDate", classic ? textAt(*classic, "/expiration") : std::string()},
                    {"isDefaultVersion", is_default}});
  };
  add(*base, own, standing == own || standing == "self");
  if (rules != nullptr) {
    for (const ChildVersion& child : rules->children) {
      if (const Api api = find(child.api); api != nullptr) {
        add(*api, child.name, child.name == standing);
      }
    }
  }
  const Document answer = {{"status", "success"}, {"apis", list.empty() ? Document() : list}};
  return jsonAnswer(htmlSafe(answer.dump(-1, ' ', false, Document::error_handler_t::replace)));
}

}  // namespace tykpp::admin
