// Replies: what a hook in a plugin host process came to, and what it changed.
#include "drivers/message_edit.hpp"
#include "drivers/native/isolated/call_message.hpp"
#include "drivers/native/isolated/record_fields.hpp"
#include "http/header_name.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

/// In place of a number: the field is new, name and value follow.
constexpr std::uint32_t kNewField = 0xffffffff;
/// More fields than any message has; a list of references is short for what it makes.
constexpr std::uint32_t kMaxFields = 65536;

bool sameField(const http::HeaderField& a, const http::HeaderField& b) noexcept {
  // The same bytes, not equal ones: comparing where they are is enough, and cheap.
  return a.name.data() == b.name.data() && a.value.data() == b.value.data() &&
         a.value.size() == b.value.size();
}

void writeFields(FrameWriter& frame, const http::Headers& headers,
                 const std::vector<http::HeaderField>& sent) {
  frame.number(static_cast<std::uint32_t>(headers.size()));
  std::size_t next = 0;  // fields keep their order, as a rule
  for (const http::HeaderField& field : headers) {
    std::size_t at = next;
    while (at < sent.size() && !sameField(field, sent[at])) ++at;
    if (at < sent.size()) {
      frame.number(static_cast<std::uint32_t>(at));
      next = at + 1;
    } else {
      frame.number(kNewField);
      frame.text(field.name);
      frame.text(field.value);
    }
  }
}

/// Replaces the fields, the ones that are known by number copied from what they replace.
bool readFields(FrameReader& frame, http::Headers& headers) {
  const auto count = frame.number<std::uint32_t>();
  if (count > kMaxFields) return false;
  Arena& arena = headers.arena();
  http::Headers changed(arena);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto at = frame.number<std::uint32_t>();
    if (!frame.good()) return false;
    if (at != kNewField) {
      if (at >= headers.size()) return false;
      const http::HeaderField& field = *(headers.begin() + static_cast<std::ptrdiff_t>(at));
      changed.add({field.id, field.name}, field.value);
      continue;
    }
    const std::string_view name = frame.text();
    const std::string_view value = frame.text();
    if (!http::isToken(name) || !http::isFieldValue(value)) return false;
    const http::HeaderName known(name);
    if (belongsToGateway(known.id())) return false;
    changed.add({known.id(), arena.copy(name)}, arena.copy(value));
  }
  headers = std::move(changed);
  return true;
}

bool readMethod(FrameReader& frame, http::Request& request) {
  const std::string_view method = frame.text();
  if (method.size() > kMaxMethodBytes || !http::isToken(method)) return false;
  request.method = request.headers.arena().copy(method);
  return true;
}

bool readTarget(FrameReader& frame, http::Request& request) {
  const std::string_view target = frame.text();
  if (target.empty() || target.front() != '/') return false;
  for (const char c : target) {
    if (c <= 0x20 || c >= 0x7f || c == '#') return false;
  }
  return request.setTarget(request.headers.arena().copy(target));
}

bool readHost(FrameReader& frame, http::Request& request) {
  const std::string_view host = frame.text();
  if (host.empty() || host.size() > kMaxHostBytes || !http::isAuthority(host)) return false;
  request.host = request.headers.arena().copy(host);
  return true;
}

bool readStatus(FrameReader& frame, http::Response& response) {
  const auto status = frame.number<std::uint16_t>();
  if (status < 200 || status > 599) return false;
  response.status = status;
  response.reason = {};
  return true;
}

bool readSession(FrameReader& frame, http::Exchange& exchange) {
  const std::string_view json = frame.text();
  const std::string_view token = frame.text();
  auto session = session::SessionState::parse(json, token);
  if (!frame.good() || !session) return false;
  exchange.session = std::make_shared<session::SessionState>(std::move(*session));
  return true;
}

bool readChanges(FrameReader& frame, HookCall& call, unsigned changed) {
  http::Exchange& exchange = call.exchange;
  http::Request& request = exchange.request();
  http::Response& response = exchange.response();
  if ((changed & kMethodChanged) != 0 && !readMethod(frame, request)) return false;
  if ((changed & kHostChanged) != 0 && !readHost(frame, request)) return false;
  if ((changed & kUrlChanged) != 0 && !readTarget(frame, request)) return false;
  if ((changed & kRequestHeadersChanged) != 0 && !readFields(frame, request.headers)) return false;
  if ((changed & kRequestBodyChanged) != 0) request.setBody(std::string(frame.text()));
  if ((changed & kResponseChanged) != 0 &&
      !(readStatus(frame, response) && readFields(frame, response.headers))) {
    return false;
  }
  if ((changed & kResponseBodyChanged) != 0) response.setBody(std::string(frame.text()));
  if ((changed & kSessionChanged) != 0 && !readSession(frame, exchange)) return false;
  if ((changed & kAnswerHeadersChanged) != 0 && !readFields(frame, exchange.answer_headers)) {
    return false;
  }
  if ((changed & kRecordChanged) != 0) readRecord(frame, *call.record, exchange.arena(), true);
  return frame.done();
}

/// What a hook at this place may change at all.
unsigned allowedAt(Hook hook) {
  if (hook == Hook::kAnalytics) return kRecordChanged;
  const unsigned answer = kResponseChanged | kResponseBodyChanged | kSessionChanged;
  if (hook == Hook::kResponse) return answer;
  return answer | kMethodChanged | kUrlChanged | kRequestHeadersChanged | kRequestBodyChanged |
         kAnswerHeadersChanged | kHostChanged;
}

}  // namespace

void writeReply(std::string& out, const ForeignCall& call, Outcome outcome, HookVerdict verdict,
                std::string_view reason, bool has_state) {
  FrameWriter frame(out, FrameKind::kReply);
  frame.number(call.head.id);
  frame.number(static_cast<std::uint8_t>(outcome));
  frame.number(static_cast<std::uint8_t>(verdict));
  frame.flag(has_state);
  frame.text(reason);
  const unsigned changed =
      outcome == Outcome::kVerdict ? call.changed & ~unsigned{kStateChanged} : 0;
  frame.number(static_cast<std::uint16_t>(changed));
  const http::Request& request = call.own.request();
  const http::Response& response = call.own.response();
  if ((changed & kMethodChanged) != 0) frame.text(request.method);
  if ((changed & kHostChanged) != 0) frame.text(request.host);
  if ((changed & kUrlChanged) != 0) frame.text(request.target);
  if ((changed & kRequestHeadersChanged) != 0) {
    writeFields(frame, request.headers, call.sent_request);
  }
  if ((changed & kRequestBodyChanged) != 0) frame.text(*request.body());
  if ((changed & kResponseChanged) != 0) {
    frame.number(response.status);
    writeFields(frame, response.headers, call.sent_response);
  }
  if ((changed & kResponseBodyChanged) != 0) frame.text(*response.body());
  if ((changed & kSessionChanged) != 0) {
    frame.text(call.own.session->json());
    frame.text(call.own.session->token());
  }
  if ((changed & kAnswerHeadersChanged) != 0) {
    writeFields(frame, call.own.answer_headers, call.sent_answer);
  }
  if ((changed & kRecordChanged) != 0) writeRecord(frame, call.own_record);
  frame.end();
}

bool readReplyHead(FrameReader& frame, ReplyHead& head) {
  head.id = frame.number<std::uint64_t>();
  const auto outcome = frame.number<std::uint8_t>();
  const auto verdict = frame.number<std::uint8_t>();
  head.has_state = frame.flag();
  head.reason = frame.text();
  if (!frame.good() || outcome > static_cast<std::uint8_t>(Outcome::kGone) ||
      verdict > static_cast<std::uint8_t>(HookVerdict::kDrop) ||
      verdict == static_cast<std::uint8_t>(HookVerdict::kPending)) {
    return false;
  }
  head.outcome = static_cast<Outcome>(outcome);
  head.verdict = static_cast<HookVerdict>(verdict);
  return true;
}

Result<void> applyReply(FrameReader& frame, HookCall& call) {
  const unsigned changed = frame.number<std::uint16_t>();
  if ((changed & ~allowedAt(call.hook)) != 0) {
    return Error(Errc::kIo, "a reply changes what its hook may not");
  }
  if (!readChanges(frame, call, changed)) return Error(Errc::kIo, "a reply that is malformed");
  return {};
}

}  // namespace tykpp::drivers::native::isolated
