#include "drivers/native/isolated/call_message.hpp"

#include "drivers/native/isolated/record_fields.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

/// What a call carries beside the request's head.
enum CallPart : std::uint16_t {
  kTls = 1,
  kHasQuery = 2,
  kSession = 4,
  kRequestBody = 8,
  kResponse = 16,
  kResponseBody = 32,
  kRecord = 64,
  kAnswerHeaders = 128,
  kCertificates = 256,
};

unsigned partsOf(const HookCall& call, bool reads_body) {
  const http::Exchange& exchange = call.exchange;
  const bool response = call.hook >= Hook::kResponse;
  unsigned parts = 0;
  if (exchange.peer.tls) parts |= kTls;
  if (exchange.peer_certificates != nullptr) parts |= kCertificates;
  if (exchange.request().has_query) parts |= kHasQuery;
  if (exchange.session != nullptr) parts |= kSession;
  if (!response && reads_body && exchange.request().body() != nullptr) parts |= kRequestBody;
  if (response) parts |= kResponse;
  if (call.hook == Hook::kResponse && reads_body && exchange.response().body() != nullptr) {
    parts |= kResponseBody;
  }
  if (call.record != nullptr) parts |= kRecord;
  if (!response && exchange.answer_headers.size() != 0) parts |= kAnswerHeaders;
  return parts;
}

void writeFields(FrameWriter& frame, const http::Headers& headers) {
  frame.number(static_cast<std::uint32_t>(headers.size()));
  for (const http::HeaderField& field : headers) {
    frame.number(static_cast<std::uint8_t>(field.id));
    frame.text(field.name);
    frame.text(field.value);
  }
}

void readFields(FrameReader& frame, http::Headers& headers, std::vector<http::HeaderField>& sent) {
  const auto count = frame.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && frame.good(); ++i) {
    const auto id = frame.number<std::uint8_t>();
    const std::string_view name = frame.text();
    const std::string_view value = frame.text();
    const auto known = id < static_cast<std::uint8_t>(http::HeaderId::kCount)
                           ? static_cast<http::HeaderId>(id)
                           : http::HeaderId::kOther;
    headers.add({known, name}, value);
  }
  sent.assign(headers.begin(), headers.end());
}

void readRequest(FrameReader& frame, ForeignCall& call, unsigned parts) {
  http::Request& request = call.own.request();
  request.version_minor = frame.number<std::uint8_t>();
  request.method = frame.text();
  request.target = frame.text();
  request.received_target = frame.text();
  request.raw_path = frame.text();
  request.path = frame.text();
  request.query = frame.text();
  request.host = frame.text();
  request.has_query = (parts & kHasQuery) != 0;
  call.own.peer.address = frame.text();
  call.own.peer.port = frame.number<std::uint16_t>();
  call.own.peer.tls = (parts & kTls) != 0;
  if (call.own.peer.tls) {
    call.own.peer.tls_version = frame.text();
    call.own.peer.tls_cipher = frame.text();
    call.own.peer.server_name = frame.text();
  }
  readFields(frame, request.headers, call.sent_request);
  if ((parts & kRequestBody) != 0) request.setBody(std::string(frame.text()));
}

void readRest(FrameReader& frame, ForeignCall& call, unsigned parts) {
  if ((parts & kSession) != 0) {
    call.session_as_text = true;
    call.session_json = frame.text();
    call.session_key = frame.text();
  }
  if ((parts & kResponse) != 0) {
    call.own.response().status = frame.number<std::uint16_t>();
    readFields(frame, call.own.response().headers, call.sent_response);
  }
  if ((parts & kResponseBody) != 0) call.own.response().setBody(std::string(frame.text()));
  if ((parts & kAnswerHeaders) != 0) {
    readFields(frame, call.own.answer_headers, call.sent_answer);
  }
  if ((parts & kRecord) != 0) {
    readRecord(frame, call.own_record, call.arena, false);
    call.record = &call.own_record;
  }
  if ((parts & kCertificates) != 0) {
    call.certificates.chain.emplace_back(frame.text());
    call.own.peer_certificates = &call.certificates;
  }
}

}  // namespace

void writeCall(std::string& out, const CallHead& head, const HookCall& call, bool reads_body) {
  const http::Exchange& exchange = call.exchange;
  const http::Request& request = exchange.request();
  const unsigned parts = partsOf(call, reads_body);
  FrameWriter frame(out, FrameKind::kCall);
  frame.number(head.id);
  frame.number(head.hook);
  frame.number(exchange.requestId());
  frame.number(static_cast<std::uint8_t>(call.hook));
  frame.number(static_cast<std::uint16_t>(parts));
  frame.number(request.version_minor);
  for (const std::string_view text :
       {request.method, request.target, request.received_target, request.raw_path, request.path,
        request.query, request.host, exchange.peer.address}) {
    frame.text(text);
  }
  frame.number(exchange.peer.port);
  if ((parts & kTls) != 0) {
    frame.text(exchange.peer.tls_version);
    frame.text(exchange.peer.tls_cipher);
    frame.text(exchange.peer.server_name);
  }
  writeFields(frame, request.headers);
  if ((parts & kRequestBody) != 0) frame.text(*request.body());
  if ((parts & kSession) != 0) {
    frame.text(exchange.session->json());
    frame.text(exchange.session->token());
  }
  if ((parts & kResponse) != 0) {
    frame.number(exchange.response().status);
    writeFields(frame, exchange.response().headers);
  }
  if ((parts & kResponseBody) != 0) frame.text(*exchange.response().body());
  if ((parts & kAnswerHeaders) != 0) writeFields(frame, exchange.answer_headers);
  if ((parts & kRecord) != 0) writeRecord(frame, *call.record);
  if ((parts & kCertificates) != 0) frame.text(exchange.peer_certificates->joined());
  frame.end();
}

bool readHead(FrameReader& frame, CallHead& head) {
  head.id = frame.number<std::uint64_t>();
  head.hook = frame.number<std::uint64_t>();
  return frame.good();
}

std::shared_ptr<ForeignCall> readCall(std::string_view body) {
  constexpr std::size_t kHeadBytes = 3 * sizeof(std::uint64_t);
  if (body.size() < kHeadBytes) return nullptr;
  FrameReader first(body);
  CallHead head;
  readHead(first, head);
  auto call = std::make_shared<ForeignCall>(std::string(body), first.number<std::uint64_t>());
  FrameReader frame(std::string_view(call->frame).substr(kHeadBytes));
  call->head = head;
  const auto hook = frame.number<std::uint8_t>();
  if (hook > static_cast<std::uint8_t>(Hook::kAnalytics)) return nullptr;
  call->hook = static_cast<Hook>(hook);
  const unsigned parts = frame.number<std::uint16_t>();
  readRequest(frame, *call, parts);
  readRest(frame, *call, parts);
  if (!frame.done()) return nullptr;
  call->exchange = &call->own;
  return call;
}

}  // namespace tykpp::drivers::native::isolated
