#pragma once
// The way of records into the store: a worker writes them into its own memory, and sends what has
// gathered a few times a second, or when there is much of it. No request waits for the store, and
// none takes a lock.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "http/traffic_record.hpp"
#include "net/deadline.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::definition {
struct AnalyticsConfig;
}

namespace tykpp::analytics {

/// Names of the lists that records go to. Source: `enable_multiple_analytics_keys`,
/// `serializer_type`
std::vector<std::string> listNames(const definition::AnalyticsConfig& config);

/// One worker's. Thread: that worker's loop; made and destroyed while the loop does not run.
class RecordBuffer {
 public:
  /// How records travel.
  struct Limits {
    std::size_t records = 1000;       ///< that may wait
    std::size_t bytes = 64U << 20;    ///< of what waits
    std::size_t batch_records = 500;  ///< that are sent at once
    std::size_t batch_bytes = 1U << 20;
    std::chrono::milliseconds gather{200};  ///< how old a record gets before it is sent
    std::chrono::milliseconds pause{1000};  ///< after the store refused
  };
  /// What became of records since the start.
  struct Counts {
    std::uint64_t stored = 0;
    std::uint64_t dropped = 0;
  };

  /// @param loop  outlives the object
  RecordBuffer(net::Loop& loop, std::unique_ptr<storage::KeyStoreClient> client,
               const definition::AnalyticsConfig& config, Limits limits);
  ~RecordBuffer();
  RecordBuffer(const RecordBuffer&) = delete;
  RecordBuffer& operator=(const RecordBuffer&) = delete;

  /// Takes a record, or drops it where too much waits.
  void add(const http::TrafficRecord& record);
  /// Sends all there is. @param done  called once it is stored or the store refused it
  void drain(std::function<void()> done);
  const Counts& counts() const noexcept { return counts_; }
  std::size_t waiting() const noexcept { return waiting_; }

 private:
  /// Records that travel together. Texts behind `count` are kept for their memory.
  struct Batch {
    std::vector<std::string> texts;
    std::size_t count = 0;
    std::size_t bytes = 0;
  };
  net::Detached send();
  storage::StoreTask<std::int64_t> push(const Batch& batch);
  /// The next batch to send is at the front of `full_`. @return false: nothing waits
  bool prepare();
  void close();
  void stored();
  void refused(const Error& error);
  void drop(std::size_t count);
  void tell();
  std::string& slot();

  net::Loop& loop_;
  const std::vector<std::string> names_;
  void (*const append_)(const http::TrafficRecord& record, std::string& out);
  const Limits limits_;
  std::minstd_rand random_;
  Counts counts_;
  std::uint64_t told_ = 0;  // of the dropped ones
  Clock::time_point tell_after_;
  std::size_t waiting_ = 0;
  std::size_t bytes_ = 0;
  Batch open_;              // being filled
  std::deque<Batch> full_;  // the front is under way while sending_
  std::vector<Batch> spare_;
  std::string key_;  // where the front goes
  bool sending_ = false;
  bool failing_ = false;
  bool draining_ = false;
  std::function<void()> drained_;
  net::Deadline deadline_;
  std::unique_ptr<storage::KeyStoreClient>
      client_;  // last: what waits for it is resumed at its end
};

}  // namespace tykpp::analytics
