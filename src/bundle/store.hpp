#pragma once
// Bundles on this machine: what APIs name in `custom_middleware_bundle`, downloaded, verified and
// unpacked once, and found again at every reload. A name enters, folders leave. find() is for the
// main thread and touches the disk alone; fetch() works on threads of its own. A name with commas
// is of several bundles, which change, fail and roll back together.
//
// Layout below `<middleware_path>/bundles`, all of it of mode 0700:
//   <md5 of the name>/        the bundle in use; the name is what Python knows it by
//   <md5 of the name>/<b>/    of several bundles the one called b.zip
//   <md5 of the name>.1/      what was there before, for rollback()
//   .<md5 of the name>.etag   with `bundle_revalidate`: what the server said of those in use
//   .unpack-…/                being unpacked; renamed when it is whole and verified

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/error.hpp"
#include "client/client.hpp"
#include "definition/bundle_hooks.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::bundle {

/// How downloads are repeated and how many there are. The defaults are the original gateway's.
struct Pace {
  int tries = 5;
  std::chrono::milliseconds first_pause{500};  ///< doubled after each, half as much more or less
  std::chrono::milliseconds longest_pause{5000};
  std::size_t downloads = 4;  ///< at once; each may hold `bundle_max_size` bytes
};

/// What is known of a bundle.
struct Found {
  enum class State : std::uint8_t {
    kSkipped,  ///< `management_node`: the API is loaded with the hooks of its definition
    kReady,    ///< `content` is filled
    kMissing,  ///< fetch() it
  };
  State state = State::kMissing;
  definition::BundleContent content{};
  /// kReady with `bundle_revalidate`: fetch() asks the server whether it has another version.
  bool revalidate = false;
  /// Why the last fetch() of this name failed, until one succeeds.
  std::optional<Error> last_failure{};
};

/// What a fetch() has changed.
enum class Change : std::uint8_t {
  kNew,   ///< find() gives new content now; what was there before is one rollback() away
  kNone,  ///< the server has what is here
};

/// All bundles of a gateway. Errors carry the text for the operator, beginning as in the original
/// gateway ("Couldn't fetch bundle: …", "Couldn't load bundle: …"); kBadPlugin unless said
/// otherwise.
class Store {
 public:
  /// Runs on a thread of the store's: it must be short, throw nothing and destroy no store.
  using Done = std::function<void(Result<Change>)>;

  /// @param client must outlive the store
  Store(const definition::GatewayConfig& config, client::HttpClient& client, Pace pace = {});
  /// Stops downloads. Afterwards no callback runs; those left are destroyed. May wait for one write
  /// to the disk.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// What is on disk, verified ("partially", as what has been verified before it was put there). No
  /// network. Content is hashed when its files changed since the last time. Thread: main.
  /// @error  the bundle on disk is not good, or a missing one cannot be fetched (no base URL,
  ///         downloader off)
  Result<Found> find(const std::string& name);

  /// Downloads, verifies, unpacks; of several bundles one after the other, all or none. With
  /// `bundle_revalidate` also when it is there, if the server has another version; else kNone for
  /// what is there. Two calls for one name share one download. `done` is never run inside. Thread:
  /// any.
  void fetch(const std::string& name, Done done);

  /// Exchanges the bundle with the one before it; twice is as if never. The server's version is
  /// taken again only when it changes once more. Thread: main.
  /// @error kNotFound: there is no other; kIo
  Result<void> rollback(const std::string& name);

  /// Forgets what it has in memory of other names: their APIs are gone. Thread: main.
  void keepOnly(const std::set<std::string>& names);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tykpp::bundle
