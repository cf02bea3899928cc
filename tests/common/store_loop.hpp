#pragma once
// A loop on a thread of its own with a client of a store, asked from the test's thread.

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "net/loop.hpp"
#include "storage/key_store.hpp"

namespace tykpp::test {

template <class>
struct AnswerOf;
template <class T>
struct AnswerOf<net::Task<Result<T>>> {
  using Type = T;
};

template <class T>
net::Detached fulfil(storage::StoreTask<T> task, std::shared_ptr<std::promise<Result<T>>> promise) {
  Result<T> result = co_await task;
  promise->set_value(std::move(result));
}

class StoreLoop {
 public:
  explicit StoreLoop(storage::KeyStore& store) : thread_([this] { loop_.run(); }) {
    sync([&] { client_ = store.client(loop_); });
  }
  ~StoreLoop() {
    sync([&] { client_.reset(); });
    // What the client's coroutines still have to do takes a few turns of the loop.
    for (int turn = 0; turn < 4; ++turn) sync([] {});
    loop_.stop();
    thread_.join();
  }

  /// Starts what `make(client)` returns and hands out its future result.
  template <class Make>
  auto begin(Make make) {
    using T = typename AnswerOf<std::invoke_result_t<Make, storage::KeyStoreClient&>>::Type;
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    loop_.post([this, make, promise] { fulfil<T>(make(*client_), promise); });
    return answer;
  }
  template <class Make>
  auto ask(Make make) {
    auto answer = begin(make);
    using T = typename AnswerOf<std::invoke_result_t<Make, storage::KeyStoreClient&>>::Type;
    if (answer.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
      return Result<T>(Error(Errc::kInternal, "the store never answered"));
    }
    return answer.get();
  }
  /// Runs it on the loop and waits.
  void sync(const std::function<void()>& action) {
    std::promise<void> done;
    loop_.post([&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  storage::KeyStoreClient& client() { return *client_; }
  void dropClient() {
    sync([&] { client_.reset(); });
  }

 private:
  net::Loop loop_;
  std::unique_ptr<storage::KeyStoreClient> client_;
  std::thread thread_;
};

/// Tries until `done()`; for conditions that no event tells of.
template <class Done>
bool eventually(Done done, std::chrono::seconds limit = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

inline bool awaitUp(const storage::KeyStore& store) {
  return eventually([&] { return store.state().up; });
}

/// A new folder, removed with the object.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tykpp-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace tykpp::test
