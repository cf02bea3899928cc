#include "storage/impl/redis_scripts.hpp"

#include <openssl/evp.h>

#include <array>

namespace tykpp::storage {
namespace {

std::string sha1Hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 15U];
  }
  return hex;
}

constexpr std::string_view kQuota = R"(local left = redis.call('PTTL', KEYS[1])
local renewal = tonumber(ARGV[1])
if left >= 0 or renewal <= 0 or ARGV[2] == '1' then
  return {redis.call('INCR', KEYS[1]), left}
end
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then
  return {-1, 0}
end
redis.call('SET', KEYS[1], 1, 'EX', renewal)
return {1, renewal * 1000})";

constexpr std::string_view kPeek =
    "return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}";

constexpr std::string_view kSlidingLog =
    R"(redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
local before = redis.call('ZCARD', KEYS[1])
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local limit = tonumber(ARGV[3])
local reference = ARGV[1]
if limit > 0 and before >= limit then
  reference = redis.call('ZRANGE', KEYS[1], -limit, -limit)[1] or reference
end
return {before, math.max(limit - before - 1, 0), reference})";

constexpr std::string_view kFixedWindow = R"(local count = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return count)";

constexpr std::string_view kUnlock = R"(if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1]))";

constexpr std::string_view kSetFields = R"(redis.call('HSET', KEYS[1], unpack(ARGV, 2))
if ARGV[1] ~= '0' then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return 1)";

}  // namespace

RedisScript::RedisScript(std::string_view source) : text(source), sha(sha1Hex(source)) {}

const RedisScript& quotaScript() {
  static const RedisScript script(kQuota);
  return script;
}
const RedisScript& peekScript() {
  static const RedisScript script(kPeek);
  return script;
}
const RedisScript& slidingLogScript() {
  static const RedisScript script(kSlidingLog);
  return script;
}
const RedisScript& fixedWindowScript() {
  static const RedisScript script(kFixedWindow);
  return script;
}
const RedisScript& unlockScript() {
  static const RedisScript script(kUnlock);
  return script;
}
const RedisScript& setFieldsScript() {
  static const RedisScript script(kSetFields);
  return script;
}

}  // namespace tykpp::storage
