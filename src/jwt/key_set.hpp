#pragma once
// A set of keys as issuers publish it (RFC 7517 section 5).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "jwt/key.hpp"

namespace tykpp::jwt {

inline constexpr std::size_t kMaxKeySetBytes = 1U << 20;
/// Entries beyond are passed over.
inline constexpr std::size_t kMaxKeys = 512;

/// Thread: any; it does not change.
class KeySet {
 public:
  /// Reads a set. Entries that are no usable key are passed over.
  /// @error kBadRequest  no JSON object with a list `keys`, or too long
  static Result<KeySet> parse(std::string_view text);

  /// Calls `use(key)` for keys of that name until it answers true.
  /// @return whether it did
  template <class Use>
  bool anyNamed(std::string_view kid, const Use& use) const {
    for (const Entry& entry : entries_) {
      if (entry.kid == kid && use(entry.key)) return true;
    }
    return false;
  }
  bool has(std::string_view kid) const noexcept;
  std::size_t size() const noexcept { return entries_.size(); }
  /// Entries that are of no use here.
  std::size_t skipped() const noexcept { return skipped_; }

 private:
  struct Entry {
    std::string kid;
    Key key;
  };
  std::vector<Entry> entries_;
  std::size_t skipped_ = 0;
};

}  // namespace tykpp::jwt
