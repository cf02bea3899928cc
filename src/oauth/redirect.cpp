#include "oauth/redirect.hpp"

#include "base/ascii.hpp"
#include "base/text.hpp"

namespace tykpp::oauth {
namespace {

struct Parts {
  std::string_view scheme, host, path, query;
  bool fragment = false;
};

Parts split(std::string_view address) {
  Parts parts;
  if (const std::size_t hash = address.find('#'); hash != std::string_view::npos) {
    parts.fragment = hash + 1 < address.size();
    address = address.substr(0, hash);
  }
  if (const std::size_t mark = address.find('?'); mark != std::string_view::npos) {
    parts.query = address.substr(mark + 1);
    address = address.substr(0, mark);
  }
  if (const std::size_t colon = address.find(':'); colon != std::string_view::npos) {
    parts.scheme = address.substr(0, colon);
    address.remove_prefix(colon + 1);
  }
  if (address.starts_with("//")) {
    address.remove_prefix(2);
    parts.host = address.substr(0, address.find('/'));
    address.remove_prefix(parts.host.size());
  }
  parts.path = address;
  return parts;
}

/// Bytes that browsers read in more than one way, or that end a header line.
bool isPlain(std::string_view address) {
  for (const char c : address) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\') return false;
  }
  return true;
}

bool stepsUp(std::string_view path) {
  const std::string decoded = lowered(path);
  return decoded.find("/..") != std::string::npos || decoded.find("%2e") != std::string::npos;
}

bool belongs(std::string_view registered, std::string_view redirect) {
  if (registered.empty() || redirect.empty() || !isPlain(redirect)) return false;
  const Parts base = split(registered);
  const Parts given = split(redirect);
  if (base.fragment || given.fragment || stepsUp(given.path)) return false;
  return equalsIgnoreCase(base.scheme, given.scheme) && base.host == given.host &&
         given.path.starts_with(base.path);
}

}  // namespace

bool isRegistered(std::string_view registered, std::string_view redirect,
                  std::string_view separator) {
  if (separator.empty()) return belongs(registered, redirect);
  for (;;) {
    const std::size_t end = registered.find(separator);
    if (belongs(registered.substr(0, end), redirect)) return true;
    if (end == std::string_view::npos) return false;
    registered.remove_prefix(end + separator.size());
  }
}

std::string_view firstOf(std::string_view registered, std::string_view separator) noexcept {
  return separator.empty() ? registered : registered.substr(0, registered.find(separator));
}

std::string withMembers(std::string_view redirect,
                        const std::map<std::string, std::string>& members, bool as_fragment) {
  std::string_view address = redirect.substr(0, redirect.find('#'));
  std::multimap<std::string, std::string> all(members.begin(), members.end());
  if (!as_fragment) {
    const std::size_t mark = address.find('?');
    if (mark != std::string_view::npos) {
      forEachFormPair(address.substr(mark + 1), [&](std::string_view name, std::string_view value) {
        const std::string decoded = formDecode(name);
        if (!members.contains(decoded)) all.emplace(decoded, formDecode(value));
      });
      address = address.substr(0, mark);
    }
  }
  std::string out(address);
  char before = as_fragment ? '#' : '?';
  for (const auto& [name, value] : all) {
    out += before;
    appendFormEncoded(out, name);
    out += '=';
    appendFormEncoded(out, value);
    before = '&';
  }
  return out;
}

}  // namespace tykpp::oauth
