// For tests of plugin host processes: hooks that end their process, hang, or tell where they run.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <tykpp/plugin.hpp>
#include <vector>

#ifndef HOSTED_VERSION
#define HOSTED_VERSION "1"
#endif

namespace {

std::atomic<int> ended{0};

void where(tykpp::Request& request) {
  request.headers().set("X-Pid", std::to_string(::getpid()));
  request.headers().set("X-Version", HOSTED_VERSION);
  const char* host = std::getenv("TYKPP_PLUGIN_HOST");
  request.headers().set("X-Host", host != nullptr ? host : "no");
  request.answerHeaders().set("X-Answer-Pid", std::to_string(::getpid()));
}

// What the header asks for.
void misbehave(tykpp::Request& request) {
  const std::string how(request.headers().get("X-How").value_or(""));
  if (how == "segfault") *reinterpret_cast<volatile int*>(8) = 1;
  if (how == "abort") {
    std::fprintf(stderr, "fatal error: this plugin has had enough\n");
    std::abort();
  }
  if (how == "exit") std::exit(3);
  if (how == "spin") {
    for (volatile bool for_ever = true; for_ever;) continue;
  }
  if (how == "eat") {
    std::vector<std::string> all;
    for (;;) all.emplace_back(std::size_t{16} << 20, 'x');
  }
  if (how == "throw") throw std::runtime_error("it went wrong");
  if (how == "print") {
    std::printf("printed by the plugin\n");
    std::fflush(stdout);
  }
  if (how == "log") request.log(tykpp::Level::kWarn, "logged by the plugin");
  if (how.rfind("sleep", 0) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(how.substr(5))));
  }
  request.headers().set("X-Pid", std::to_string(::getpid()));
}

// Completes from another thread after X-Delay milliseconds.
tykpp::Verdict later(tykpp::Request& request) {
  const int delay = std::stoi(std::string(request.headers().get("X-Delay").value_or("0")));
  std::thread([delay, completion = request.defer()]() mutable {
    completion.onGone([](void*) { ++ended; }, nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    try {
      tykpp::Request late = completion.request();
      late.headers().set("X-Late", late.path());
    } catch (const std::exception&) {
      // The call has ended: that is what is tested.
    }
    completion.complete();
  }).detach();
  return tykpp::Verdict::kPending;
}

void tellEnded(tykpp::Request& request) { request.headers().set("X-Ended", std::to_string(ended)); }

void readLimit(tykpp::Request& request) { request.headers().set("X-Body", request.body()); }

void mark(tykpp::Response& response) {
  response.headers().set("X-Marked", std::to_string(::getpid()));
  response.setBody(std::string(response.body()) + "+marked");
  if (response.requestHeaders().contains("X-Teapot")) response.setStatus(418);
}

void tell(tykpp::Record& record) {
  std::printf("record path=%s code=%lld\n", std::string(record.text(TYKPP_RECORD_PATH)).c_str(),
              static_cast<long long>(record.number(TYKPP_RECORD_RESPONSE_CODE)));
  std::fflush(stdout);
}

}  // namespace

TYKPP_PLUGIN("hosted", HOSTED_VERSION, tykpp::hook<where>("Where"),
             tykpp::hook<misbehave>("Misbehave", tykpp::kBlocks), tykpp::hook<later>("Later"),
             tykpp::hook<tellEnded>("TellEnded"), tykpp::hook<readLimit>("ReadBody", tykpp::kBody),
             tykpp::hook<mark>("Mark", tykpp::kBody), tykpp::hook<tell>("Tell"))
