// `TykGetKeyData` and `TykSetKeyData`.

#include <memory>

#include "base/log.hpp"
#include "drivers/js/impl/blocking_answer.hpp"
#include "drivers/js/impl/engine.hpp"
#include "drivers/key_access.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::string_view kNotFound = R"({"status":"error","message":"Key not found"})";
/// Events have no worker of their own: their answers come over this one.
constexpr std::uint32_t kEventWorker = 0;

/// Asks for something of keys and waits: on the call's fiber, or, in events, with the thread.
/// @param ask  gets a worker and what takes the answer
/// @error kNotFound  there are no keys, or a script may not wait where it is
template <class T, class Ask>
Result<T> answerOf(Ask ask) {
  const Run* run = Run::current();
  if (run->host->keys == nullptr) return Error(Errc::kNotFound, "this gateway keeps no keys");
  if (run->call == nullptr) {
    if (run->blocking == nullptr) {
      return Error(Errc::kNotFound, "keys are for requests and events, not for the load");
    }
    BlockingAnswer<T> answer;
    ask(*run->host->keys, kEventWorker, answer.taker());
    return answer.wait(run->deadline);
  }
  const auto answer = std::make_shared<Result<T>>(Error(Errc::kPluginTimeout, "no answer"));
  const std::uint32_t worker = run->call->worker();
  run->call->wait([&](const script::ScriptCall::Done& done) {
    ask(*run->host->keys, worker, [answer, done](Result<T> result) {
      *answer = std::move(result);
      done();
    });
  });
  tykppDukLookAtClock();
  return *answer;
}

duk_ret_t jsGetKey(duk_context* ctx) {
  std::string key = stringified(ctx, 0);
  std::string api = stringified(ctx, 1);
  const auto found =
      answerOf<std::string>([&](KeyAccess& keys, std::uint32_t worker, KeyAccess::Got done) {
        keys.getKey(worker, std::move(key), std::move(api), std::move(done));
      });
  pushText(ctx, found ? std::string_view(*found) : kNotFound);
  return 1;
}

duk_ret_t jsSetKey(duk_context* ctx) {
  std::string key = stringified(ctx, 0);
  std::string session = stringified(ctx, 1);
  const bool suppress = stringified(ctx, 2) == "1";
  const auto stored =
      answerOf<void>([&](KeyAccess& keys, std::uint32_t worker, KeyAccess::Set done) {
        keys.setKey(worker, std::move(key), std::move(session), suppress, std::move(done));
      });
  if (!stored) TYKPP_LOG(err, "jsvm", "TykSetKeyData: {}", stored.error().message());
  return 0;
}

}  // namespace

void addKeyFunctions(duk_context* ctx) {
  addFunction(ctx, "TykGetKeyData", &jsGetKey, 2);
  addFunction(ctx, "TykSetKeyData", &jsSetKey, 3);
}

}  // namespace tykpp::drivers::js
