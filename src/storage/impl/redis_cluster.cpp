// A cluster: the slot map, one pipelined connection for each master, redirections.
#include <algorithm>
#include <map>
#include <utility>

#include "storage/impl/redis_router.hpp"
#include "storage/impl/redis_slots.hpp"

namespace tykpp::storage {
namespace {

constexpr int kMaxRedirects = 5;
constexpr auto kLook = std::chrono::milliseconds(200);
constexpr auto kRefreshEach = std::chrono::seconds(60);

/// Databases do not exist in a cluster: no SELECT.
std::vector<RedisCommand> nodeGreeting(const RedisOptions& options) {
  RedisAddress address = options.address;
  address.database = 0;
  return greeting(address);
}

class NodeConnector final : public RedisConnector {
 public:
  explicit NodeConnector(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  net::Task<Result<void>> connect(RedisLink& link) override {
    return link.open(endpoint_, nodeGreeting(link.shared().options));
  }

 private:
  const Endpoint endpoint_;
};

/// Any server of the cluster, for subscriptions: messages reach all of them.
class AnyNodeConnector final : public RedisConnector {
 public:
  explicit AnyNodeConnector(std::vector<Endpoint> known) : known_(std::move(known)) {}
  net::Task<Result<void>> connect(RedisLink& link) override {
    Result<void> done = Error(Errc::kIo, "Redis: no address is configured");
    for (const Endpoint& endpoint : known_) {
      done = co_await link.open(endpoint, nodeGreeting(link.shared().options));
      if (done || done.error().code() == Errc::kShuttingDown) break;
    }
    co_return done;
  }

 private:
  const std::vector<Endpoint> known_;
};

struct Node {
  Endpoint endpoint;
  std::shared_ptr<RedisConnection> connection;
  bool master = false;
};

/// What outlives the router while its coroutine ends.
class Cluster {
 public:
  Cluster(net::Loop& loop, std::shared_ptr<RedisShared> shared)
      : loop_(loop), shared_(std::move(shared)), link_(loop, shared_), pause_(loop) {}

  static net::Detached keepMap(std::shared_ptr<Cluster> self);
  void stop();
  std::vector<Endpoint> known() const;
  std::vector<const Node*> masters() const;
  std::shared_ptr<RedisConnection> owner(std::string_view key);
  Node& nodeAt(const Endpoint& endpoint);
  Endpoint endpointOf(const RedisConnection& connection) const;
  void moved(const Redirect& redirect);
  void wantMap() { wanted_ = true; }

  net::Loop& loop() { return loop_; }
  const RedisOptions& options() const { return shared_->options; }
  bool stopped() const { return stopping_; }
  bool starting() const { return !loaded_ && failure_.empty(); }
  const std::string& failure() const { return failure_; }
  std::size_t waiting = 0;

 private:
  net::Task<Result<void>> loadMap();
  void take(const std::vector<SlotRange>& ranges);
  void tell(const Result<void>& outcome);
  bool anyDown() const;
  net::Loop& loop_;
  std::shared_ptr<RedisShared> shared_;
  RedisLink link_;
  Pause pause_;
  std::map<std::string, Node> nodes_;
  std::array<RedisConnection*, kSlots> slots_{};  // of nodes_, null: nobody's
  bool loaded_ = false;
  bool counted_ = false;
  bool wanted_ = false;
  bool stopping_ = false;
  std::string failure_;
};

net::Detached Cluster::keepMap(std::shared_ptr<Cluster> self) {
  Cluster& me = *self;
  Clock::time_point loaded{};
  while (!me.stopping_) {
    const Clock::duration age = me.loop_.now() - loaded;
    // A server that is gone may have been replaced, or all of them are: the state must show it.
    const bool lame = me.anyDown() && age >= me.options().longest_pause;
    if (me.wanted_ || lame || !me.failure_.empty() || age >= kRefreshEach) {
      me.wanted_ = false;
      const Result<void> outcome = co_await me.loadMap();
      if (me.stopping_) break;
      me.tell(outcome);
      loaded = me.loop_.now();
    }
    co_await me.pause_.wait(me.failure_.empty() ? Clock::duration(kLook)
                                                : Clock::duration(me.options().longest_pause));
  }
  me.link_.close();
}

bool Cluster::anyDown() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const auto& entry) { return entry.second.connection->down(); });
}

void Cluster::tell(const Result<void>& outcome) {
  failure_ = outcome ? std::string{} : outcome.error().message();
  if (outcome && !std::exchange(counted_, true)) shared_->status.connected();
  if (outcome) return;
  const RedisFault fault = link_.fault();
  if (fault != RedisFault::kNone) {
    shared_->status.trouble(static_cast<std::size_t>(fault), nameOf(fault), failure_);
  }
  if (std::exchange(counted_, false)) {
    shared_->status.lost(failure_);
  } else {
    shared_->status.failed(failure_);
  }
}

net::Task<Result<void>> Cluster::loadMap() {
  Result<void> done = Error(Errc::kIo, "Redis: no address is configured");
  for (const Endpoint& endpoint : known()) {
    done = co_await link_.open(endpoint, nodeGreeting(options()));
    if (!done) {
      if (done.error().code() == Errc::kShuttingDown) break;
      continue;
    }
    RedisCommand words{"CLUSTER", "SLOTS"};
    Result<Reply> reply = co_await link_.ask(std::move(words));
    link_.close();
    if (!reply) {
      done = reply.error();
      continue;
    }
    if (isError(*reply)) {
      done = commandError(textOf(**reply));
      continue;
    }
    const auto ranges = parseSlots(**reply, endpoint);
    if (ranges) {
      take(*ranges);
      break;
    }
    done = ranges.error();
  }
  co_return done;
}

void Cluster::take(const std::vector<SlotRange>& ranges) {
  loaded_ = true;
  for (auto& [name, node] : nodes_) node.master = false;
  slots_.fill(nullptr);
  for (const SlotRange& range : ranges) {
    Node& node = nodeAt(range.master);
    node.master = true;
    for (std::size_t slot = range.first; slot <= range.last; ++slot) {
      slots_[slot] = node.connection.get();
    }
  }
  std::vector<std::shared_ptr<RedisConnection>> gone;
  std::erase_if(nodes_, [&gone](auto& entry) {
    if (!entry.second.master) gone.push_back(std::move(entry.second.connection));
    return !entry.second.master;
  });
  for (const auto& connection : gone) connection->stop();
}

void Cluster::stop() {
  if (std::exchange(stopping_, true)) return;
  auto nodes = std::move(nodes_);
  nodes_.clear();
  slots_.fill(nullptr);
  for (auto& [name, node] : nodes) node.connection->stop();
  if (std::exchange(counted_, false)) shared_->status.closed();
  link_.cancel(Errc::kShuttingDown);
  pause_.end();
}

std::vector<Endpoint> Cluster::known() const {
  std::vector<Endpoint> all;
  for (const auto& [name, node] : nodes_) {
    if (!node.connection->down()) all.push_back(node.endpoint);
  }
  for (const std::string& address : options().address.addresses) {
    Endpoint seed = parseEndpoint(address);
    if (std::find(all.begin(), all.end(), seed) == all.end()) all.push_back(std::move(seed));
  }
  return all;
}

std::vector<const Node*> Cluster::masters() const {
  std::vector<const Node*> all;
  for (const auto& [name, node] : nodes_) {
    if (node.master) all.push_back(&node);
  }
  return all;
}

std::shared_ptr<RedisConnection> Cluster::owner(std::string_view key) {
  const RedisConnection* wanted = key.empty() ? nullptr : slots_[slotOf(key)];
  for (const auto& [name, node] : nodes_) {
    const bool any = key.empty() && node.master && !node.connection->down();
    if (any || (wanted != nullptr && node.connection.get() == wanted)) return node.connection;
  }
  return nullptr;
}

Node& Cluster::nodeAt(const Endpoint& endpoint) {
  const auto [at, fresh] = nodes_.try_emplace(endpoint.text());
  Node& node = at->second;
  if (fresh) {
    node.endpoint = endpoint;
    node.connection = std::make_shared<RedisConnection>(
        loop_, shared_, std::make_unique<NodeConnector>(endpoint), false);
    RedisConnection::start(node.connection);
  }
  return node;
}

Endpoint Cluster::endpointOf(const RedisConnection& connection) const {
  for (const auto& [name, node] : nodes_) {
    if (node.connection.get() == &connection) return node.endpoint;
  }
  return {};
}

void Cluster::moved(const Redirect& redirect) {
  Node& node = nodeAt(redirect.to);
  node.master = true;
  slots_[redirect.slot] = node.connection.get();
  wanted_ = true;
}

class ClusterRouter final : public RedisRouter {
 public:
  ClusterRouter(net::Loop& loop, std::shared_ptr<RedisShared> shared)
      : cluster_(std::make_shared<Cluster>(loop, std::move(shared))) {
    cluster_->wantMap();
    loop.post([cluster = cluster_] { Cluster::keepMap(cluster); });
  }
  ~ClusterRouter() override { cluster_->stop(); }

  net::Task<Result<Reply>> run(CommandWords words, std::string_view key, bool repeatable) override {
    const auto cluster = cluster_;
    const Result<void> ready = co_await awaitMap(cluster);
    if (!ready) co_return ready.error();
    auto node = cluster->owner(key);
    bool asking = false;
    for (int turn = 0; turn < kMaxRedirects && node != nullptr; ++turn) {
      RedisCall ask;
      RedisCall call;
      static constexpr std::string_view kAsking = "ASKING";
      // Both in one turn of the loop: nothing gets between them.
      if (asking) node->send(ask, {&kAsking, 1}, false);
      node->send(call, words, repeatable && !asking);
      Result<Reply> reply = co_await call;
      if (!reply) cluster->wantMap();
      if (!reply || !isError(*reply)) co_return reply;
      const Redirect redirect = parseRedirect(textOf(**reply), cluster->endpointOf(*node));
      if (redirect.kind == Redirect::Kind::kNone || cluster->stopped()) co_return reply;
      asking = redirect.kind == Redirect::Kind::kAsk;
      if (redirect.kind == Redirect::Kind::kTryAgain) {
        Pause pause(cluster->loop());
        co_await pause.wait(std::chrono::milliseconds(100));
        asking = true;
        continue;
      }
      if (redirect.kind == Redirect::Kind::kMoved) cluster->moved(redirect);
      node = cluster->nodeAt(redirect.to).connection;
    }
    if (node != nullptr) co_return Error(Errc::kIo, "Redis: redirected too often");
    cluster->wantMap();
    co_return Error(Errc::kIo, "Redis: nobody owns the slot of the key");
  }

  net::Task<Result<Reply>> runAt(std::size_t master, CommandWords words) override {
    const auto cluster = cluster_;
    const Result<void> ready = co_await awaitMap(cluster);
    if (!ready) co_return ready.error();
    const auto masters = cluster->masters();
    if (master >= masters.size()) co_return Error(Errc::kIo, "Redis: the cluster has changed");
    const auto connection = masters[master]->connection;
    RedisCall call;
    connection->send(call, words, true);
    co_return co_await call;
  }

  std::size_t masters() const override { return cluster_->masters().size(); }
  bool splitsKeys() const noexcept override { return true; }
  std::unique_ptr<RedisConnector> connector() override {
    return std::make_unique<AnyNodeConnector>(cluster_->known());
  }
  void stop() override { cluster_->stop(); }

 private:
  /// Until the first map is there, within the timeout. Afterwards a failed refresh stops nothing:
  /// the servers that are known may still answer.
  static net::Task<Result<void>> awaitMap(std::shared_ptr<Cluster> cluster) {
    const Clock::time_point until = cluster->loop().now() + cluster->options().address.timeout;
    while (cluster->starting() && !cluster->stopped()) {
      if (cluster->waiting >= cluster->options().max_waiting) {
        co_return Error(Errc::kForbidden, "Redis: too many commands wait for the cluster");
      }
      if (cluster->loop().now() >= until) {
        co_return Error(Errc::kTimeout, "Redis: no connection in time");
      }
      struct Count {
        std::size_t& value;
        ~Count() { --value; }
      } const count{++cluster->waiting};
      Pause pause(cluster->loop());
      co_await pause.wait(std::chrono::milliseconds(100));
    }
    if (cluster->stopped()) co_return Error(Errc::kShuttingDown, "Redis: the client is closed");
    if (cluster->masters().empty()) co_return Error(Errc::kIo, cluster->failure());
    co_return Result<void>{};
  }

  std::shared_ptr<Cluster> cluster_;
};

}  // namespace

std::unique_ptr<RedisRouter> makeClusterRouter(net::Loop& loop,
                                               std::shared_ptr<RedisShared> shared) {
  return std::make_unique<ClusterRouter>(loop, std::move(shared));
}

}  // namespace tykpp::storage
