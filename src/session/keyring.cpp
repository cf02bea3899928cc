#include "session/keyring.hpp"

namespace tykpp::session {
namespace {

SessionCacheLimits cacheLimits(const definition::GatewayConfig& config) {
  SessionCacheLimits limits;
  if (config.identity.sessions.disable_cached_session_state) limits.lifetime = {};
  return limits;
}

}  // namespace

Keyring::Keyring(Keyrings& all, net::Loop& loop, std::unique_ptr<storage::KeyStoreClient> client)
    : all_(all),
      loop_(loop),
      client_(std::move(client)),
      store_(*client_, all.config(),
             [this, &all](std::string_view name) {
               // Its own at once: a session that is kept after it was written shall stay.
               cache_.invalidate(name);
               for (std::uint32_t i = 0; i < all.size(); ++i) {
                 Keyring& other = all.of(i);
                 if (&other == this) continue;
                 other.loop().post([&other, text = std::string(name)] { other.invalidate(text); });
               }
             }),
      cache_(cacheLimits(all.config())),
      policies_(std::make_shared<PolicySet>()) {}

std::string_view Keyring::alias(std::string_view org_id, std::string_view key) {
  alias_.assign(org_id).push_back('\0');
  alias_.append(key);
  return alias_;
}

std::shared_ptr<SessionEntry> Keyring::cached(std::string_view org_id, std::string_view key) {
  return cache_.findAlias(alias(org_id, key), loop_.now());
}

storage::StoreTask<std::shared_ptr<SessionEntry>> Keyring::find(std::string_view org_id,
                                                                std::string_view key) {
  const auto shortest = static_cast<std::size_t>(all_.config().identity.keys.min_token_length);
  if (key.size() <= shortest) co_return std::shared_ptr<SessionEntry>{};
  if (std::shared_ptr<SessionEntry> known = cached(org_id, key)) co_return known;
  const SessionCache::Ticket ticket = cache_.ticket();
  Result<std::optional<StoredSession>> found = co_await store_.find(org_id, key);
  if (!found) co_return found.error();
  if (!*found) co_return std::shared_ptr<SessionEntry>{};
  StoredSession& session = **found;
  auto entry = std::make_shared<SessionEntry>(std::move(session.key), std::move(session.token),
                                              std::move(session.data), session.bytes);
  cache_.put(entry, std::string(alias(org_id, key)), ticket, loop_.now());
  co_return entry;
}

void Keyring::keep(std::shared_ptr<SessionEntry> entry, std::string_view org_id,
                   std::string_view key) {
  std::string name(alias(org_id, key));
  cache_.put(std::move(entry), std::move(name), cache_.ticket(), loop_.now());
}

Keyrings::Keyrings(const definition::GatewayConfig& config, storage::KeyStore& store)
    : config_(config), store_(store) {}

void Keyrings::add(net::Loop& loop) {
  keyrings_.push_back(std::make_unique<Keyring>(*this, loop, store_.client(loop)));
}

void Keyrings::invalidate(std::string_view name) {
  for (const auto& keyring : keyrings_) {
    keyring->loop().post(
        [ring = keyring.get(), text = std::string(name)] { ring->invalidate(text); });
  }
}

void Keyrings::clear() {
  for (const auto& keyring : keyrings_)
    keyring->loop().post([ring = keyring.get()] { ring->clear(); });
}

void Keyrings::setPolicies(const std::shared_ptr<const PolicySet>& policies) {
  for (const auto& keyring : keyrings_) {
    keyring->loop().post([ring = keyring.get(), policies] { ring->setPolicies(policies); });
  }
}

void Keyrings::setCertificates(const std::shared_ptr<const certs::CertificateSet>& certificates) {
  for (const auto& keyring : keyrings_) {
    keyring->loop().post(
        [ring = keyring.get(), certificates] { ring->setCertificates(certificates); });
  }
}

void Keyring::tellQuota(const std::string& name, std::string_view scope, std::int64_t remaining,
                        std::int64_t renews) {
  for (std::uint32_t i = 0; i < all_.size(); ++i) {
    Keyring& other = all_.of(i);
    if (&other == this) continue;
    other.loop().post([&other, name, own = std::string(scope), remaining, renews] {
      if (const auto entry = other.cachedByName(name)) entry->noteQuota(own, remaining, renews);
    });
  }
}

}  // namespace tykpp::session
