// `log`, `rawlog` and base64, as every script has them.

#include "base/base64.hpp"
#include "base/log.hpp"
#include "drivers/js/impl/engine.hpp"
#include "drivers/js/impl/output.hpp"
#include "drivers/js/impl/text.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::size_t kMaxLogBytes = 64 * 1024;

void logLine(spdlog::level::level_enum level, std::string_view text) {
  auto& logger = log::room("jsvm");
  if (logger.should_log(level)) logger.log(level, "{}", text);
}

duk_ret_t jsLog(duk_context* ctx) {
  std::string text = stringified(ctx, 0);
  if (text.size() > kMaxLogBytes) text.resize(kMaxLogBytes);
  if (!Run::current()->quiet) logLine(spdlog::level::info, text);
  return 0;
}

duk_ret_t jsRawLog(duk_context* ctx) {
  std::string text = stringified(ctx, 0) + "\n";
  Run* run = Run::current();
  if (!run->quiet) run->host->output->write(OutputPump::To::kStderr, std::move(text));
  return 0;
}

enum Base64Kind : int { kPadded = 0, kRaw = 1 };

duk_ret_t jsEncode(duk_context* ctx) {
  const bool padded = duk_get_current_magic(ctx) == kPadded;
  const std::string text = encodeBase64(stringified(ctx, 0), padded);
  duk_push_lstring(ctx, text.data(), text.size());
  return 1;
}

duk_ret_t jsDecode(duk_context* ctx) {
  const std::string text = stringified(ctx, 0);
  // The padded form takes unpadded text as well.
  const bool raw = duk_get_current_magic(ctx) == kRaw;
  const auto bytes = decodeBase64(text, raw ? Padding::kNone : Padding::kOptional);
  if (!bytes) {
    logLine(spdlog::level::err, "Failed to base64 decode");
    return 0;
  }
  pushText(ctx, *bytes);
  return 1;
}

}  // namespace

void addApiFunctions(duk_context* ctx) {
  duk_push_global_object(ctx);
  addFunction(ctx, "log", &jsLog, 1);
  addFunction(ctx, "rawlog", &jsRawLog, 1);
  addFunction(ctx, "b64enc", &jsEncode, 1, kPadded);
  addFunction(ctx, "b64dec", &jsDecode, 1, kPadded);
  addFunction(ctx, "rawb64enc", &jsEncode, 1, kRaw);
  addFunction(ctx, "rawb64dec", &jsDecode, 1, kRaw);
  addHttpFunctions(ctx);
  addKeyFunctions(ctx);
  duk_pop(ctx);
}

}  // namespace tykpp::drivers::js
