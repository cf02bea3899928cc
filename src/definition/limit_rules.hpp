#pragma once
// How often and how much clients of an API may send, and which endpoints they may call, as the
// definition says it; what keys and policies say is in the session. Field comments name the Classic
// field.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "definition/endpoint_pattern.hpp"

namespace tykpp::definition {

/// Where a rule of an endpoint counts.
struct EndpointPlace {
  std::string path;  ///< a pattern (EndpointPattern)
  std::string method;
  std::string pointer;  ///< the rule in the definition, for messages
};

/// An entry of `extended_paths.rate_limit`; both numbers above nought unless it lifts the limit.
struct EndpointRate {
  EndpointPlace place;
  double rate = 0;
  double per = 0;  ///< seconds
};

/// An entry of `extended_paths.size_limits`.
struct EndpointSize {
  EndpointPlace place;
  std::int64_t size_limit = 0;  ///< bytes
};

/// An answer in place of the upstream's.
struct MadeUpReply {
  std::uint16_t code = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Which list a rule is in. In the order in which the lists are asked.
enum class EndpointList : std::uint8_t {
  kMock,     ///< `mock_response`
  kIgnored,  ///< `ignored`: nobody is asked for a key
  kBlocked,  ///< `black_list`
  kAllowed,  ///< `white_list`: with one entry, all else is blocked
};

/// What happens to one method (`method_actions`).
struct MethodAction {
  enum class Kind : std::uint8_t {
    kList,   ///< `no_action`: what the list says
    kReply,  ///< `reply`
    kBlock,  ///< anything else
  };
  std::string method;
  Kind kind = Kind::kList;
  MadeUpReply reply;
};

/// An entry of one of the lists.
struct EndpointRule {
  EndpointList list = EndpointList::kIgnored;
  EndpointPlace place;       ///< an empty method: all of them; of a mock: none
  bool ignore_case = false;  ///< of the entry or the version
  MadeUpReply reply;         ///< of a mock
  std::optional<std::vector<MethodAction>> actions;  ///< given, even when empty, they decide
};

/// A number that nobody got before in this process. Thread: any.
std::uint64_t nextLimitRules() noexcept;

struct LimitRules {
  /// Another one for each reading of a definition: what was computed from one stays valid as long
  /// as the number is the same.
  std::uint64_t number = nextLimitRules();
  EndpointMatching matching;  ///< of every path pattern of the API
  bool disable_rate_limit = false;
  bool disable_quota = false;
  bool dont_set_quota_on_create = false;
  /// What keys' quotas are counted under in place of their own counters; empty: theirs. No
  /// definition says it: debug calls use up nobody's quota.
  std::string quota_name;

  /// `global_rate_limit`; nought: none.
  double global_rate = 0;
  double global_per = 0;  ///< seconds
  std::vector<EndpointRate> endpoint_rates;

  /// Bytes; nought: none. Also with `global_size_limit_disabled` when endpoints have limits, as in
  /// the reference.
  std::int64_t global_size_limit = 0;
  std::vector<EndpointSize> endpoint_sizes;

  std::vector<EndpointRule> endpoints;   ///< in the order in which they are asked
  std::vector<EndpointPlace> internals;  ///< `internal`: for requests of other APIs alone

  std::vector<EndpointPlace> tracked;    ///< `track_endpoints`: recorded under the rule's path
  std::vector<EndpointPlace> untracked;  ///< `do_not_track_endpoints`: not recorded
};

}  // namespace tykpp::definition
