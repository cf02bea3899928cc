#include "drivers/native/isolated/frame.hpp"

namespace tykpp::drivers::native::isolated {

Result<std::optional<Frame>> nextFrame(std::string_view stream, std::size_t limit) {
  std::uint32_t body = 0;
  if (stream.size() < sizeof body) return std::optional<Frame>{};
  std::memcpy(&body, stream.data(), sizeof body);
  if (body == 0 || body > limit) {
    return Error(Errc::kIo, "a frame of " + std::to_string(body) + " bytes");
  }
  if (stream.size() - sizeof body < body) return std::optional<Frame>{};
  const auto kind = static_cast<FrameKind>(stream[sizeof body]);
  return std::optional<Frame>(
      Frame{kind, stream.substr(sizeof body + 1, body - 1), sizeof body + body});
}

}  // namespace tykpp::drivers::native::isolated
