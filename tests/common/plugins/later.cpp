// What revision 1.1 of the ABI added: headers of the answer, facts about the request, state,
// records.
#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <tykpp/plugin.hpp>

namespace {

std::atomic<int> dropped{0};
std::atomic<int> ended{0};

void dropText(void* text) {
  delete static_cast<std::string*>(text);
  ++dropped;
}

tykpp::Verdict stamp(tykpp::Request& request) {
  request.answerHeaders().add("x-stamp", "1");
  request.answerHeaders().add("X-Stamp", "2");
  request.answerHeaders().set("X-Gone", "soon");
  request.answerHeaders().remove("x-gone");
  return request.headers().contains("X-Fail") ? tykpp::Verdict::kFailed : tykpp::Verdict::kContinue;
}

void tellFacts(tykpp::Request& request) {
  std::string all;
  for (const std::string_view part :
       {request.protocol(), request.remoteAddress(), request.requestTarget(), request.requestId(),
        request.apiDefinition(), request.apiFormat(), request.gatewayText(TYKPP_GATEWAY_VERSION),
        request.gatewayText(TYKPP_GATEWAY_CONFIG)}) {
    all.append(part).append("|");
  }
  request.headers().set("X-Facts", all);
}

// Adds to a text that later hooks of this file see.
void remember(tykpp::Request& request) {
  std::string whole = std::string(request.headers().get("X-Word").value_or("nothing"));
  if (const auto* old = static_cast<std::string*>(request.state())) whole = *old + "," + whole;
  request.setState(new std::string(whole), &dropText);
}

void recall(tykpp::Response& response) {
  const auto* state = static_cast<std::string*>(response.state());
  response.headers().set("X-State", state != nullptr ? *state : "none");
  response.headers().set("X-Dropped", std::to_string(dropped));
}

void forget(tykpp::Request& request) { request.setState(nullptr, nullptr); }

tykpp::Verdict rememberLater(tykpp::Request& request) {
  std::thread([completion = request.defer()]() mutable {
    tykpp::Request later = completion.request();
    remember(later);
    stamp(later);
    completion.complete();
  }).detach();
  return tykpp::Verdict::kPending;
}

tykpp::Verdict neverEnds(tykpp::Request& request) {
  static std::mutex mutex;
  static auto* const kept = new std::deque<tykpp::Completion>;  // the gateway ends the calls
  const std::lock_guard lock(mutex);
  kept->push_back(request.defer());
  kept->back().onGone([](void*) { ++ended; }, nullptr);
  return tykpp::Verdict::kPending;
}

void editRecord(tykpp::Record& record) {
  record.setText(TYKPP_RECORD_USER_AGENT, record.json());
  record.setJson(R"({"path":"/masked","response_code":299,"timestamp":"2001-02-03T04:05:06.25Z",)"
                 R"("latency":{"total":7},"tags":["one","by-plugin"],"alias":"pseudonym",)"
                 R"("geo":{"country":{"iso_code":"DE"}},"track_path":true,"unknown":[1]})");
}

void breakRecord(tykpp::Record& record) {
  record.setJson(R"({"path":"/never","response_code":"two hundred"})");
}

}  // namespace

extern "C" TYKPP_EXPORT int testDropped() { return dropped; }
extern "C" TYKPP_EXPORT int testEnded() { return ended; }

TYKPP_PLUGIN("later", "1.1", tykpp::hook<stamp>("Stamp"), tykpp::hook<tellFacts>("TellFacts"),
             tykpp::hook<remember>("Remember", tykpp::kBlocks), tykpp::hook<forget>("Forget"),
             tykpp::hook<recall>("Recall"), tykpp::hook<rememberLater>("RememberLater"),
             tykpp::hook<neverEnds>("NeverEnds"), tykpp::hook<editRecord>("EditRecord"),
             tykpp::hook<breakRecord>("BreakRecord"))
