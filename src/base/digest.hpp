#pragma once
// Digests that formats and names of the original gateway are made of; none of them protects
// anything.

#include <string>
#include <string_view>

namespace tykpp {

/// MD5 in lower-case hex.
std::string md5Hex(std::string_view bytes);

}  // namespace tykpp
