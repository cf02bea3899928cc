// The list of keys.

#include <algorithm>

#include "admin/impl/answers.hpp"
#include "admin/impl/key_calls.hpp"
#include "session/key_hash.hpp"

namespace tykpp::admin {
namespace {

constexpr std::size_t kAtOnce = 500;  ///< sessions read together

/// Whether a raw key belongs to an organisation, or what of its name the caller knows.
bool fits(const std::string& name, const std::string& filter) {
  return filter.empty() || name.starts_with(filter) ||
         session::organisationOf(name).starts_with(filter);
}

AdminReply keyList(const std::vector<std::string>& names) {
  std::string json = R"({"keys":[)";
  for (const std::string& name : names) {
    if (json.back() != '[') json += ',';
    json += jsonString(name);
  }
  return jsonAnswer(std::move(json) + "]}");
}

}  // namespace

KeyCalls::Answer KeyCalls::list(AdminRequest request) {
  const definition::KeyConfig& keys = control_.config().identity.keys;
  const std::string api_id = queryValue(request.query, "api_id");
  const std::string filter = keys.hash_keys ? "" : queryValue(request.query, "filter");
  if (keys.hash_keys && !keys.enable_hashed_keys_listing) {
    co_return statusMessage(
        404, "Hashed key listing is disabled in config (enable_hashed_keys_listing)");
  }
  if (!keys.hash_keys && !api_id.empty() && filter.empty()) {
    co_return statusMessage(400,
                            "The 'filter' parameter (Org ID) is required when filtering by "
                            "'api_id' in legacy mode");
  }
  Result<std::vector<std::string>> listed = co_await control_.sessions().list({});
  if (!listed) co_return storeFailed(listed.error());
  std::vector<std::string>& names = *listed;
  std::erase_if(names, [&](const std::string& name) {
    return name.starts_with("quota-") || name.starts_with("rate-limit-") || !fits(name, filter);
  });
  if (api_id.empty()) co_return keyList(names);
  auto filtering = withRightTo(api_id, std::move(names));
  const Result<std::vector<std::string>> fitting = co_await filtering;
  if (!fitting) co_return storeFailed(fitting.error());
  co_return keyList(*fitting);
}

storage::StoreTask<std::vector<std::string>> KeyCalls::withRightTo(std::string api_id,
                                                                   std::vector<std::string> names) {
  const bool masters = control_.config().identity.keys.allow_master_keys;
  storage::KeyStoreClient& client = control_.sessions().client();
  std::vector<std::string> fitting;
  for (std::size_t first = 0; first < names.size(); first += kAtOnce) {
    std::vector<std::string> keys;
    const std::size_t end = std::min(names.size(), first + kAtOnce);
    for (std::size_t i = first; i < end; ++i) {
      keys.push_back(std::string(session::SessionStore::kPrefix) + names[i]);
    }
    const Result<std::vector<std::optional<std::string>>> values = co_await client.getMany(keys);
    if (!values) co_return values.error();
    for (std::size_t i = 0; i < values->size(); ++i) {
      const std::optional<std::string>& text = (*values)[i];
      const auto session = session::SessionData::parse(text.value_or(""));
      if (!session) continue;  // gone meanwhile, or nothing that anybody can use
      const auto& rights = session->access_rights;
      if (rights.contains(api_id) || (rights.empty() && masters)) {
        fitting.push_back(names[first + i]);
      }
    }
  }
  co_return fitting;
}

}  // namespace tykpp::admin
