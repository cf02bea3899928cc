#include "session/policy_set.hpp"

#include <atomic>

namespace tykpp::session {
namespace {

std::uint64_t nextGeneration() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

PolicySet::PolicySet(Entries entries)
    : entries_(std::move(entries)), generation_(nextGeneration()) {}

const Policy* PolicySet::find(std::string_view id) const noexcept {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second.policy;
}

std::string PolicySet::json() const {
  std::string out = "[";
  for (const auto& [id, entry] : entries_) {
    if (out.size() > 1) out += ',';
    out += entry.policy.json();
  }
  return out + "]";
}

}  // namespace tykpp::session
