// Frames of plugin host processes: whatever comes from one, the gateway reads no byte that is not
// there and takes over nothing a message may not have. The first byte chooses the hook; the rest is
// a stream of frames, each taken as a call, a reply and a bare value.
#include <cstdint>
#include <cstdlib>

#include "drivers/message_edit.hpp"
#include "drivers/native/isolated/call_message.hpp"
#include "http/header_name.hpp"

namespace {

using namespace tykpp;                             // NOLINT(google-build-using-namespace)
using namespace tykpp::drivers;                    // NOLINT(google-build-using-namespace)
using namespace tykpp::drivers::native::isolated;  // NOLINT(google-build-using-namespace)

void check(const http::Headers& headers) {
  for (const http::HeaderField& field : headers) {
    if (!http::isToken(field.name) || !http::isFieldValue(field.value)) std::abort();
  }
}

void asReply(std::string_view body, Hook hook) {
  BlockPool pool;
  Arena arena(pool);
  http::Exchange exchange(arena, 0, 42);
  exchange.request().method = "GET";
  exchange.request().setTarget("/old?q");
  exchange.request().headers.add("Host", "example.org");
  exchange.request().headers.add("X-One", "1");
  exchange.response().status = 200;
  exchange.response().headers.add("Server", "upstream");
  TrafficRecord record;
  HookCall call{hook, exchange, hook == Hook::kAnalytics ? &record : nullptr, {}};
  FrameReader frame(body);
  ReplyHead head;
  if (!readReplyHead(frame, head)) return;
  const bool applied = static_cast<bool>(applyReply(frame, call));
  check(exchange.request().headers);
  check(exchange.response().headers);
  check(exchange.answer_headers);
  if (applied && !http::isToken(exchange.request().method)) std::abort();
  if (applied && exchange.request().target.front() != '/') std::abort();
  if (exchange.response().status < 200 || exchange.response().status > 599) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1U << 20) return 0;
  const auto hook = static_cast<Hook>(data[0] % 6);
  std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (;;) {
    const auto frame = nextFrame(stream, 1U << 20);
    if (!frame || !*frame) return 0;
    if ((*frame)->size > stream.size()) std::abort();
    asReply((*frame)->body, hook);
    if (const auto call = readCall((*frame)->body)) {
      std::string reply;
      writeReply(reply, *call, Outcome::kVerdict, HookVerdict::kContinue, {}, false);
    }
    stream.remove_prefix((*frame)->size);
  }
}
