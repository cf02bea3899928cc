// Recorded cases of the original gateway, replayed on policies, limits and buckets alone: which
// keys it made, which requests it let through, what it told them, what it answered about a key.

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "session/apply_policies.hpp"
#include "session/limit_plan.hpp"
#include "session/rate_bucket.hpp"

namespace tykpp::session {
namespace {

using Json = nlohmann::json;

std::string sameText(std::string_view text) { return std::string(text); }

Json readJson(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  return Json::parse(file, nullptr, false);
}

/// What the gateway answered, as far as sessions decide it.
struct Answer {
  int status = 200;
  std::string quota_limit;  ///< X-Ratelimit-Limit of a request that passed
  bool operator==(const Answer&) const = default;
};

void PrintTo(const Answer& answer, std::ostream* out) {
  *out << answer.status << " limit " << answer.quota_limit;
}

/// One gateway of a case: its keys, counters and policies.
class Replay {
 public:
  explicit Replay(const Json& policies) : set_(entriesOf(policies)) {}

  Answer createKey(const std::string& id, const Json& body) {
    auto session = SessionData::parse(body.dump());
    if (!session) return {400, {}};
    const std::string org = session->org_id;
    if (!applyPolicies(*session, set_, org) || session->access_rights.empty()) {
      return {500, {}};
    }
    keys_[id] = *session;
    return {200, {}};
  }

  Answer request(const std::string& api, const std::string& method, const std::string& path,
                 const std::string& key) {
    const auto stored = keys_.find(key);
    if (stored == keys_.end()) return {403, {}};
    SessionData session = stored->second;
    if (!applyPolicies(session, set_, "default") || session.is_inactive) return {403, {}};
    const LimitPlan plan(session, {.api_id = api, .key = key, .matching = {}, .hash = &sameText});
    if (!plan.granted()) return {403, {}};
    const RateRule& rule = plan.rateFor(method, path);
    if (rule.limit.limited() && !buckets_.take(rule.bucket, rule.limit, 1, now_).admitted) {
      return {429, {}};
    }
    const std::int64_t quota = plan.limit().quota_max;
    if (quota > 0 && ++counters_[plan.quotaKey()] > quota) return {403, {}};
    return {200, std::to_string(quotaHeaders(&session, api).limit)};
  }

  /// The admin API's answer, without what depends on time.
  Json shown(const std::string& key) {
    SessionData session = keys_.at(key);
    EXPECT_TRUE(applyPolicies(session, set_, std::nullopt));
    return Json::parse(session.json());
  }

 private:
  static PolicySet::Entries entriesOf(const Json& policies) {
    PolicySet::Entries entries;
    for (const auto& [id, object] : policies.items()) {
      auto policy = Policy::parse(object.dump());
      EXPECT_TRUE(policy) << id;
      entries[id] = {*policy, "case.json"};
    }
    return entries;
  }

  PolicySet set_;
  std::map<std::string, SessionData> keys_;
  std::map<std::string, std::int64_t> counters_;
  RateBuckets buckets_;
  Clock::time_point now_ = Clock::now();
};

Answer recorded(const Json& step) {
  Answer answer{step.at("status").get<int>(), {}};
  for (const Json& header : step.at("headers")) {
    const auto text = header.get<std::string>();
    const std::string name = "X-Ratelimit-Limit: ";
    if (text.starts_with(name)) answer.quota_limit = text.substr(name.size());
  }
  return answer;
}

/// Takes out what time and counters decide.
void dropTimes(Json& value) {
  if (!value.is_object()) return;
  for (const char* name :
       {"date_created", "last_updated", "quota_renews", "quota_remaining", "tags"}) {
    value.erase(name);
  }
  for (auto& [name, member] : value.items()) dropTimes(member);
}

class RecordedCase : public ::testing::TestWithParam<const char*> {
 protected:
  void run() {
    const std::string folder =
        std::string(TYKPP_SOURCE_DIR "/tests/conformance/cases/") + GetParam();
    const Json given = readJson(folder + "/case.json");
    const Json expected = readJson(folder + "/expected.json");
    Replay replay(given.value("policies", Json::object()));
    std::map<std::size_t, std::vector<const Json*>> answers;
    for (const Json& step : expected) answers[step.at("step").get<std::size_t>()].push_back(&step);
    for (std::size_t i = 0; i < given.at("steps").size(); ++i) {
      const Json& step = given.at("steps")[i];
      for (int repeat = 0; repeat < step.value("repeat", 1); ++repeat) {
        const auto& wanted = answers[i];
        play(replay, step.at("request"),
             wanted.empty() ? nullptr : wanted.at(static_cast<std::size_t>(repeat)), i);
      }
    }
    EXPECT_GT(compared_, 0);
  }

  void play(Replay& replay, const Json& request, const Json* wanted, std::size_t step) {
    const std::string path = request.at("path").get<std::string>();
    const std::string method = request.value("method", "GET");
    const std::string admin = "/tyk/keys/";
    if (path.starts_with(admin)) {
      const std::string id = path.substr(admin.size(), path.find('?') - admin.size());
      if (method == "GET") return compareShown(replay.shown(id), *wanted, step);
      return compare(replay.createKey(id, request.at("body")), wanted, step);
    }
    const std::size_t slash = path.find('/', 1);
    const Answer answer = replay.request(path.substr(1, slash - 1), method, path.substr(slash),
                                         request.at("headers").at("Authorization"));
    // `allowed_urls` is another step's matter.
    const std::string resource = "Access to this resource has been disallowed";
    if (wanted != nullptr &&
        wanted->at("body").get<std::string>().find(resource) != std::string::npos) {
      return;
    }
    compare(answer, wanted, step);
  }
  void compare(const Answer& answer, const Json* wanted, std::size_t step) {
    if (wanted == nullptr) return;
    EXPECT_EQ(answer, recorded(*wanted)) << GetParam() << " step " << step;
    ++compared_;
  }
  void compareShown(Json shown, const Json& wanted, std::size_t step) {
    Json body = Json::parse(wanted.at("body").get<std::string>());
    dropTimes(shown);
    dropTimes(body);
    EXPECT_EQ(shown, body) << GetParam() << " step " << step;
    ++compared_;
  }

  int compared_ = 0;
};

TEST_P(RecordedCase, AgreesWithTheOriginal) { run(); }

INSTANTIATE_TEST_SUITE_P(Cases, RecordedCase,
                         ::testing::Values("policies/single", "policies/merged",
                                           "policies/partitions", "policies/per-api",
                                           "policies/inactive", "policies/versions-urls",
                                           "limits/key-per-api", "limits/key-endpoints"));

}  // namespace
}  // namespace tykpp::session
