#include "definition/error_messages.hpp"

#include <gtest/gtest.h>

#include "definition/config_loader.hpp"
#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using test::problemAt;
using test::shown;

class ErrorMessagesTest : public ::testing::Test {
 protected:
  LoadedConfig load(const std::string& messages) {
    auto loaded = loadConfig(
        {dir_.write("tyk.conf", R"({"listen_port": 1, "override_messages": )" + messages + "}")},
        Environment(std::map<std::string, std::string>{}));
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message());
    return loaded ? std::move(*loaded) : LoadedConfig{};
  }
  test::TempDir dir_;
};

TEST_F(ErrorMessagesTest, AreTheReferencesWhereNothingIsSaid) {
  const ErrorMessages& messages = errorMessages(nullptr);
  EXPECT_EQ(messages.of(ErrorId::kAuthFieldMissing).code, 401);
  EXPECT_EQ(messages.of(ErrorId::kAuthFieldMissing).message, "Authorization field missing");
  EXPECT_EQ(messages.of(ErrorId::kOAuthFieldMissing).code, 400);
  for (int id = 0; id < static_cast<int>(ErrorId::kCount); ++id) {
    EXPECT_GE(messages.of(static_cast<ErrorId>(id)).code, 400) << id;
    EXPECT_FALSE(messages.of(static_cast<ErrorId>(id)).message.empty()) << id;
  }
  const GatewayConfig config;
  EXPECT_EQ(&errorMessages(&config), &messages);
}

TEST_F(ErrorMessagesTest, AreReplacedInPart) {
  const LoadedConfig loaded = load(R"({"auth.key_not_found": {"message": "who?", "code": 401},
      "auth.cert_required": {"code": 418}, "oauth.key_not_found": {"message": "no"},
      "oauth.client_deleted": {"message": "", "code": 0}, "auth.cert_expired": {}})");
  ASSERT_TRUE(loaded.ok()) << shown(loaded.problems);
  EXPECT_TRUE(loaded.not_built.empty());
  const ErrorMessages& messages = errorMessages(&loaded.config);
  EXPECT_EQ(messages.of(ErrorId::kAuthKeyNotFound).message, "who?");
  EXPECT_EQ(messages.of(ErrorId::kAuthKeyNotFound).code, 401);
  EXPECT_EQ(messages.of(ErrorId::kAuthCertRequired).code, 418);
  EXPECT_EQ(messages.of(ErrorId::kAuthCertRequired).message, "Client certificate required");
  EXPECT_EQ(messages.of(ErrorId::kOAuthKeyNotFound).code, 403);
  EXPECT_EQ(messages.of(ErrorId::kOAuthKeyNotFound).message, "no");
  EXPECT_EQ(messages.of(ErrorId::kOAuthClientDeleted).code, 403);
  EXPECT_EQ(messages.of(ErrorId::kAuthCertExpired).message, "Certificate has expired");
}

TEST_F(ErrorMessagesTest, OfNamesThatNobodyHasAreTold) {
  const LoadedConfig loaded = load(R"({"auth.nothing": {"code": 400}})");
  EXPECT_TRUE(loaded.ok());
  const Problem* problem = problemAt(loaded.problems, "/override_messages/auth.nothing");
  ASSERT_NE(problem, nullptr) << shown(loaded.problems);
  EXPECT_NE(problem->reason.find("auth.key_not_found"), std::string::npos);
}

TEST_F(ErrorMessagesTest, ThatCannotBeSentAreErrors) {
  const struct {
    const char* given;
    const char* place;
  } kCases[] = {
      {R"({"auth.key_not_found": {"code": 99}})", "/override_messages/auth.key_not_found/code"},
      {R"({"auth.key_not_found": {"code": 600}})", "/override_messages/auth.key_not_found/code"},
      {R"({"auth.key_not_found": {"code": "401"}})", "/override_messages/auth.key_not_found/code"},
      {R"({"auth.key_not_found": {"message": 1}})",
       "/override_messages/auth.key_not_found/message"},
      {R"({"auth.key_not_found": "no"})", "/override_messages/auth.key_not_found"},
      {R"([1])", "/override_messages"},
  };
  for (const auto& test : kCases) {
    const LoadedConfig loaded = load(test.given);
    EXPECT_FALSE(loaded.ok()) << test.given;
    EXPECT_NE(problemAt(loaded.problems, test.place), nullptr) << shown(loaded.problems);
  }
}

}  // namespace
}  // namespace tykpp::definition
