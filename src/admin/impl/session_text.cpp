#include "admin/impl/session_text.hpp"

#include <chrono>

#include "admin/impl/document.hpp"
#include "base/base64.hpp"
#include "session/key_hash.hpp"

namespace tykpp::admin {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view withoutBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

Result<session::SessionData> readSession(std::string_view body) {
  if (withoutBlanks(body) == "null") return session::SessionData{};
  return session::SessionData::parse(body);
}

std::optional<std::vector<std::string>> readPolicyIds(std::string_view body) {
  const auto document = parseObject(body);
  if (!document) return std::nullopt;
  std::vector<std::string> ids;
  if (const Document* list = valueAt(*document, "/apply_policies");
      list != nullptr && !list->is_null()) {
    if (!list->is_array()) return std::nullopt;
    for (const Document& id : *list) {
      if (!id.is_string()) return std::nullopt;
      ids.push_back(id.get<std::string>());
    }
  }
  if (const Document* one = valueAt(*document, "/policy"); one != nullptr && !one->is_null()) {
    if (!one->is_string()) return std::nullopt;
    if (!one->get_ref<const std::string&>().empty()) ids.push_back(one->get<std::string>());
  }
  return ids;
}

std::string newSecret() { return encodeBase64(session::makeToken({}, {}, {})); }

session::Timestamp timeNow() {
  using namespace std::chrono;
  const auto now = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  return {now / kSecond, static_cast<std::int32_t>(now % kSecond), 0};
}

}  // namespace tykpp::admin
