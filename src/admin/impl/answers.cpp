#include "admin/impl/answers.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tykpp::admin {

std::string htmlSafe(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string jsonString(std::string_view text) {
  return htmlSafe(
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

AdminReply statusMessage(std::uint16_t status, std::string_view message, bool line_end) {
  AdminReply reply;
  reply.status = status;
  reply.body = R"({"status":")";
  reply.body += status < 400 ? "ok" : "error";
  reply.body += R"(","message":)" + jsonString(message) + "}";
  if (line_end) reply.body += '\n';
  return reply;
}

AdminReply modified(std::string_view key, std::string_view action, std::string_view key_hash) {
  std::string json =
      R"({"key":)" + jsonString(key) + R"(,"status":"ok","action":)" + jsonString(action);
  if (!key_hash.empty()) json += R"(,"key_hash":)" + jsonString(key_hash);
  return jsonAnswer(std::move(json) + "}");
}

AdminReply jsonAnswer(std::string json) {
  AdminReply reply;
  reply.body = std::move(json);
  reply.body += '\n';
  return reply;
}

AdminReply storeFailed(const Error& error) {
  return statusMessage(500, "The key store does not answer: " + error.message());
}

AdminReply pageNotFound() {
  AdminReply reply;
  reply.status = 404;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = "404 page not found\n";
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return reply;
}

AdminReply notBuilt(std::string_view what) {
  return statusMessage(501, std::string(what) + " is not built yet");
}

std::string queryValue(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (formDecode(pair.substr(0, equals)) == name) {
      return equals == std::string_view::npos ? std::string{} : formDecode(pair.substr(equals + 1));
    }
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return {};
}

bool hasQuery(std::string_view query, std::string_view name) {
  bool found = false;
  forEachFormPair(query, [&](std::string_view key, std::string_view) {
    found = found || formDecode(key) == name;
  });
  return found;
}

}  // namespace tykpp::admin
