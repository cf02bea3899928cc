#pragma once
// A store on a scratch folder, fed by a real HTTP server.

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "bundle/store.hpp"
#include "unit/bundle/bundle_fixture.hpp"

namespace tykpp::bundle::test {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : server_({"--root", served_.path()}) {
    config_.working_directory = work_.path();
    config_.plugins.enable_bundle_downloader = true;
    useBase(server_.url("/files"));
  }

  void useBase(const std::string& url) { config_.plugins.bundle_base_url = url; }
  void useKey() { config_.plugins.public_key_path = work_.write("public.pem", keys().public_pem); }
  void serve(const std::string& name, const Recipe& recipe) { served_.write(name, pack(recipe)); }

  /// Tests that restart the gateway make another.
  Store& store() {
    if (!store_) {
      store_ = std::make_unique<Store>(config_, client_,
                                       Pace{.tries = 5,
                                            .first_pause = std::chrono::milliseconds(1),
                                            .longest_pause = std::chrono::milliseconds(4),
                                            .downloads = 2});
    }
    return *store_;
  }
  void restart() { store_.reset(); }

  std::future<Result<Change>> start(const std::string& name) {
    auto promise = std::make_shared<std::promise<Result<Change>>>();
    auto future = promise->get_future();
    store().fetch(name,
                  [promise](Result<Change> result) { promise->set_value(std::move(result)); });
    return future;
  }
  Result<Change> fetch(const std::string& name) { return start(name).get(); }
  /// Why it failed, or "fetched".
  std::string whyFetch(const std::string& name) {
    const auto result = fetch(name);
    return result ? "fetched" : result.error().message();
  }
  std::string whyFind(const std::string& name) {
    const auto found = store().find(name);
    return found ? "found" : found.error().message();
  }
  std::string folderOf(const std::string& name) const {
    return work_.file("middleware/bundles/" + md5Hex(name));
  }
  /// Puts a bundle on disk as an operator would.
  void unpackByHand(const std::string& name, const Recipe& recipe) {
    const std::string under = "middleware/bundles/" + md5Hex(name) + "/";
    for (const auto& [file, bytes] : recipe.files) work_.write(under + file, bytes);
    work_.write(under + "manifest.json", manifestOf(recipe).dump());
  }
  /// How many entries there are beside the bundles, temporary ones included.
  std::size_t entries() const {
    std::error_code error;
    const std::filesystem::directory_iterator all(work_.file("middleware/bundles"), error);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  std::string asked(const std::string& path) {
    client::Request request;
    request.url = server_.url("/seen" + path);
    std::promise<std::string> body;
    client_.send(request, [&](Result<client::Response> r) { body.set_value(r ? r->body : "?"); });
    return body.get_future().get();
  }

  ::tykpp::test::ScratchFolder work_;
  ::tykpp::test::ScratchFolder served_;
  ::tykpp::test::HttpServer server_;
  definition::GatewayConfig config_;
  client::HttpClient client_;

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace tykpp::bundle::test
