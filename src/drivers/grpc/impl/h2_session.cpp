#include "drivers/grpc/impl/h2_session.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>

#include "tykpp/version.h"

namespace tykpp::drivers::grpc {
namespace {

/// Bytes that a server may send ahead of what was read, on a stream and on the connection.
constexpr std::int32_t kStreamWindow = 1 << 20;
constexpr std::int32_t kConnectionWindow = 4 << 20;
constexpr std::uint32_t kMaxHeaderList = 16U << 10;
constexpr std::string_view kUserAgent = "tykpp/" TYKPP_VERSION;

nghttp2_nv field(std::string_view name, std::string_view value, std::uint8_t flags) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

/// A field whose text outlives the frame.
nghttp2_nv lasting(std::string_view name, std::string_view value) {
  return field(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE);
}

std::string_view viewOf(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

struct H2Session::Callbacks {
  static H2Session& of(void* user) { return *static_cast<H2Session*>(user); }
  static Slot* slotOf(nghttp2_session* session, std::int32_t stream) {
    return static_cast<Slot*>(nghttp2_session_get_stream_user_data(session, stream));
  }
  static bool opensStream(const nghttp2_frame& frame) {
    return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  }

  static int onHeader(nghttp2_session* session, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t, void* user) {
    Slot* slot = slotOf(session, frame->hd.stream_id);
    if (slot != nullptr && slot->rpc != nullptr) {
      of(user).header(*slot, viewOf(name, name_size), viewOf(value, value_size));
    }
    return 0;
  }
  static int onData(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                    const std::uint8_t* data, std::size_t size, void* user) {
    Slot* slot = slotOf(session, stream);
    if (slot != nullptr && slot->rpc != nullptr) of(user).data(*slot, data, size);
    return 0;
  }
  static int onFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Session& self = of(user);
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
      self.settings();
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
      self.pinged(frame->ping.opaque_data);
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      const nghttp2_goaway& away = frame->goaway;
      if (away.error_code != NGHTTP2_NO_ERROR) {
        const std::size_t length = std::min<std::size_t>(away.opaque_data_len, 100);
        self.error_ = std::string("the server ended the connection: ") +
                      nghttp2_http2_strerror(away.error_code) + " " +
                      std::string(viewOf(away.opaque_data, length));
      }
      self.owner_.onGoAway();
    } else if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
               (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
      Slot* slot = slotOf(session, frame->hd.stream_id);
      if (slot != nullptr && slot->rpc != nullptr) self.finished(*slot);
    }
    return 0;
  }
  static int onClose(nghttp2_session* session, std::int32_t stream, std::uint32_t error,
                     void* user) {
    if (Slot* slot = slotOf(session, stream)) of(user).streamClosed(*slot, error);
    return 0;
  }
  static int beforeSend(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      // What the library did not like goes to the server; nobody else is told of some of it.
      const nghttp2_goaway& away = frame->goaway;
      const std::string_view why = viewOf(away.opaque_data, away.opaque_data_len);
      onError(nullptr, 0, why.data(), why.size(), user);
    }
    if (!opensStream(*frame)) return 0;
    Slot* slot = slotOf(session, frame->hd.stream_id);
    if (slot == nullptr || slot->rpc == nullptr) return 0;
    slot->rpc->progress_.begun = true;
    slot->rpc->progress_.begins_at = of(user).produced_;
    return 0;
  }
  static int onError(nghttp2_session*, int, const char* text, std::size_t size, void* user) {
    H2Session& self = of(user);
    if (self.error_.empty()) self.error_ = std::string("not good HTTP/2: ").append(text, size);
    return 0;
  }
  static int onInvalidFrame(nghttp2_session*, const nghttp2_frame*, int code, void* user) {
    const char* text = nghttp2_strerror(code);
    return onError(nullptr, code, text, std::char_traits<char>::length(text), user);
  }
  static ssize_t readMessage(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source* source, void*) {
    const auto* slot = static_cast<const Slot*>(source->ptr);
    if (slot->rpc == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::size_t left = slot->rpc->message.size() - slot->rpc->progress_.sent;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (left <= size) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(std::min(left, size));
  }
  static int sendData(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head, std::size_t size,
                      nghttp2_data_source* source, void* user) {
    constexpr std::size_t kHeadBytes = 9;
    H2Session& self = of(user);
    const auto* slot = static_cast<const Slot*>(source->ptr);
    if (slot->rpc == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    std::size_t& sent = slot->rpc->progress_.sent;
    self.out_->append(reinterpret_cast<const char*>(head), kHeadBytes);
    self.out_->append(slot->rpc->message, sent, size);
    sent += size;
    self.produced_ += kHeadBytes + size;
    return 0;
  }

  static const nghttp2_session_callbacks* table() {
    static const nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* to = nullptr;
      nghttp2_session_callbacks_new(&to);
      nghttp2_session_callbacks_set_on_header_callback(to, &onHeader);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, &onData);
      nghttp2_session_callbacks_set_on_frame_recv_callback(to, &onFrame);
      nghttp2_session_callbacks_set_on_stream_close_callback(to, &onClose);
      nghttp2_session_callbacks_set_before_frame_send_callback(to, &beforeSend);
      nghttp2_session_callbacks_set_error_callback2(to, &onError);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(to, &onInvalidFrame);
      nghttp2_session_callbacks_set_send_data_callback(to, &sendData);
      return to;
    }();
    return made;
  }
  static const nghttp2_option* options() {
    static const nghttp2_option* const made = [] {
      nghttp2_option* to = nullptr;
      nghttp2_option_new(&to);
      nghttp2_option_set_no_auto_ping_ack(to, 1);
      return to;
    }();
    return made;
  }
};

H2Session::H2Session(Owner& owner, Options options) : owner_(owner), options_(std::move(options)) {
  if (nghttp2_session_client_new2(&session_, Callbacks::table(), this, Callbacks::options()) != 0) {
    throw std::bad_alloc();  // as every other allocation
  }
  const std::array<nghttp2_settings_entry, 3> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxHeaderList},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

H2Session::~H2Session() { nghttp2_session_del(session_); }

bool H2Session::feed(const char* data, std::size_t size) {
  if (broken_) return false;
  if (!greeted_ && size > 0) {
    greeted_ = true;
    if (std::string_view(data, size).starts_with("HTTP/")) {
      error_ = "the server speaks HTTP/1 and not HTTP/2";
      broken_ = true;
      return false;
    }
  }
  const ssize_t taken =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(data), size);
  if (taken >= 0) return true;
  if (error_.empty()) error_ = nghttp2_strerror(static_cast<int>(taken));
  broken_ = true;
  return false;
}

void H2Session::pull(std::string& out, std::size_t limit) {
  if (broken_) return;
  out_ = &out;
  const std::size_t most = out.size() + limit;
  while (out.size() < most) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) {
      broken_ = true;
      if (error_.empty()) error_ = nghttp2_strerror(static_cast<int>(size));
    }
    if (size <= 0) break;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    produced_ += static_cast<std::uint64_t>(size);
  }
  out_ = nullptr;
}

bool H2Session::over() const noexcept {
  return broken_ ||
         (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0);
}

bool H2Session::start(Rpc& rpc) {
  if (broken_ || nghttp2_session_check_request_allowed(session_) == 0) return false;
  // A time that differs from call to call would push the other fields out of the server's table.
  const bool again = rpc.timeout == last_timeout_;
  if (!again) last_timeout_ = rpc.timeout;
  const std::uint8_t timeout_flags =
      NGHTTP2_NV_FLAG_NO_COPY_NAME | (again ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX);
  const std::array<nghttp2_nv, 9> fields{
      lasting(":method", "POST"),
      lasting(":scheme", options_.tls ? "https" : "http"),
      lasting(":path", rpc.path),
      lasting(":authority", options_.authority),
      lasting("te", "trailers"),
      lasting("content-type", "application/grpc"),
      lasting("user-agent", kUserAgent),
      lasting("grpc-accept-encoding", "identity"),
      field("grpc-timeout", rpc.timeout, timeout_flags),
  };
  Slot& slot = takeSlot(rpc);
  nghttp2_data_provider message{};
  message.source.ptr = &slot;
  message.read_callback = &Callbacks::readMessage;
  slot.stream =
      nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &message, &slot);
  if (slot.stream > 0) return true;
  letGo(slot);
  freeSlot(slot);
  return false;
}

H2Session::Slot& H2Session::takeSlot(Rpc& rpc) {
  if (free_.empty()) {
    slots_.push_back(std::make_unique<Slot>());
    free_.push_back(slots_.back().get());
  }
  Slot& slot = *free_.back();
  free_.pop_back();
  slot.rpc = &rpc;
  rpc.reply.clear();
  rpc.status = {};
  rpc.progress_ = {};
  rpc.progress_.slot = &slot;
  ++active_;
  return slot;
}

/// The stream may go on; its call is none of ours any more.
void H2Session::letGo(Slot& slot) noexcept {
  slot.rpc->progress_.slot = nullptr;
  slot.rpc = nullptr;
  --active_;
}

void H2Session::freeSlot(Slot& slot) noexcept {
  slot.stream = -1;
  free_.push_back(&slot);
}

void H2Session::reset(Slot& slot) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, slot.stream, NGHTTP2_CANCEL);
}

void H2Session::end(Slot& slot, bool unprocessed) {
  Rpc& rpc = *slot.rpc;
  letGo(slot);
  owner_.onEnd(rpc, unprocessed);
}

void H2Session::cancel(Rpc& rpc) {
  auto* slot = static_cast<Slot*>(rpc.progress_.slot);
  if (slot == nullptr) return;
  reset(*slot);
  letGo(*slot);
}

void H2Session::abandon(const Status& status, std::uint64_t accepted) {
  broken_ = true;
  for (const auto& slot : slots_) {
    if (slot->rpc == nullptr) continue;
    const Rpc::Progress& progress = slot->rpc->progress_;
    const bool unprocessed = !progress.begun || progress.begins_at >= accepted;
    slot->rpc->status = status;
    end(*slot, unprocessed);
  }
}

void H2Session::streamClosed(Slot& slot, std::uint32_t http2_error) {
  if (slot.rpc != nullptr) {
    Status& status = slot.rpc->status;
    status.code = codeOfReset(http2_error);
    status.message = std::string("the stream was reset: ") + nghttp2_http2_strerror(http2_error);
    end(slot, http2_error == NGHTTP2_REFUSED_STREAM);
  }
  freeSlot(slot);
}

void H2Session::settings() {
  max_streams_ =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  owner_.onSettings();
}

void H2Session::pinged(const unsigned char* opaque) {
  if (owed_pings_ == pings_.size()) answerPings();
  std::copy_n(opaque, pings_[owed_pings_].size(), pings_[owed_pings_].begin());
  ++owed_pings_;
}

void H2Session::answerPings() {
  for (std::size_t i = 0; i < owed_pings_; ++i) {
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_ACK, pings_[i].data());
  }
  owed_pings_ = 0;
}

void H2Session::ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void H2Session::goAway() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
}

}  // namespace tykpp::drivers::grpc
