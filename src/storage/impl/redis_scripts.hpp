#pragma once
// The steps that must be atomic on the server, as Lua.

#include <string>
#include <string_view>

namespace tykpp::storage {

/// A script and the name Redis keeps it under.
struct RedisScript {
  explicit RedisScript(std::string_view source);
  std::string_view text;
  std::string sha;  ///< SHA-1, lower-case hex: the argument of EVALSHA
};

/// Counts a request against a quota. KEYS: the counter [, its lock]. ARGV: renewal in seconds, 1 to
/// count whatever the lock says. Answers {count, milliseconds left or -1}; count -1: the lock is
/// held, try again.
///
/// The original does this in up to six commands: PTTL; INCR when the counter lives; else take
/// `<key>-lock`, SET 0 EX, INCR, release. A script runs alone, so the lock is not needed to keep
/// two of ours apart, and the keys and values left behind are the same text and time to live. It is
/// better in one point: no other request comes between the test and the start of the new period.
/// The lock is still looked at, because an original gateway that holds it is about to write SET 0,
/// and counts made before that would be lost. In a cluster both keys live in different slots and
/// the lock is left out; then a mixed fleet may lose a count at the start of a period, as original
/// gateways among themselves may: they do not test again once they have the lock.
const RedisScript& quotaScript();
/// KEYS: a counter. Answers {its text or nothing, milliseconds left}.
const RedisScript& peekScript();
/// KEYS: the log. ARGV: now, now - per (both unix ns), limit, per in ms. Answers {requests in the
/// window before this one, remaining, reference}.
const RedisScript& slidingLogScript();
/// KEYS: the window's counter. ARGV: milliseconds left. Answers the count.
const RedisScript& fixedWindowScript();
/// KEYS: a lock. ARGV: its text. Answers whether it was removed.
const RedisScript& unlockScript();
/// KEYS: a hash. ARGV: seconds to live or 0, then fields and values.
const RedisScript& setFieldsScript();

}  // namespace tykpp::storage
