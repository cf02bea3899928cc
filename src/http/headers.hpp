#pragma once
// The header fields of one message: flat, in order, in the exchange's arena.

#include <memory_resource>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "http/header_name.hpp"

namespace tykpp::http {

/// One field. Views: the read buffer or the arena; dead when the exchange ends.
struct HeaderField {
  HeaderId id = HeaderId::kOther;
  std::string_view name;
  std::string_view value;
};

/// Thread: the exchange's worker. Names compare without regard to case; the given spelling is kept.
/// `set` and `add` copy nothing: text that does not live in the arena goes through the *Copy forms.
class Headers {
 public:
  explicit Headers(Arena& arena) : arena_(&arena), fields_(&arena) {}

  /// The first field of that name, or null.
  const HeaderField* find(HeaderName name) const noexcept;
  /// The first value of that name, or empty.
  std::string_view get(HeaderName name) const noexcept;
  bool contains(HeaderName name) const noexcept { return find(name) != nullptr; }

  void add(HeaderName name, std::string_view value) {
    if (fields_.capacity() == 0) fields_.reserve(kFirstCapacity);
    fields_.push_back({name.id(), name.text(), value});
  }
  /// Puts the value in the first field of that name and removes its others; appends when there is
  /// none.
  void set(HeaderName name, std::string_view value);
  /// @return how many fields were removed
  std::size_t erase(HeaderName name);
  /// Removes every field the predicate is true for.
  template <class Predicate>
  void eraseIf(Predicate&& predicate) {
    std::erase_if(fields_, predicate);
  }
  void addCopy(HeaderName name, std::string_view value) {
    add({name.id(), arena_->copy(name.text())}, arena_->copy(value));
  }
  void setCopy(HeaderName name, std::string_view value) {
    set({name.id(), arena_->copy(name.text())}, arena_->copy(value));
  }
  /// Puts another message's fields before these. Both live in one arena.
  void prepend(const Headers& first) {
    fields_.insert(fields_.begin(), first.fields_.begin(), first.fields_.end());
  }
  void clear() noexcept { fields_.clear(); }

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  std::size_t size() const noexcept { return fields_.size(); }
  Arena& arena() const noexcept { return *arena_; }

 private:
  static constexpr std::size_t kFirstCapacity = 24;  // more than most requests have: one allocation
  Arena* arena_;
  std::pmr::vector<HeaderField> fields_;
};

}  // namespace tykpp::http
