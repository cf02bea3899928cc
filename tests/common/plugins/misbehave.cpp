// Hooks that break one rule each.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <tykpp/plugin.hpp>

namespace {

void throwsText(tykpp::Request& request) {
  request.headers().set("X-Before", "1");
  throw std::runtime_error("I am broken");
}
void throwsNumber(tykpp::Request&) { throw 7; }
tykpp::Verdict answersThenFails(tykpp::Request& request) {
  request.respond(418, "half an answer", {{"X-Half", "1"}});
  return tykpp::Verdict::kFailed;
}
tykpp::Verdict respondsWithoutAnswer(tykpp::Request&) { return tykpp::Verdict::kRespond; }
tykpp::Verdict pendingWithoutDefer(tykpp::Request&) { return tykpp::Verdict::kPending; }
tykpp::Verdict unknownVerdict(tykpp::Request&) { return static_cast<tykpp::Verdict>(77); }
tykpp::Verdict drops(tykpp::Request&) { return tykpp::Verdict::kDrop; }

// Without the C++ wrapper: an exception that does cross the ABI.
std::int32_t rawThrow(const tykpp_api_host*, tykpp_call_host*) { throw std::runtime_error("raw"); }

std::int32_t neverCompletes(const tykpp_api_host* host, tykpp_call_host* call) {
  return host->defer(call) != nullptr ? TYKPP_PENDING : TYKPP_FAILED;
}
std::int32_t completesTwice(const tykpp_api_host* host, tykpp_call_host* call) {
  tykpp_completion_plugin* completion = host->defer(call);
  std::thread([=] {
    host->complete(completion, TYKPP_CONTINUE);
    host->complete(completion, TYKPP_FAILED);
    host->complete(completion, TYKPP_FAILED);
  }).detach();
  return TYKPP_PENDING;
}
std::int32_t completesInside(const tykpp_api_host* host, tykpp_call_host* call) {
  tykpp_completion_plugin* completion = host->defer(call);
  host->header_set(call, TYKPP_REQUEST, {"X-Inside", 8}, {"1", 1});
  host->complete(completion, TYKPP_CONTINUE);
  return TYKPP_PENDING;
}
std::int32_t defersThenContinues(const tykpp_api_host* host, tykpp_call_host* call) {
  host->defer(call);
  host->header_set(call, TYKPP_REQUEST, {"X-Changed-Mind", 14}, {"1", 1});
  return TYKPP_CONTINUE;
}
std::int32_t defersTwice(const tykpp_api_host* host, tykpp_call_host* call) {
  tykpp_completion_plugin* first = host->defer(call);
  if (host->defer(call) != nullptr) return TYKPP_FAILED;
  host->complete(first, TYKPP_CONTINUE);
  return TYKPP_PENDING;
}

// Keeps the call until the test lets it go on, then reports what the host answered.
struct Late {
  const tykpp_api_host* host = nullptr;
  tykpp_call_host* call = nullptr;
  tykpp_completion_plugin* completion = nullptr;
} late;
std::int32_t completesLate(const tykpp_api_host* host, tykpp_call_host* call) {
  late = {host, call, host->defer(call)};
  return TYKPP_PENDING;
}

void blocks(tykpp::Request&) { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

}  // namespace

extern "C" {
// For tests, which find them by name in the loaded object: writes, reads, then completes the kept
// call.
TYKPP_EXPORT std::int32_t testLateSet() {
  return late.host->header_set(late.call, TYKPP_REQUEST, {"X-Late", 6}, {"1", 1});
}
TYKPP_EXPORT std::int32_t testLateGet() {
  tykpp_text_host out{};
  return late.host->text(late.call, TYKPP_TEXT_PATH, &out);
}
TYKPP_EXPORT std::int32_t testLateComplete() {
  return late.host->complete(late.completion, TYKPP_CONTINUE);
}
}

TYKPP_PLUGIN("misbehave", "1", tykpp::hook<throwsText>("ThrowsText"),
             tykpp::hook<throwsNumber>("ThrowsNumber"),
             tykpp::hook<answersThenFails>("AnswersThenFails"),
             tykpp::hook<respondsWithoutAnswer>("RespondsWithoutAnswer"),
             tykpp::hook<pendingWithoutDefer>("PendingWithoutDefer"),
             tykpp::hook<unknownVerdict>("UnknownVerdict"), tykpp::hook<drops>("Drops"),
             {"RawThrow", TYKPP_AT_REQUEST, 0, &rawThrow},
             {"NeverCompletes", TYKPP_AT_REQUEST | TYKPP_AT_RESPONSE, 0, &neverCompletes},
             {"CompletesTwice", TYKPP_AT_REQUEST, 0, &completesTwice},
             {"CompletesInside", TYKPP_AT_REQUEST, 0, &completesInside},
             {"DefersThenContinues", TYKPP_AT_REQUEST, 0, &defersThenContinues},
             {"DefersTwice", TYKPP_AT_REQUEST, 0, &defersTwice},
             {"CompletesLate", TYKPP_AT_REQUEST, 0, &completesLate}, tykpp::hook<blocks>("Blocks"))
