#pragma once
#include "http/headers.hpp"

namespace tykpp::http {

/// Removes what concerns one connection alone (RFC 9110 section 7.6.1): the hop-by-hop names and
/// every field that `Connection` lists. `TE: trailers` of a request stays. One pass when there is
/// nothing to remove.
void removeHopByHop(Headers& headers);

}  // namespace tykpp::http
