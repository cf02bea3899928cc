#include "analytics/path_normaliser.hpp"

#include <gtest/gtest.h>

#include "definition/analytics_config.hpp"

namespace tykpp::analytics {
namespace {

std::string normalised(const definition::NormaliseUrls& rules, std::string path) {
  PathNormaliser(rules).apply(path);
  return path;
}

TEST(PathNormaliser, ReplacesWhatIsAskedFor) {
  definition::NormaliseUrls rules{true, true, true, true, {}};
  EXPECT_EQ(normalised(rules, "/users/123/x/4"), "/users/{id}/x/{id}");
  EXPECT_EQ(normalised(rules, "/f/7c9e6679-7425-40de-944b-e07fc1f90ae7"), "/f/{uuid}");
  EXPECT_EQ(normalised(rules, "/f/7C9E6679742540DE944BE07FC1F90AE7/a"), "/f/{uuid}/a");
  EXPECT_EQ(normalised(rules, "/u/01ARZ3NDEKTSV4RRFFQ69G5FAV"), "/u/{ulid}");
  EXPECT_EQ(normalised(rules, "/u/01arz3ndektsv4rrffq69g5fav"), "/u/{ulid}");
  EXPECT_EQ(normalised(rules, "/v1/word"), "/v1/word");
}

TEST(PathNormaliser, LeavesWhatIsNotAskedFor) {
  definition::NormaliseUrls rules{true, false, false, false, {}};
  EXPECT_EQ(normalised(rules, "/users/123"), "/users/123");
  rules = {false, true, true, true, {"users"}};
  EXPECT_EQ(normalised(rules, "/users/123"), "/users/123");
}

TEST(PathNormaliser, AppliesOwnExpressionsLastAndLeavesBrokenOnesOut) {
  definition::NormaliseUrls rules{true, false, false, true, {"abc-[0-9]+", "(", "[{]id[}]"}};
  EXPECT_EQ(normalised(rules, "/word/abc-77/9"), "/word/{var}/{var}");
}

}  // namespace
}  // namespace tykpp::analytics
