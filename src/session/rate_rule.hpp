#pragma once
#include <string>
#include <string_view>

#include "session/access_definition.hpp"
#include "session/rate_bucket.hpp"

namespace tykpp::session {

/// A rate and where it is counted.
struct RateRule {
  RateLimit limit;
  std::string name;     ///< the store's key
  std::string blocked;  ///< the sentinel's mark: `name` with `.BLOCKED`
  BucketName bucket;    ///< in memory
};

/// @param bucket_end  what a bucket's name has behind `name`: another one makes a full bucket
inline RateRule makeRateRule(const RateLimit& limit, std::string name,
                             std::string_view bucket_end) {
  RateRule rule;
  rule.limit = limit;
  rule.blocked = name + ".BLOCKED";
  rule.bucket = BucketName(std::string(name).append(bucket_end));
  rule.name = std::move(name);
  return rule;
}

}  // namespace tykpp::session
