#include "oauth/client.hpp"

#include <openssl/rand.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "base/text.hpp"
#include "oauth/html_safe.hpp"

namespace tykpp::oauth {
namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr std::size_t kMaxDepth = 100;

std::optional<Json> object(std::string_view text) {
  if (jsonDeeperThan(text, kMaxDepth)) return std::nullopt;
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

/// A member by its name in any case; null counts as absent.
const Json* find(const Json& from, std::string_view name) {
  for (const auto& [key, value] : from.items()) {
    if (equalsIgnoreCase(key, name)) return value.is_null() ? nullptr : &value;
  }
  return nullptr;
}

/// Reads members; one of another type than wanted makes the whole unreadable.
struct Reader {
  const Json& from;
  bool good = true;

  std::string text(std::string_view name) {
    const Json* value = find(from, name);
    if (value == nullptr) return {};
    if (!value->is_string()) good = false;
    return good ? value->get<std::string>() : std::string();
  }
  std::int64_t number(std::string_view name) {
    const Json* value = find(from, name);
    if (value == nullptr) return 0;
    if (!value->is_number_integer()) good = false;
    return good ? value->get<std::int64_t>() : 0;
  }
  std::string json(std::string_view name) {
    const Json* value = find(from, name);
    return value == nullptr ? std::string() : value->dump();
  }
};

std::string written(const Ordered& json) {
  return htmlSafe(json.dump(-1, ' ', false, Ordered::error_handler_t::replace));
}

Ordered metaOf(const Client& client) {
  if (client.meta_data.empty()) return nullptr;
  return Ordered::parse(client.meta_data, nullptr, false);
}

std::optional<Client> clientFrom(const Json& json) {
  Reader read{json};
  Client client;
  client.id = read.text("id");
  client.secret = read.text("secret");
  client.redirect_uri = read.text("redirecturi");
  client.policy_id = read.text("policyid");
  client.description = read.text("description");
  client.meta_data = read.json("meta_data");
  if (!read.good) return std::nullopt;
  return client;
}

Ordered clientJson(const Client& client) {
  Ordered json = {
      {"id", client.id}, {"secret", client.secret}, {"redirecturi", client.redirect_uri}};
  if (!client.meta_data.empty()) json["meta_data"] = metaOf(client);
  json["policyid"] = client.policy_id;
  json["description"] = client.description;
  return json;
}

}  // namespace

std::optional<Client> Client::parse(std::string_view json) {
  const auto parsed = object(json);
  if (!parsed) return std::nullopt;
  return clientFrom(*parsed);
}

std::string Client::json() const { return written(clientJson(*this)); }

std::string Client::shown() const {
  Ordered json = {{"client_id", id}, {"redirect_uri", redirect_uri}};
  if (!policy_id.empty()) json["policy_id"] = policy_id;
  json["secret"] = secret;
  json["meta_data"] = metaOf(*this);
  json["description"] = description;
  return written(json);
}

session::MetaData Client::metaData() const {
  session::MetaData out;
  const auto json = object(meta_data);
  if (!json) return out;
  for (const auto& [name, value] : json->items()) {
    if (value.is_string()) {
      out[name] = {value.get<std::string>(), true};
    } else {
      out[name] = {value.dump(), false};
    }
  }
  return out;
}

std::optional<ClientRequest> ClientRequest::parse(std::string_view json) {
  const auto parsed = object(json);
  if (!parsed) return std::nullopt;
  Reader read{*parsed};
  ClientRequest request;
  request.api_id = read.text("api_id");
  request.client.id = read.text("client_id");
  request.client.secret = read.text("secret");
  request.client.redirect_uri = read.text("redirect_uri");
  request.client.policy_id = read.text("policy_id");
  request.client.description = read.text("description");
  request.client.meta_data = read.json("meta_data");
  if (!read.good) return std::nullopt;
  return request;
}

std::optional<Grant> Grant::parse(std::string_view json) {
  const auto parsed = object(json);
  if (!parsed) return std::nullopt;
  const Json* client_json = find(*parsed, "Client");
  if (client_json == nullptr || !client_json->is_object()) return std::nullopt;
  auto client = clientFrom(*client_json);
  Reader read{*parsed};
  Grant grant;
  grant.code = read.text("Code");
  grant.access_token = read.text("AccessToken");
  grant.refresh_token = read.text("RefreshToken");
  grant.expires_in = read.number("ExpiresIn");
  grant.scope = read.text("Scope");
  grant.redirect_uri = read.text("RedirectUri");
  grant.state = read.text("State");
  const auto created = session::Timestamp::parse(read.text("CreatedAt"));
  if (const Json* data = find(*parsed, "UserData"); data != nullptr) {
    if (!data->is_string()) return std::nullopt;
    grant.user_data = data->get<std::string>();
  }
  if (!client || !created || !read.good) return std::nullopt;
  grant.client = std::move(*client);
  grant.created = *created;
  return grant;
}

std::string Grant::codeJson() const {
  Ordered json = {{"Client", clientJson(client)}, {"Code", code},
                  {"ExpiresIn", expires_in},      {"Scope", scope},
                  {"RedirectUri", redirect_uri},  {"State", state},
                  {"CreatedAt", created.text()},  {"UserData", nullptr}};
  if (user_data) json["UserData"] = *user_data;
  return written(json);
}

std::string Grant::accessJson() const {
  Ordered json = {{"Client", clientJson(client)},
                  {"AccessToken", access_token},
                  {"RefreshToken", refresh_token},
                  {"ExpiresIn", expires_in},
                  {"Scope", scope},
                  {"RedirectUri", redirect_uri},
                  {"CreatedAt", created.text()}};
  if (user_data) json["UserData"] = *user_data;
  return written(json);
}

session::Timestamp timeNow() {
  using namespace std::chrono;
  const auto now = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  return {now / kSecond, static_cast<std::int32_t>(now % kSecond), 0};
}

std::string newUuid() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  if (::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

}  // namespace tykpp::oauth
