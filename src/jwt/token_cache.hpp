#pragma once
// Tokens that were verified lately, by digest, so that one that comes again costs no signature
// check. Bounded in number and bytes; the longest unused goes first.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace tykpp::jwt {

/// SHA-256.
using Digest = std::array<unsigned char, 32>;

/// Makes digests without allocating. Thread: one.
class Digester {
 public:
  /// Whether a secret of the process stands before each text: what short texts were cannot be found
  /// by trying then.
  enum class Salt : std::uint8_t { kNone, kRandom };
  explicit Digester(Salt salt = Salt::kNone);
  ~Digester();
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;
  /// @return false when OpenSSL refuses: memory is short, or it has no SHA-256 or nothing random
  bool digest(std::string_view text, Digest& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// @tparam T  what is known of a token. Thread: one worker's.
template <class T>
class TokenCache {
 public:
  using Entry = std::shared_ptr<const T>;

  explicit TokenCache(std::size_t most_entries = 10'000, std::size_t most_bytes = 32U << 20)
      : most_entries_(most_entries), most_bytes_(most_bytes) {}

  /// Null when it is not known. Does not allocate. View: until the next call
  const Entry* find(const Digest& digest) {
    const auto found = index_.find(digest);
    if (found == index_.end()) return nullptr;
    slots_.splice(slots_.end(), slots_, found->second);
    return &found->second->entry;
  }
  /// @param bytes  what the entry takes, roughly
  void put(const Digest& digest, Entry entry, std::size_t bytes) {
    erase(digest);
    bytes += sizeof(Slot) + 4 * sizeof(void*);
    if (most_entries_ == 0 || bytes > most_bytes_) return;
    while (slots_.size() >= most_entries_ || bytes_ + bytes > most_bytes_)
      erase(slots_.front().digest);
    slots_.push_back({digest, std::move(entry), bytes});
    bytes_ += bytes;
    index_.emplace(digest, std::prev(slots_.end()));
  }
  void erase(const Digest digest) {
    const auto found = index_.find(digest);
    if (found == index_.end()) return;
    bytes_ -= found->second->bytes;
    slots_.erase(found->second);
    index_.erase(found);
  }
  std::size_t size() const noexcept { return slots_.size(); }

 private:
  struct Slot {
    Digest digest;
    Entry entry;
    std::size_t bytes;
  };
  struct FrontOf {  // a digest's bytes are as good as a hash's
    std::size_t operator()(const Digest& digest) const noexcept {
      std::size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };
  std::size_t most_entries_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::list<Slot> slots_;  ///< longest unused first
  std::unordered_map<Digest, typename std::list<Slot>::iterator, FrontOf> index_;
};

}  // namespace tykpp::jwt
