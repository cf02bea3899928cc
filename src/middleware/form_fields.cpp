#include "middleware/form_fields.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/ascii.hpp"
#include "base/text.hpp"

namespace tykpp::middleware {
namespace {

using FormFields = std::pmr::vector<http::ContextText>;

bool wellFormed(std::string_view text) noexcept {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || hexValue(text[at + 1]) < 0 || hexValue(text[at + 2]) < 0)
      return false;
  }
  return true;
}

/// Pairs that cannot be decoded are left out.
void addPairs(std::string_view form, Arena& arena, FormFields& out) {
  forEachFormPair(form, [&](std::string_view name, std::string_view value) {
    if (!wellFormed(name) || !wellFormed(value)) return;
    out.push_back({arena.copy(formDecode(name)), arena.copy(formDecode(value))});
  });
}

/// The value of a parameter such as `boundary="x"` in a header's value, empty when it has none.
std::string_view parameterOf(std::string_view header, std::string_view wanted) {
  std::size_t at = header.find(';');
  while (at < header.size()) {
    header.remove_prefix(at + 1);
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = trim(header.substr(0, equals));
    std::string_view value = header.substr(equals + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    std::size_t end = 0;
    const bool quoted = value.starts_with('"');
    if (quoted) {
      value.remove_prefix(1);
      end = std::min(value.find('"'), value.size());
    } else {
      end = std::min(value.find(';'), value.size());
    }
    if (equalsIgnoreCase(name, wanted))
      return quoted ? value.substr(0, end) : trim(value.substr(0, end));
    header = value.substr(end);
    at = header.find(';');
  }
  return {};
}

/// What a part's head says in `Content-Disposition`.
std::string_view dispositionOf(std::string_view head) {
  constexpr std::string_view kName = "content-disposition:";
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + 2));
    if (line.size() > kName.size() && equalsIgnoreCase(line.substr(0, kName.size()), kName))
      return line.substr(kName.size());
  }
  return {};
}

/// RFC 7578. A part that does not end is left out.
void addParts(std::string_view body, std::string_view boundary, Arena& arena, FormFields& out) {
  if (boundary.empty()) return;
  const std::string_view opening = arena.concat("--", boundary);
  const std::string_view closing = arena.concat("\r\n--", boundary);
  std::size_t at = body.starts_with(opening) ? 0 : body.find(closing);
  if (at == std::string_view::npos) return;
  body.remove_prefix(at + (at == 0 ? opening.size() : closing.size()));
  while (!body.starts_with("--")) {
    const std::size_t line = body.find("\r\n");
    if (line == std::string_view::npos) return;
    const std::size_t head_end = body.find("\r\n\r\n", line);
    if (head_end == std::string_view::npos) return;
    const std::string_view head = body.substr(line, head_end - line);
    body.remove_prefix(head_end + 4);
    const std::size_t end = body.find(closing);
    if (end == std::string_view::npos) return;
    const std::string_view disposition =
        dispositionOf(head.substr(std::min<std::size_t>(2, head.size())));
    const std::string_view name = parameterOf(disposition, "name");
    if (!name.empty() && disposition.find("filename") == std::string_view::npos)
      out.push_back({arena.copy(name), arena.copy(body.substr(0, end))});
    body.remove_prefix(end + closing.size());
  }
}

bool bringsForm(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

void readFormFields(http::Exchange& exchange, FormFields& out) {
  const http::Request& request = exchange.request();
  Arena& arena = exchange.arena();
  const std::string* body = bringsForm(request.method) ? request.body() : nullptr;
  const std::string_view type = request.headers.get(http::HeaderId::kContentType);
  const std::string_view media = trim(type.substr(0, type.find(';')));
  if (body != nullptr && equalsIgnoreCase(media, "application/x-www-form-urlencoded"))
    addPairs(*body, arena, out);
  addPairs(request.query, arena, out);
  if (body != nullptr && equalsIgnoreCase(media, "multipart/form-data"))
    addParts(*body, parameterOf(type, "boundary"), arena, out);
}

}  // namespace tykpp::middleware
