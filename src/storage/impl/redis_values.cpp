// Replies as values.
#include <cmath>
#include <cstdlib>

#include "storage/impl/redis_client.hpp"

namespace tykpp::storage {
namespace {

Error unexpected() { return Error(Errc::kIo, "Redis: a reply of an unexpected kind"); }

}  // namespace

Result<std::int64_t> asInteger(const Result<Reply>& reply) {
  if (!reply) return reply.error();
  if (isError(*reply)) return commandError(textOf(**reply));
  const auto value = integerOf(**reply);
  if (!value) return unexpected();
  return *value;
}

Result<bool> asFlag(const Result<Reply>& reply) {
  const auto value = asInteger(reply);
  if (!value) return value.error();
  return *value != 0;
}

Result<std::optional<std::string>> asText(const Result<Reply>& reply) {
  if (!reply) return reply.error();
  const redisReply& value = **reply;
  if (isError(*reply)) return commandError(textOf(value));
  if (value.type == REDIS_REPLY_NIL) return std::optional<std::string>{};
  if (value.type != REDIS_REPLY_STRING && value.type != REDIS_REPLY_STATUS) return unexpected();
  return std::optional<std::string>(textCopy(value));
}

Result<Texts> asTexts(const Result<Reply>& reply) {
  if (!reply) return reply.error();
  if (isError(*reply)) return commandError(textOf(**reply));
  if ((*reply)->type != REDIS_REPLY_ARRAY) return unexpected();
  Texts texts;
  for (const redisReply* part : elements(**reply)) {
    if (part->type != REDIS_REPLY_STRING) return unexpected();
    texts.push_back(textCopy(*part));
  }
  return texts;
}

Result<std::vector<Scored>> asScored(const Result<Reply>& reply) {
  Result<Texts> texts = asTexts(reply);
  if (!texts) return texts.error();
  std::vector<Scored> all;
  for (std::size_t i = 0; i + 1 < texts->size(); i += 2) {
    const double score = std::strtod((*texts)[i + 1].c_str(), nullptr);
    all.push_back({std::move((*texts)[i]), score});
  }
  return all;
}

std::string scoreText(double score) {
  if (std::isinf(score)) return score < 0 ? "-inf" : "+inf";
  char text[40];
  const int size = std::snprintf(text, sizeof text, "%.17g", score);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace tykpp::storage
