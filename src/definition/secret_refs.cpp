#include "definition/secret_refs.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.hpp"
#include "definition/impl/json_text.hpp"

namespace tykpp::definition {
namespace {

constexpr std::string_view kEnv = "env://";
constexpr std::string_view kSecrets = "secrets://";
constexpr std::array<std::string_view, 4> kOtherStores{"consul://", "vault://", "file://", "kv://"};

std::string replaceEnvRefs(std::string_view text, const Environment& env) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t found; (found = text.find(kEnv, at)) != std::string_view::npos;) {
    const std::size_t name_at = found + kEnv.size();
    const std::size_t end = std::min(text.find('"', name_at), text.size());
    const auto value = env.get(std::string(text.substr(name_at, end - name_at)));
    out += text.substr(at, found - at);
    out += value && !value->empty() ? jsonEscaped(*value)
                                    : std::string(text.substr(found, end - found));
    at = end;
  }
  out += text.substr(at);
  return out;
}

std::string replaceMapRefs(std::string_view text, const SecretMap& secrets) {
  // Longest name first: `secrets://token2` must not become the value of `token` with a 2 behind it.
  std::vector<const SecretMap::value_type*> by_length;
  for (const auto& entry : secrets) by_length.push_back(&entry);
  std::stable_sort(by_length.begin(), by_length.end(),
                   [](const auto* a, const auto* b) { return a->first.size() > b->first.size(); });
  std::string out;
  std::size_t at = 0;
  for (std::size_t found; (found = text.find(kSecrets, at)) != std::string_view::npos;) {
    const std::string_view rest = text.substr(found + kSecrets.size());
    out += text.substr(at, found - at);
    at = found + kSecrets.size();
    const auto match = std::find_if(by_length.begin(), by_length.end(), [&](const auto* entry) {
      return !entry->first.empty() && rest.starts_with(entry->first);
    });
    if (match == by_length.end()) {
      out += kSecrets;
      continue;
    }
    out += jsonEscaped((*match)->second);
    at += (*match)->first.size();
  }
  out += text.substr(at);
  return out;
}

}  // namespace

std::string replaceSecretRefs(std::string_view text, const SecretMap& secrets,
                              const Environment& env) {
  std::string out(text);
  if (out.find(kEnv) != std::string::npos) out = replaceEnvRefs(out, env);
  if (!secrets.empty() && out.find(kSecrets) != std::string::npos)
    out = replaceMapRefs(out, secrets);
  return out;
}

Result<std::string> resolveSecret(std::string_view value, const SecretMap& secrets,
                                  const Environment& env) {
  if (value.starts_with(kEnv)) {
    std::string name = "TYK_SECRET_";
    for (const char c : value.substr(kEnv.size())) name.push_back(toUpper(c));
    return env.get(name).value_or("");
  }
  if (value.starts_with(kSecrets)) {
    const std::string name(value.substr(kSecrets.size()));
    const auto found = secrets.find(name);
    if (found == secrets.end()) {
      return Error(Errc::kBadConfig, "secrets does not exist in config.. " + name + " not found");
    }
    return found->second;
  }
  for (const std::string_view store : kOtherStores) {
    if (value.starts_with(store)) {
      return Error(Errc::kNotBuilt, "the secret store " + std::string(store) + " is not built yet");
    }
  }
  return std::string(value);
}

bool isSecretRef(std::string_view value) noexcept {
  return value.starts_with(kEnv) || value.starts_with(kSecrets) ||
         std::any_of(kOtherStores.begin(), kOtherStores.end(),
                     [&](std::string_view store) { return value.starts_with(store); });
}

}  // namespace tykpp::definition
