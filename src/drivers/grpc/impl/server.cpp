#include "drivers/grpc/impl/server.hpp"

#include <grpcpp/create_channel.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include "base/log.hpp"

namespace tykpp::drivers::grpc {
namespace {

// gRPC's own: 1 s, then up to two minutes, in which every request would fail though the server is
// back.
constexpr int kFirstReconnectMs = 100;
constexpr int kLastReconnectMs = 2000;
/// A connection that takes longer is given up; a Java server needs a second for its first one.
constexpr int kConnectTimeMs = 10'000;
/// Bytes a server may send ahead: fixed, because gRPC's way of finding the best number is a ping
/// for nearly every answer.
constexpr int kWindowBytes = 1 << 20;
/// Between two questions of a name after its connections failed; gRPC's own is 30 s.
constexpr int kResolveAgainMs = 5000;

Result<std::string> readPem(const char* key, const std::string& file) {
  if (file.empty()) return std::string{};
  std::ifstream in(file, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  if (!in || content.str().empty()) {
    return Error(Errc::kBadPlugin, std::string("coprocess_options.") + key + ": " +
                                       log::quoted(file) + " cannot be read");
  }
  return content.str();
}

Result<std::shared_ptr<::grpc::ChannelCredentials>> credentialsFor(
    const Target& target, const definition::GrpcConfig& config) {
  if (!target.tls) return ::grpc::InsecureChannelCredentials();
  if (config.tls_cert_file.empty() != config.tls_key_file.empty()) {
    return Error(Errc::kBadPlugin,
                 "coprocess_options: grpc_tls_cert_file and grpc_tls_key_file go together");
  }
  ::grpc::SslCredentialsOptions options;
  struct Source {
    const char* key;
    const std::string& file;
    std::string& to;
  };
  for (const Source& source :
       {Source{"grpc_tls_ca_file", config.tls_ca_file, options.pem_root_certs},
        Source{"grpc_tls_cert_file", config.tls_cert_file, options.pem_cert_chain},
        Source{"grpc_tls_key_file", config.tls_key_file, options.pem_private_key}}) {
    auto pem = readPem(source.key, source.file);
    if (!pem) return pem.error();
    source.to = std::move(*pem);
  }
  return ::grpc::SslCredentials(options);
}

const char* stateName(bool failing, bool ready, bool connecting) {
  return failing ? "failing" : ready ? "ready" : connecting ? "connecting" : "idle";
}

}  // namespace

Result<std::shared_ptr<Server>> Server::open(const std::string& address,
                                             const definition::GrpcConfig& config) {
  auto target = parseTarget(address);
  if (!target) return target.error();
  auto credentials = credentialsFor(*target, config);
  if (!credentials) return credentials.error();
  std::shared_ptr<Server> server(
      new Server(address, std::move(*target), config, std::move(*credentials)));
  // The first worker's connection is made at once: the first request finds it, and health pages
  // know.
  server->endpoint(0).channel->GetState(true);
  return server;
}

Server::Server(std::string address, Target target, const definition::GrpcConfig& config,
               std::shared_ptr<::grpc::ChannelCredentials> credentials)
    : address_(std::move(address)),
      target_(std::move(target)),
      config_(config),
      credentials_(std::move(credentials)) {}

std::shared_ptr<::grpc::Channel> Server::connect() const {
  ::grpc::ChannelArguments arguments;
  // Channels to one address would share a connection otherwise.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Plugin servers are neighbours: `http_proxy` is not for them.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeMs);  // it is named otherwise
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kResolveAgainMs);
  // Counters nobody reads, and a timer that closes connections after half an hour without a call.
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  arguments.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, std::numeric_limits<int>::max());
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
  if (config_.recv_max_size > 0)
    arguments.SetMaxReceiveMessageSize(static_cast<int>(config_.recv_max_size));
  if (config_.send_max_size > 0)
    arguments.SetMaxSendMessageSize(static_cast<int>(config_.send_max_size));
  if (config_.round_robin || target_.several) arguments.SetLoadBalancingPolicyName("round_robin");
  if (!config_.authority.empty())
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, config_.authority);
  if (target_.tls && !config_.tls_server_name.empty())
    arguments.SetSslTargetNameOverride(config_.tls_server_name);
  if (config_.keepalive_time.count() > 0) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                     static_cast<int>(std::min<std::int64_t>(config_.keepalive_time.count() * 1000,
                                                             std::numeric_limits<int>::max())));
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  return ::grpc::CreateCustomChannel(target_.uri, credentials_, arguments);
}

Endpoint& Server::endpoint(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  while (endpoints_.size() <= worker) endpoints_.emplace_back();
  if (endpoints_[worker] == nullptr) endpoints_[worker] = std::make_unique<Endpoint>(connect());
  return *endpoints_[worker];
}

void Server::note(const ::grpc::Status& status) {
  if (status.ok() && !failed_.load(std::memory_order_relaxed)) [[likely]]
    return;
  if (!status.ok() && status.error_code() != ::grpc::StatusCode::UNAVAILABLE) return;
  const std::lock_guard lock(mutex_);
  error_ = status.error_message();
  failed_.store(!status.ok(), std::memory_order_relaxed);
}

RemoteServer Server::state() const {
  bool failing = false;
  bool ready = false;
  bool connecting = false;
  const std::lock_guard lock(mutex_);
  for (const auto& endpoint : endpoints_) {
    if (endpoint == nullptr) continue;
    const grpc_connectivity_state state = endpoint->channel->GetState(true);
    failing = failing || state == GRPC_CHANNEL_TRANSIENT_FAILURE;
    ready = ready || state == GRPC_CHANNEL_READY;
    connecting = connecting || state == GRPC_CHANNEL_CONNECTING;
  }
  // While it connects anew after a failure, it fails still.
  failing = failing || (connecting && failed_.load(std::memory_order_relaxed));
  return {address_, stateName(failing, ready, connecting), error_};
}

}  // namespace tykpp::drivers::grpc
