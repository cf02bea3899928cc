#include "oauth/call.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/text.hpp"
#include "oauth/html_safe.hpp"

namespace tykpp::oauth {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

struct Meaning {
  std::string_view error, text;
};
constexpr Meaning kMeanings[] = {
    {"invalid_request",
     "The request is missing a required parameter, includes an invalid parameter value, includes a "
     "parameter more than once, or is otherwise malformed."},
    {"unauthorized_client", "The client is not authorized to request a token using this method."},
    {"access_denied", "The resource owner or authorization server denied the request."},
    {"unsupported_response_type",
     "The authorization server does not support obtaining a token using this method."},
    {"invalid_scope", "The requested scope is invalid, unknown, or malformed."},
    {"server_error",
     "The authorization server encountered an unexpected condition that prevented it from "
     "fulfilling the request."},
    {"temporarily_unavailable",
     "The authorization server is currently unable to handle the request due to a temporary "
     "overloading or maintenance of the server."},
    {"unsupported_grant_type",
     "The authorization grant type is not supported by the authorization server."},
    {"invalid_grant",
     "The provided authorization grant (e.g., authorization code, resource owner credentials) or "
     "refresh token is invalid, expired, revoked, does not match the redirection URI used in the "
     "authorization request, or was issued to another client."},
    {"invalid_client",
     "Client authentication failed (e.g., unknown client, no client authentication included, or "
     "unsupported authentication method)."},
};

std::string jsonText(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Form::Form(const Call& call) {
  if (call.content_type == "application/json") {
    addObject(call.body);
  } else if (call.method == "POST" || call.method == "PUT" || call.method == "PATCH") {
    const std::string_view type =
        std::string_view(call.content_type).substr(0, call.content_type.find(';'));
    if (equalsIgnoreCase(trim(type), kForm)) addPairs(call.body);
  }
  addPairs(call.query);
}

void Form::addPairs(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || hexValue(text[at + 1]) < 0 || hexValue(text[at + 2]) < 0) {
      malformed_ = true;
    }
  }
  forEachFormPair(text, [this](std::string_view name, std::string_view value) {
    values_.try_emplace(formDecode(name), formDecode(value));
  });
}

void Form::addObject(std::string_view json) {
  if (jsonDeeperThan(json, 8)) return;
  const Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) return;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) values_.try_emplace(name, value.get<std::string>());
  }
}

std::string_view Form::get(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string_view{} : std::string_view(found->second);
}

Answer statusAnswer(std::uint16_t status, std::string_view message) {
  Answer answer;
  answer.status = status;
  answer.body = std::string(R"({"status":")") + (status < 400 ? "ok" : "error") +
                R"(","message":)" + htmlSafe(jsonText(message)) + "}\n";
  return answer;
}

Answer errorAnswer(std::uint16_t status, std::string_view error,
                   std::map<std::string, std::string> more) {
  more["error"] = error;
  more["error_description"] = describe(error);
  Answer answer;
  answer.status = status;
  answer.body = jsonObject(more, true) + "\n";
  return answer;
}

std::string_view describe(std::string_view error) noexcept {
  const auto* found = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                   [error](const Meaning& one) { return one.error == error; });
  return found == std::end(kMeanings) ? std::string_view{} : found->text;
}

std::string jsonObject(const std::map<std::string, std::string>& members, bool escape_html) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (out.size() > 1) out += ',';
    out += jsonText(name) + ":" + (name == "expires_in" ? value : jsonText(value));
  }
  out += '}';
  return escape_html ? htmlSafe(out) : out;
}

bool readBasic(std::string_view authorization, std::string& name, std::string& password) {
  constexpr std::string_view kScheme = "basic ";
  if (authorization.size() < kScheme.size() ||
      !equalsIgnoreCase(authorization.substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  const auto text = decodeBase64(authorization.substr(kScheme.size()));
  if (!text) return false;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return false;
  name = text->substr(0, colon);
  password = text->substr(colon + 1);
  return true;
}

}  // namespace tykpp::oauth
