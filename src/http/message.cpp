#include "http/message.hpp"

#include "base/text.hpp"

namespace tykpp::http {
bool Request::setTarget(std::string_view path_and_query) {
  const std::size_t mark = path_and_query.find('?');
  const std::string_view raw = path_and_query.substr(0, mark);
  std::string_view decoded = raw;
  if (raw.find('%') != std::string_view::npos) {
    char* out = static_cast<char*>(headers.arena().allocate(raw.size(), 1));
    std::size_t size = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '%') {
        out[size++] = raw[i];
        continue;
      }
      const int high = i + 2 < raw.size() ? hexValue(raw[i + 1]) : -1;
      const int low = i + 2 < raw.size() ? hexValue(raw[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      out[size++] = static_cast<char>(high * 16 + low);
      i += 2;
    }
    decoded = {out, size};
  }
  target = path_and_query;
  raw_path = raw;
  path = decoded;
  has_query = mark != std::string_view::npos;
  query = has_query ? path_and_query.substr(mark + 1) : std::string_view{};
  return true;
}

}  // namespace tykpp::http
