#pragma once
// Frames between the gateway and a plugin host process: a length, a kind, and flat values in the
// byte order of the machine, which both share. Neither side trusts a length it reads.

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.hpp"

namespace tykpp::drivers::native::isolated {

enum class FrameKind : std::uint8_t {
  kHello = 1,  ///< gateway: what the host has to know, first on the control socket
  kReady,      ///< host: the plugin is loaded, its table
  kFailed,     ///< host: it could not be loaded, and why
  kHook,       ///< gateway: an API's hook, by number
  kForget,     ///< gateway: that hook is called no more
  kLane,       ///< gateway: a worker's socket comes with it
  kLog,        ///< host: a line of a plugin's
  kCall,       ///< gateway, on a lane: run a hook
  kCancel,     ///< gateway: nobody waits for that call any more; it is answered all the same
  kOver,       ///< gateway: a request that has state is over
  kReply,      ///< host: what a call came to
};

/// Bytes of a frame from the gateway, which a host trusts.
inline constexpr std::size_t kTrustedFrame = std::size_t{1} << 31;

/// Appends values to a frame. The text that it writes to outlives it.
class FrameWriter {
 public:
  /// Starts a frame at the end of `out`.
  FrameWriter(std::string& out, FrameKind kind) : out_(out), start_(out.size()) {
    number(std::uint32_t{0});
    number(static_cast<std::uint8_t>(kind));
  }
  template <class Int>
  void number(Int value) {
    static_assert(std::is_integral_v<Int>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void flag(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
  }
  /// Writes the length: the frame is whole. @return its bytes
  std::size_t end() {
    const std::size_t size = out_.size() - start_;
    const auto body = static_cast<std::uint32_t>(size - sizeof(std::uint32_t));
    std::memcpy(out_.data() + start_, &body, sizeof body);
    return size;
  }

 private:
  std::string& out_;
  const std::size_t start_;
};

/// Takes values from a frame's body. A value that is not there reads as nought, and good() says so
/// from then on. Views live as long as the body.
class FrameReader {
 public:
  explicit FrameReader(std::string_view body) : rest_(body) {}
  template <class Int>
  Int number() {
    static_assert(std::is_integral_v<Int>);
    Int value{};
    if (rest_.size() < sizeof value) {
      fail();
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  bool flag() { return number<std::uint8_t>() != 0; }
  std::string_view text() {
    const auto size = number<std::uint32_t>();
    if (rest_.size() < size) {
      fail();
      return {};
    }
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  void fail() noexcept {
    good_ = false;
    rest_ = {};
  }
  bool good() const noexcept { return good_; }
  /// Everything was there, and nothing is left.
  bool done() const noexcept { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Frame {
  FrameKind kind;
  std::string_view body;
  std::size_t size;  ///< in the stream, length included
};

/// The frame at the front of what came. @return nothing while it is not whole
/// @error kIo  its length is none, or beyond `limit`
Result<std::optional<Frame>> nextFrame(std::string_view stream, std::size_t limit);

/// Gives every whole frame of `input` to `take` and removes them from it.
/// @return false as soon as one is broken or `take` answers false; `input` is then as it was
template <class Take>
bool takeEach(std::string& input, std::size_t limit, Take&& take) {
  std::size_t used = 0;
  for (;;) {
    const auto frame = nextFrame(std::string_view(input).substr(used), limit);
    if (!frame || (*frame && !take(**frame))) return false;
    if (!*frame) break;
    used += (*frame)->size;
  }
  input.erase(0, used);
  return true;
}

}  // namespace tykpp::drivers::native::isolated
