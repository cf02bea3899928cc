#include "drivers/grpc/impl/runtime.hpp"

#include "base/log.hpp"
#include "drivers/grpc/impl/wire_writer.hpp"

namespace tykpp::drivers::grpc {

namespace {

/// Events that a server has not taken yet; more are lost.
constexpr std::size_t kMaxEvents = 1024;

const std::string& eventMethod() {
  static const std::string name = "/coprocess.Dispatcher/DispatchEvent";
  return name;
}

::grpc::ByteBuffer eventMessage(const std::string& payload) {
  std::string message;
  constexpr int kPayloadField = 1;
  WireWriter(message).bytes(kPayloadField, payload);
  const ::grpc::Slice slice(message);
  return {&slice, 1};
}

}  // namespace

/// One event on its way.
struct EventCall final : Ticket {
  EventCall(Runtime& given, std::shared_ptr<Server> to, std::string name,
            std::shared_ptr<void> held)
      : runtime(given), server(std::move(to)), handler(std::move(name)), ticket(std::move(held)) {}
  void done() noexcept override { runtime.eventEnded(*this); }

  Runtime& runtime;
  std::shared_ptr<Server> server;
  std::string handler;
  std::shared_ptr<void> ticket;
  ::grpc::ClientContext context;
  std::unique_ptr<::grpc::ClientAsyncResponseReader<::grpc::ByteBuffer>> reader;
  ::grpc::ByteBuffer reply;
  ::grpc::Status status;
};

Runtime::Runtime(const definition::GrpcConfig& config, WorkerServices& services, LaneLimits limits)
    : config_(config),
      services_(services),
      limits_(limits),
      queue_(std::make_unique<CallQueue>()) {}

Runtime::~Runtime() { stop(); }

Result<std::shared_ptr<Server>> Runtime::server(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (const auto known = servers_.find(address); known != servers_.end()) {
    if (auto server = known->second.lock()) return server;
  }
  std::erase_if(servers_, [](const auto& entry) { return entry.second.expired(); });
  auto server = Server::open(address, config_);
  if (server) servers_[address] = *server;
  return server;
}

std::shared_ptr<Lane> Runtime::lane(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  while (lanes_.size() <= worker) {
    const auto index = static_cast<std::uint32_t>(lanes_.size());
    lanes_.push_back(std::make_shared<Lane>(services_, queue_.get(), index, limits_));
  }
  return lanes_[worker];
}

std::vector<RemoteServer> Runtime::servers() const {
  std::vector<RemoteServer> list;
  const std::lock_guard lock(mutex_);
  for (const auto& [address, known] : servers_) {
    if (const auto server = known.lock()) list.push_back(server->state());
  }
  return list;
}

void Runtime::sendEvent(const std::shared_ptr<Server>& server, const std::string& handler,
                        const std::string& payload, std::chrono::milliseconds timeout,
                        std::shared_ptr<void> ticket) {
  auto event = std::make_unique<EventCall>(*this, server, handler, std::move(ticket));
  EventCall& call = *event;
  Endpoint& endpoint = server->endpoint(0);
  {
    const std::lock_guard lock(mutex_);
    if (queue_ == nullptr) return;
    if (events_.size() < kMaxEvents) {
      call.context.set_deadline(std::chrono::system_clock::now() + timeout);
      call.reader = endpoint.stub.PrepareUnaryCall(&call.context, eventMethod(),
                                                   eventMessage(payload), &queue_->get());
      events_.emplace(&call, std::move(event));
      call.reader->StartCall();
      call.reader->Finish(&call.reply, &call.status, static_cast<Ticket*>(&call));
      return;
    }
  }
  complainOfEvent(*server, handler, "too many events wait for plugin servers already");
}

void Runtime::eventEnded(EventCall& event) noexcept {
  event.server->note(event.status);
  std::unique_ptr<EventCall> owned;
  {
    const std::lock_guard lock(mutex_);
    const auto found = events_.find(&event);
    owned = std::move(found->second);
    events_.erase(found);
  }
  if (!event.status.ok())
    complainOfEvent(*event.server, event.handler, event.status.error_message());
}

void Runtime::complainOfEvent(const Server& server, const std::string& handler,
                              const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (now - last_event_line_ < std::chrono::seconds(1)) return;
    last_event_line_ = now;
  }
  TYKPP_LOG(err, "grpc", "event not delivered handler={} server={} reason={}", log::quoted(handler),
            log::quoted(server.address()), log::quoted(why));
}

void Runtime::stop() {
  std::unique_ptr<CallQueue> queue;
  {
    const std::lock_guard lock(mutex_);
    queue = std::move(queue_);
    for (const auto& lane : lanes_) lane->close();
    for (const auto& [key, event] : events_) event->context.TryCancel();
  }
  queue.reset();  // its thread takes the lock for events that end
}

}  // namespace tykpp::drivers::grpc
