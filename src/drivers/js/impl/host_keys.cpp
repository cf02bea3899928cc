// `TykGetKeyData` and `TykSetKeyData`.

#include <memory>

#include "base/log.hpp"
#include "drivers/js/impl/engine.hpp"
#include "drivers/key_access.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::string_view kNotFound = R"({"status":"error","message":"Key not found"})";

duk_ret_t jsGetKey(duk_context* ctx) {
  std::string key = stringified(ctx, 0);
  std::string api = stringified(ctx, 1);
  const Run* run = Run::current();
  const auto found = std::make_shared<Result<std::string>>(Error(Errc::kNotFound, "no such key"));
  if (run->host->keys != nullptr && run->call != nullptr) {
    KeyAccess& keys = *run->host->keys;
    const std::uint32_t worker = run->call->worker();
    run->call->wait([&](const script::ScriptCall::Done& done) {
      keys.getKey(worker, std::move(key), std::move(api),
                  [found, done](Result<std::string> session) {
                    *found = std::move(session);
                    done();
                  });
    });
    tykppDukLookAtClock();
  }
  pushText(ctx, *found ? std::string_view(**found) : kNotFound);
  return 1;
}

duk_ret_t jsSetKey(duk_context* ctx) {
  std::string key = stringified(ctx, 0);
  std::string session = stringified(ctx, 1);
  const bool suppress = stringified(ctx, 2) == "1";
  const Run* run = Run::current();
  if (run->host->keys == nullptr || run->call == nullptr) {
    TYKPP_LOG(err, "jsvm", "TykSetKeyData: {}",
              run->host->keys == nullptr
                  ? "keys are not built yet: the session is not stored"
                  : "keys are written while a request is handled, not at load or in events");
    return 0;
  }
  KeyAccess& keys = *run->host->keys;
  const std::uint32_t worker = run->call->worker();
  const auto stored = std::make_shared<Result<void>>(Error(Errc::kPluginTimeout, "no answer"));
  run->call->wait([&](const script::ScriptCall::Done& done) {
    keys.setKey(worker, std::move(key), std::move(session), suppress,
                [stored, done](Result<void> result) {
                  *stored = std::move(result);
                  done();
                });
  });
  tykppDukLookAtClock();
  if (!*stored) TYKPP_LOG(err, "jsvm", "TykSetKeyData: {}", stored->error().message());
  return 0;
}

}  // namespace

void addKeyFunctions(duk_context* ctx) {
  addFunction(ctx, "TykGetKeyData", &jsGetKey, 2);
  addFunction(ctx, "TykSetKeyData", &jsSetKey, 3);
}

}  // namespace tykpp::drivers::js
