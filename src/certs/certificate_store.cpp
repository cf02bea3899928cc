#include "certs/certificate_store.hpp"

#include <algorithm>

namespace tykpp::certs {
namespace {

constexpr std::string_view kPrefix = "cert-";
constexpr std::string_view kRaw = "raw-";
constexpr std::size_t kDigestSize = 64;

std::string keyOf(std::string_view id) { return std::string(kPrefix).append(kRaw).append(id); }
std::string indexOf(std::string_view org_id) {
  return std::string(kPrefix).append(org_id).append("-index");
}

}  // namespace

std::string_view organisationOf(std::string_view id) noexcept {
  return id.substr(0, id.size() > kDigestSize ? id.size() - kDigestSize : 0);
}

CertificateStore::Task<std::string> CertificateStore::add(std::string upload, std::string org_id,
                                                          std::int64_t now) {
  const Result<StoredForm> form = storedForm(upload, secret_);
  if (!form) co_return form.error();
  if (form->not_after != 0 && form->not_after < now)
    co_return Error(Errc::kBadRequest, "certificate is expired");
  const std::string id = org_id + form->fingerprint;
  const std::string key = keyOf(id);
  constexpr std::chrono::seconds kForGood{0};
  const Result<bool> added =
      co_await client_.set(key, form->pem, kForGood, storage::SetIf::kAbsent);
  if (!added) co_return added.error();
  if (!*added) co_return Error(Errc::kBadRequest, "Certificate with " + id + " id already exists");
  if (org_id.empty()) co_return id;
  const std::string index = indexOf(org_id);
  const std::vector<std::string> entry{std::string(kRaw) + id};
  const Result<std::int64_t> listed = co_await client_.push(index, entry);
  if (!listed) co_return listed.error();
  co_return id;
}

CertificateStore::Task<std::optional<std::string>> CertificateStore::get(std::string id) {
  const std::string key = keyOf(id);
  co_return co_await client_.get(key);
}

CertificateStore::Task<std::vector<std::optional<std::string>>> CertificateStore::getMany(
    std::vector<std::string> ids) {
  std::vector<std::string> keys;
  for (const std::string& id : ids) keys.push_back(keyOf(id));
  if (keys.empty()) co_return std::vector<std::optional<std::string>>{};
  co_return co_await client_.getMany(keys);
}

CertificateStore::Task<std::vector<std::string>> CertificateStore::list(std::string org_id) {
  const std::string index = indexOf(org_id);
  Result<storage::Texts> entries = co_await client_.range(index, 0, -1);
  if (!entries) co_return entries.error();
  if (entries->empty()) {
    const std::string mark = index + "-migrated";
    const Result<bool> migrated = co_await client_.exists(mark);
    if (!migrated) co_return migrated.error();
    if (!*migrated) co_return co_await rebuildIndex(std::move(org_id));
  }
  std::vector<std::string> ids;
  for (const std::string& entry : *entries) {
    ids.push_back(entry.starts_with(kRaw) ? entry.substr(kRaw.size()) : entry);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  co_return ids;
}

CertificateStore::Task<std::vector<std::string>> CertificateStore::rebuildIndex(
    std::string org_id) {
  // Certificates that were stored before there was an index.
  std::vector<std::string> ids;
  const std::string prefix = keyOf(org_id);
  std::string from;
  do {
    const Result<storage::KeyPage> page = co_await client_.scan(prefix, from);
    if (!page) co_return page.error();
    for (const std::string& key : page->keys) {
      std::string id = key.substr(kPrefix.size() + kRaw.size());
      if (organisationOf(id) == org_id) ids.push_back(std::move(id));
    }
    from = page->next;
  } while (!from.empty());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const std::string index = indexOf(org_id);
  std::vector<std::string> entries;
  for (const std::string& id : ids) entries.push_back(std::string(kRaw) + id);
  if (!entries.empty()) {
    const Result<std::int64_t> pushed = co_await client_.push(index, entries);
    if (!pushed) co_return pushed.error();
  }
  const std::string mark = index + "-migrated";
  constexpr std::chrono::seconds kForGood{0};
  const Result<bool> marked = co_await client_.set(mark, "1", kForGood, storage::SetIf::kAlways);
  if (!marked) co_return marked.error();
  co_return ids;
}

CertificateStore::Task<bool> CertificateStore::remove(std::string id, std::string org_id) {
  const std::vector<std::string> keys{keyOf(id)};
  const Result<std::int64_t> removed = co_await client_.remove(keys);
  if (!removed) co_return removed.error();
  const std::string index = indexOf(org_id);
  const std::string entry = std::string(kRaw) + id;
  const Result<std::int64_t> unlisted = co_await client_.removeItem(index, entry);
  if (!unlisted) co_return unlisted.error();
  co_return *removed > 0;
}

}  // namespace tykpp::certs
