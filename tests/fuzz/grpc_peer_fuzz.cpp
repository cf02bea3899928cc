// Bytes of a plugin server: whatever it sends, calls end once, and nothing is left over.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "drivers/grpc/impl/h2_session.hpp"

namespace {

using tykpp::drivers::grpc::H2Session;
using tykpp::drivers::grpc::kPrefixBytes;
using tykpp::drivers::grpc::Rpc;
using tykpp::drivers::grpc::StatusCode;

constexpr std::size_t kCalls = 4;
constexpr std::size_t kMaxReply = 4096;

struct Owner final : H2Session::Owner {
  void onSettings() override {}
  void onGoAway() override {}
  void onEnd(Rpc& rpc, bool) override {
    if (rpc.reply.size() > kMaxReply) std::abort();
    if (++ended > kCalls) std::abort();
  }
  bool take(Rpc&, std::size_t bytes) override { return (taken += bytes) < (1U << 20); }
  std::size_t ended = 0;
  std::size_t taken = 0;
};

}  // namespace

/// The first byte says how many bytes come at a time, and which call is cancelled on the way.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 1U << 16) return 0;
  Owner owner;
  H2Session session(owner, {false, "fuzz", kMaxReply});
  Rpc calls[kCalls];
  std::string out;
  session.pull(out, 1U << 16);
  for (Rpc& call : calls) {
    call.path = "/coprocess.Dispatcher/Dispatch";
    call.timeout = "2000m";
    call.message.assign(kPrefixBytes + 100, '\0');
    if (!session.start(call)) std::abort();
  }
  session.pull(out, 1U << 16);
  const std::size_t step = 1 + (data[0] & 63U) * 16;
  const std::size_t cancelled = data[0] >> 6;
  bool good = true;
  for (std::size_t at = 1; at < size && good; at += step) {
    const std::size_t count = size - at < step ? size - at : step;
    good = session.feed(reinterpret_cast<const char*>(data) + at, count);
    out.clear();
    session.pull(out, 1U << 16);
    if (at > size / 2) session.cancel(calls[cancelled]);
  }
  const std::size_t active = session.active();
  const std::size_t before = owner.ended;
  session.abandon({StatusCode::kUnavailable, "the end"}, 0);
  if (owner.ended != before + active || session.active() != 0) std::abort();
  return 0;
}
