#pragma once
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "definition/analytics_config.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::analytics {

/// Gives lists of records that live for good an end, once a second, so that a store without a pump
/// does not fill up. Source: `storage_expiration_time`. Thread: its loop's; destroyed while the
/// loop does not run.
class ListExpiry {
 public:
  /// @param loop  outlives the object
  ListExpiry(net::Loop& loop, std::unique_ptr<storage::KeyStoreClient> client,
             const definition::AnalyticsConfig& config);
  ~ListExpiry();
  ListExpiry(const ListExpiry&) = delete;
  ListExpiry& operator=(const ListExpiry&) = delete;

  /// Looks once more and then no more. @param done  called afterwards
  void finish(std::function<void()> done);

 private:
  void wait();
  net::Detached look();
  net::Loop& loop_;
  const std::chrono::seconds lifetime_;
  const bool looks_;
  const std::vector<std::string> names_;
  boost::asio::steady_timer timer_;
  bool looking_ = false;
  std::function<void()> finished_;
  std::unique_ptr<storage::KeyStoreClient>
      client_;  // last: what waits for it is resumed at its end
};

}  // namespace tykpp::analytics
