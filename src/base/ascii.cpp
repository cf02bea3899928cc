#include "base/ascii.hpp"

namespace tykpp {
bool equalsConstantTime(std::string_view a, std::string_view b) noexcept {
  // The length of the secret is not hidden; every byte of `a` is visited whatever `b` holds.
  volatile unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other)));
  }
  return difference == 0;
}
}  // namespace tykpp
