#include "drivers/js/impl/blocking_fetch.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tykpp::drivers::js {
namespace {

/// Answers on threads of its own, by the request's URL.
class Network final : public WorkerServices {
 public:
  ~Network() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void post(std::uint32_t, std::function<void()>) override {}
  void callAt(std::uint32_t, Clock::time_point, std::function<void()>) override {}
  void fetch(std::uint32_t, FetchRequest request, Fetched done) override {
    timeouts.push_back(request.timeout);
    if (request.url == "lost") return;  // `done` is destroyed, as after the worker has stopped
    if (request.url == "never") {
      kept.push_back(std::move(done));
      return;
    }
    threads_.emplace_back([url = request.url, done = std::move(done)] {
      FetchResponse response;
      response.body = "answer to " + url;
      done(response);
    });
  }
  std::vector<std::chrono::milliseconds> timeouts;
  std::vector<Fetched> kept;

 private:
  std::vector<std::thread> threads_;
};

std::vector<FetchRequest> requestsOf(const std::vector<std::string>& urls) {
  std::vector<FetchRequest> requests;
  for (const std::string& url : urls) {
    requests.emplace_back();
    requests.back().url = url;
    requests.back().timeout = std::chrono::hours(1);
  }
  return requests;
}

TEST(BlockingFetch, WaitsForAllAnswersInTheirOrder) {
  Network network;
  const auto answers =
      fetchBlocking(network, requestsOf({"a", "b", "c"}), Clock::now() + std::chrono::seconds(10));
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0]->body, "answer to a");
  EXPECT_EQ(answers[1]->body, "answer to b");
  EXPECT_EQ(answers[2]->body, "answer to c");
  EXPECT_LE(network.timeouts.at(0), std::chrono::seconds(10));
}

TEST(BlockingFetch, EndsAtTheDeadline) {
  Network network;
  const auto answers = fetchBlocking(network, requestsOf({"a", "never"}),
                                     Clock::now() + std::chrono::milliseconds(100));
  ASSERT_EQ(answers.size(), 2U);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().code(), Errc::kTimeout);
  network.kept.at(0)(FetchResponse{});  // too late, and nobody minds
}

TEST(BlockingFetch, DoesNotWaitForAnswersThatCannotCome) {
  Network network;
  const auto start = Clock::now();
  const auto answers = fetchBlocking(network, requestsOf({"lost"}), start + std::chrono::hours(1));
  EXPECT_FALSE(answers.at(0));
  EXPECT_LT(Clock::now() - start, std::chrono::minutes(1));
  EXPECT_TRUE(fetchBlocking(network, {}, start + std::chrono::hours(1)).empty());
}

}  // namespace
}  // namespace tykpp::drivers::js
