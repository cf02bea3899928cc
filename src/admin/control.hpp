#pragma once
// What the admin API needs from the gateway. Implemented by the gateway room. Thread: main.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/debug_call.hpp"
#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"
#include "net/task.hpp"

namespace tykpp::certs {
class CertificateStore;
}
namespace tykpp::net {
class Loop;
}
namespace tykpp::oauth {
struct Site;
}
namespace tykpp::session {
class PasswordPool;
class PolicySet;
class SessionStore;
}  // namespace tykpp::session

namespace tykpp::admin {

/// What happened to a key, for events.
enum class TokenChange : std::uint8_t { kCreated, kUpdated, kDeleted };

/// A hook of a served API, for `/tyk/plugins`.
struct PluginStatus {
  std::string api_id;
  std::string api_name;
  std::string hook;  ///< pre, auth, post_auth, post, response, analytics, virtual
  std::string name;
  std::string driver;
  std::string path;
  std::string bundle;
  std::string on_error;  ///< fail or skip
  std::chrono::milliseconds timeout{0};
  std::string broken;  ///< why it could not be loaded and refuses every request; empty: it runs
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t overruns = 0;
  std::uint64_t responded = 0;
  std::uint64_t skipped = 0;
  std::chrono::microseconds p50{0};
  std::chrono::microseconds p99{0};
  std::string server;                 ///< where it runs, when that is another process; else empty
  std::string server_state;           ///< idle, connecting, ready or failing
  std::string server_error;           ///< why the last call did not get there
  std::uint64_t server_restarts = 0;  ///< of a process that the gateway keeps: after it died
};

/// A process beside the gateway in which plugins run, for `/hello`.
struct PluginServer {
  std::string driver;
  std::string address;
  std::string state;           ///< idle, connecting, ready or failing
  std::string error;           ///< why the last call did not get there
  std::uint64_t restarts = 0;  ///< of a process that the gateway keeps: after it died
};

/// The gateway as the admin API sees it.
class Control {
 public:
  virtual ~Control() = default;
  /// Queues a reload of this node. @param done  called on the main thread after it, may be null;
  /// also when the reload found errors
  virtual void requestReload(std::function<void()> done) = 0;
  /// Tells every node to reload, this one too. @return false when no other node was told
  virtual bool publishGroupReload() = 0;
  /// The APIs that are served now.
  virtual std::vector<std::shared_ptr<const definition::ApiSpec>> apis() const = 0;
  /// What the last load of definitions had to say, plugins included.
  virtual definition::Problems loadProblems() const = 0;
  /// The hooks of the APIs that are served, with their counters since they were loaded.
  virtual std::vector<PluginStatus> plugins() const = 0;
  /// The servers of plugins that run outside of the gateway.
  virtual std::vector<PluginServer> pluginServers() const { return {}; }
  /// Puts the bundle that an API had before the present one back in its place and loads it; the
  /// APIs that share it go with it.
  /// @param done  called on the main thread once it serves, or with why it does not (kNotFound: no
  /// such API, no bundle, or no earlier one)
  virtual void rollbackPlugins(const std::string& api_id,
                               std::function<void(Result<void>)> done) = 0;
  virtual const definition::GatewayConfig& config() const = 0;
  /// Where all this runs.
  virtual net::Loop& loop() = 0;
  /// Keys, over the main loop's client.
  virtual session::SessionStore& sessions() = 0;
  /// The policies in force.
  virtual std::shared_ptr<const session::PolicySet> policies() const = 0;
  virtual session::PasswordPool& passwords() = 0;
  /// All of these, for authorisation servers. Lives as long as the object.
  virtual const oauth::Site& site() = 0;
  /// Fires the gateway's event. @param key  the token, or its hash where that alone is known
  virtual void tokenChanged(TokenChange change, std::string message, std::string org_id,
                            std::string key) = 0;
  /// The certificate store, over the main loop's client; null: there is none.
  virtual certs::CertificateStore* certificates() { return nullptr; }
  /// Puts the certificates of the store in force. @param done  called on the main thread then
  virtual void certificatesChanged(std::function<void()> done) { done(); }
  /// Has the key sets of issuers fetched anew when they are next needed. @param api_id  empty:
  /// those of every API
  virtual void forgetKeySets(std::string_view /*api_id*/) {}
  /// Removes the answers of an API from the response cache. @error the store's
  virtual net::Task<Result<void>> forgetAnswers(std::string api_id) = 0;
  /// Runs one request through an API that is not registered, for real: upstreams, stores and
  /// plugins see it. @param done  called once on the main thread
  virtual void debugRequest(DebugCall call, std::function<void(DebugOutcome)> done) = 0;
  /// Whether a load of the definitions has been completed since start, even one that found none.
  virtual bool reloadedOnce() const = 0;
  /// Whether a stop was asked for.
  virtual bool shuttingDown() const = 0;
};

}  // namespace tykpp::admin
