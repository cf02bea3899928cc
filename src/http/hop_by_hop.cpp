#include "http/hop_by_hop.hpp"

#include "base/ascii.hpp"

namespace tykpp::http {

void removeHopByHop(Headers& headers) {
  bool any = false;
  for (const HeaderField& field : headers) any = any || isHopByHop(field.id);
  if (!any) return;
  const bool te_trailers = headers.get(HeaderId::kTe) == "trailers";
  // The names a Connection field lists are views into its value: collected before anything moves.
  std::pmr::vector<std::string_view> listed(&headers.arena());
  for (const HeaderField& field : headers) {
    if (field.id != HeaderId::kConnection) continue;
    forEachListElement(field.value, [&listed](std::string_view name) { listed.push_back(name); });
  }
  headers.eraseIf([te_trailers](const HeaderField& field) {
    return isHopByHop(field.id) && !(field.id == HeaderId::kTe && te_trailers);
  });
  for (const std::string_view name : listed) {
    // Naming these in Connection must not let a client take them off (a known way round access
    // rules).
    const HeaderId id = internHeader(name);
    if (id == HeaderId::kHost || id == HeaderId::kContentLength || id == HeaderId::kXForwardedFor)
      continue;
    headers.erase(name);
  }
}

}  // namespace tykpp::http
