#include "unit/bundle/store_fixture.hpp"

namespace tykpp::bundle {
namespace {
using test::Recipe;
using StoreFind = test::StoreTest;

TEST_F(StoreFind, GivesWhatIsOnDiskWithoutTheNetwork) {
  unpackByHand("b.zip", {});
  const auto found = store().find("b.zip");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, Found::State::kReady);
  EXPECT_EQ(found->content.folder, folderOf("b.zip"));
  ASSERT_EQ(found->content.bundles.size(), 1U);
  const auto& bundle = found->content.bundles[0];
  EXPECT_EQ(bundle.part.folder, folderOf("b.zip"));
  EXPECT_EQ(bundle.part.files, (std::vector<std::string>{"pre.js", "lib/a.js"}));
  EXPECT_EQ(bundle.text, test::manifestOf({}).dump());
  EXPECT_EQ(asked("/files/b.zip"), "0");
}

TEST_F(StoreFind, SaysWhatIsMissing) {
  const auto found = store().find("b.zip");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, Found::State::kMissing);
  EXPECT_FALSE(found->last_failure);
}

TEST_F(StoreFind, AManagementNodeSkipsBundles) {
  config_.plugins.management_node = true;
  unpackByHand("b.zip", {});
  EXPECT_EQ(store().find("b.zip")->state, Found::State::kSkipped);
}

TEST_F(StoreFind, WantsABaseUrlEvenForWhatIsOnDisk) {
  config_.plugins.bundle_base_url.clear();
  unpackByHand("b.zip", {});
  EXPECT_EQ(whyFind("b.zip"), "No bundle base URL set, skipping bundle");
}

TEST_F(StoreFind, TheDownloaderIsNeededOnlyForWhatIsMissing) {
  config_.plugins.enable_bundle_downloader = false;
  unpackByHand("b.zip", {});
  EXPECT_EQ(whyFind("b.zip"), "found");
  EXPECT_EQ(whyFind("c.zip"), "Couldn't fetch bundle: Bundle downloader is disabled");
}

TEST_F(StoreFind, KnowsHttpHttpsAndFileAlone) {
  useBase("ftp://host/");
  EXPECT_EQ(whyFind("b.zip"), "Couldn't fetch bundle: Unknown URL scheme");
}

TEST_F(StoreFind, WithoutASignatureTheChecksumIsNotLookedAt) {
  unpackByHand("b.zip", {.checksum = "wrong"});
  EXPECT_EQ(whyFind("b.zip"), "found");
}

TEST_F(StoreFind, WithASignatureItIs) {
  unpackByHand("b.zip", {.checksum = "wrong", .key = &test::privateKey()});
  EXPECT_EQ(whyFind("b.zip"), "Couldn't load bundle: invalid checksum");
}

TEST_F(StoreFind, WithAKeyTheSignatureMustBeThereAndGood) {
  useKey();
  unpackByHand("good.zip", {.key = &test::privateKey()});
  EXPECT_EQ(whyFind("good.zip"), "found");
  unpackByHand("unsigned.zip", {});
  EXPECT_EQ(whyFind("unsigned.zip"), "Couldn't load bundle: Bundle isn't signed");
  const KeyPair other = generateKeyPair(2048).value();
  const PrivateKey other_key = PrivateKey::parse(other.private_pem).value();
  unpackByHand("other.zip", {.key = &other_key});
  EXPECT_EQ(whyFind("other.zip"), "Couldn't load bundle: crypto/rsa: verification error");
}

TEST_F(StoreFind, SkippingMeansThatNothingIsVerified) {
  useKey();
  config_.plugins.skip_verify_existing_plugin_bundle = true;
  unpackByHand("b.zip", {.checksum = "wrong"});
  EXPECT_EQ(whyFind("b.zip"), "found");
}

TEST_F(StoreFind, AKeyThatCannotBeReadIsAnError) {
  config_.plugins.public_key_path = work_.file("absent.pem");
  unpackByHand("b.zip", {.key = &test::privateKey()});
  EXPECT_EQ(whyFind("b.zip"),
            "Couldn't load bundle: can't read the key file " + work_.file("absent.pem"));
}

TEST_F(StoreFind, TamperedFilesAreNoticedAtTheNextFind) {
  useKey();
  unpackByHand("b.zip", {.key = &test::privateKey()});
  ASSERT_EQ(whyFind("b.zip"), "found");
  work_.write("middleware/bundles/" + md5Hex("b.zip") + "/pre.js", "var pre = 2;");
  EXPECT_EQ(whyFind("b.zip"), "Couldn't load bundle: invalid checksum");
}

TEST_F(StoreFind, TheChecksumTellsVersionsApart) {
  unpackByHand("b.zip", {});
  const std::string first = store().find("b.zip")->content.checksum;
  EXPECT_EQ(store().find("b.zip")->content.checksum, first);
  restart();
  EXPECT_EQ(store().find("b.zip")->content.checksum, first);
  work_.write("middleware/bundles/" + md5Hex("b.zip") + "/pre.js", "var pre = 2;");
  EXPECT_NE(store().find("b.zip")->content.checksum, first);
}

TEST_F(StoreFind, NamesWhatIsWrongWithTheManifest) {
  std::filesystem::create_directories(folderOf("empty.zip"));
  EXPECT_EQ(whyFind("empty.zip"), "Couldn't load bundle: the bundle has no manifest.json");
  work_.write("middleware/bundles/" + md5Hex("bad.zip") + "/manifest.json", "{not json");
  EXPECT_EQ(whyFind("bad.zip").rfind("Couldn't load bundle: manifest.json is no valid JSON", 0),
            0U);
}

TEST_F(StoreFind, RollsBackAndForth) {
  unpackByHand("b.zip", {});
  EXPECT_EQ(store().rollback("b.zip").error().code(), Errc::kNotFound);
  std::filesystem::copy(folderOf("b.zip"), folderOf("b.zip") + ".1",
                        std::filesystem::copy_options::recursive);
  const std::string first = store().find("b.zip")->content.checksum;
  ASSERT_TRUE(store().rollback("b.zip"));
  EXPECT_NE(store().find("b.zip")->content.checksum, first);
  ASSERT_TRUE(store().rollback("b.zip"));
  EXPECT_EQ(store().find("b.zip")->content.checksum, first);
}

}  // namespace
}  // namespace tykpp::bundle
