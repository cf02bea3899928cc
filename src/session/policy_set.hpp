#pragma once
// All policies of one load: immutable, shared by the workers, replaced as a whole at a reload.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "session/policy.hpp"

namespace tykpp::session {

/// Thread: any; it does not change.
class PolicySet {
 public:
  /// A policy and the file it came from.
  struct Entry {
    Policy policy;
    std::string file;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  PolicySet() : PolicySet(Entries{}) {}
  /// @param entries  by id
  explicit PolicySet(Entries entries);

  /// Null when there is no such policy. View: into this set.
  const Policy* find(std::string_view id) const noexcept;
  /// In the order of their ids.
  const Entries& entries() const noexcept { return entries_; }
  /// Another number than any set before it in this process: what was computed from a set stays
  /// valid as long as the number is the same.
  std::uint64_t generation() const noexcept { return generation_; }
  /// The admin API's list: a JSON array.
  std::string json() const;

 private:
  Entries entries_;
  std::uint64_t generation_;
};

}  // namespace tykpp::session
