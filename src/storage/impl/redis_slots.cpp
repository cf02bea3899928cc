#include "storage/impl/redis_slots.hpp"

#include <charconv>

namespace tykpp::storage {
namespace {

constexpr std::array<std::uint16_t, 256> makeTable() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
    }
    table[i] = static_cast<std::uint16_t>(crc & 0xffffU);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> kTable = makeTable();

}  // namespace

std::uint16_t slotOf(std::string_view key) noexcept {
  if (const std::size_t open = key.find('{'); open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  unsigned crc = 0;
  for (const char c : key) {
    const unsigned index = ((crc >> 8U) ^ static_cast<unsigned char>(c)) & 0xffU;
    crc = ((crc << 8U) ^ kTable[index]) & 0xffffU;
  }
  return static_cast<std::uint16_t>(crc % kSlots);
}

Result<std::vector<SlotRange>> parseSlots(const redisReply& reply, const Endpoint& asked) {
  std::vector<SlotRange> ranges;
  for (const redisReply* part : elements(reply)) {
    const auto fields = elements(*part);
    if (fields.size() < 3) return Error(Errc::kIo, "Redis: bad slot map");
    const auto first = integerOf(*fields[0]);
    const auto last = integerOf(*fields[1]);
    const auto master = elements(*fields[2]);
    const auto port = master.size() >= 2 ? integerOf(*master[1]) : std::nullopt;
    if (!first || !last || !port || *first < 0 || *last >= std::int64_t{kSlots} || *first > *last) {
      return Error(Errc::kIo, "Redis: bad slot map");
    }
    // A server that was never told its own address says "" or nil: it is the one we asked.
    std::string host = master[0]->type == REDIS_REPLY_STRING ? textCopy(*master[0]) : "";
    if (host.empty() || host == "?") host = asked.host;
    ranges.push_back({static_cast<std::uint16_t>(*first),
                      static_cast<std::uint16_t>(*last),
                      {std::move(host), static_cast<std::uint16_t>(*port)}});
  }
  if (ranges.empty()) return Error(Errc::kIo, "Redis: the cluster has no slots yet");
  return ranges;
}

Redirect parseRedirect(std::string_view error_text, const Endpoint& asked) {
  Redirect redirect;
  if (error_text.starts_with("TRYAGAIN")) redirect.kind = Redirect::Kind::kTryAgain;
  const bool moved = error_text.starts_with("MOVED ");
  if (!moved && !error_text.starts_with("ASK ")) return redirect;
  std::string_view rest = error_text.substr(error_text.find(' ') + 1);
  const std::size_t space = rest.find(' ');
  if (space == std::string_view::npos) return redirect;
  const auto parsed = std::from_chars(rest.data(), rest.data() + space, redirect.slot);
  if (parsed.ec != std::errc{} || redirect.slot >= kSlots) return redirect;
  const std::string_view place = rest.substr(space + 1);
  redirect.to = parseEndpoint(place);
  if (place.starts_with(':')) redirect.to.host = asked.host;
  redirect.kind = moved ? Redirect::Kind::kMoved : Redirect::Kind::kAsk;
  return redirect;
}

}  // namespace tykpp::storage
