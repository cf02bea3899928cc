#include "drivers/grpc/impl/request_message.hpp"

#include <coprocess_object.pb.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "drivers/grpc/impl/session_message.hpp"
#include "drivers/grpc/impl/wire_writer.hpp"
#include "drivers/message_edit.hpp"

namespace tykpp::drivers::grpc {
namespace {

using Object = ::coprocess::Object;
using Request = ::coprocess::MiniRequestObject;
using Response = ::coprocess::ResponseObject;
using Overrides = ::coprocess::ReturnOverrides;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::string repaired(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = utf8SequenceLength(bytes);
    text += length > 0 ? bytes.substr(0, length) : kReplacement;
    bytes.remove_prefix(length > 0 ? length : 1);
  }
  return text;
}

/// `return_overrides { response_code: -1 }`: nothing is overridden yet.
const std::string& noOverrides() {
  static const std::string bytes = [] {
    std::string inner, outer;
    WireWriter(inner).number(Overrides::kResponseCodeFieldNumber, -1);
    WireWriter(outer).bytes(Request::kReturnOverridesFieldNumber, inner);
    return outer;
  }();
  return bytes;
}

/// `body` beside `raw_body`: when it is text and wanted.
std::string_view textBody(std::string_view body, const coprocess::Facts& facts) {
  return !facts.raw_body_only && isUtf8(body) ? body : std::string_view{};
}

template <int kRaw, int kText, class Part>
std::size_t partSize(const Part& part) noexcept {
  return part.fields.size() + (part.raw_body.empty() ? 0 : fieldSize(kRaw, part.raw_body.size())) +
         (part.body.empty() ? 0 : fieldSize(kText, part.body.size()));
}

/// Writes into memory that is large enough.
class Pen {
 public:
  explicit Pen(char* to) : to_(to) {}
  void put(std::string_view bytes) noexcept {
    if (bytes.empty()) return;
    std::memcpy(to_, bytes.data(), bytes.size());
    to_ += bytes.size();
  }
  void head(int field, std::size_t length) noexcept {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(length);
  }
  void field(int number, std::string_view bytes) noexcept {
    if (bytes.empty()) return;
    head(number, bytes.size());
    put(bytes);
  }

 private:
  void varint(std::uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7) *to_++ = static_cast<char>(value | 0x80);
    *to_++ = static_cast<char>(value);
  }
  char* to_;
};

void addHeader(std::string& out, std::string_view name,
               const std::vector<coprocess::ViewPair>& fields, std::size_t first, Arena& arena) {
  std::string header;
  WireWriter writer(header);
  writer.bytes(::coprocess::Header::kKeyFieldNumber, name);
  for (std::size_t i = first; i < fields.size(); ++i) {
    if (fields[i].first != name) continue;
    const std::string_view value = asUtf8(fields[i].second, arena);
    writer.head(::coprocess::Header::kValuesFieldNumber, value.size());
    header += value;
  }
  WireWriter(out).bytes(Response::kMultivalueHeadersFieldNumber, header);
}

}  // namespace

std::string constantPart(const coprocess::Facts& facts, Hook hook) {
  std::string bytes;
  WireWriter writer(bytes);
  writer.number(Object::kHookTypeFieldNumber, coprocess::hookType(hook));
  writer.bytes(Object::kHookNameFieldNumber, facts.hook_name);
  for (const auto& [key, value] : facts.spec) {
    const std::string text = isUtf8(value) ? value : repaired(value);
    writer.pair(Object::kSpecFieldNumber, key, text);
  }
  return bytes;
}

std::string_view asUtf8(std::string_view bytes, Arena& arena) {
  return isUtf8(bytes) ? bytes : arena.copy(repaired(bytes));
}

std::string_view shownUrl(http::Exchange& exchange) {
  return asUtf8(coprocess::shownUrl(exchange), exchange.arena());
}

void RequestMessage::addRequest(http::Exchange& exchange, const coprocess::Facts& facts) {
  Arena& arena = exchange.arena();
  WireWriter writer(request_.fields);
  for (const auto& [name, value] : coprocess::requestHeaders(exchange)) {
    writer.pair(Request::kHeadersFieldNumber, name, asUtf8(value, arena));
  }
  for (const auto& [name, value] : coprocess::requestParams(exchange)) {
    writer.pair(Request::kParamsFieldNumber, asUtf8(name, arena), asUtf8(value, arena));
  }
  writer.bytes(Request::kUrlFieldNumber, shownUrl(exchange));
  writer.bytes(Request::kMethodFieldNumber, coprocess::shownMethod(exchange));
  writer.bytes(Request::kRequestUriFieldNumber, asUtf8(coprocess::requestUri(exchange), arena));
  writer.bytes(Request::kSchemeFieldNumber, coprocess::requestScheme(exchange));
  request_.fields += noOverrides();
  request_.raw_body = coprocess::requestBody(exchange);
  request_.body = textBody(request_.raw_body, facts);
  request_.size = partSize<Request::kRawBodyFieldNumber, Request::kBodyFieldNumber>(request_);
}

void RequestMessage::addResponse(http::Exchange& exchange, const coprocess::Facts& facts) {
  WireWriter writer(response_.fields);
  writer.number(Response::kStatusCodeFieldNumber, exchange.response().status);
  const std::vector<coprocess::ViewPair> fields = coprocess::responseFields(exchange);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view name = fields[i].first;
    const auto known = [name](const coprocess::ViewPair& field) { return field.first == name; };
    if (std::any_of(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(i), known))
      continue;
    if (name != "Host") {
      writer.pair(Response::kHeadersFieldNumber, name, asUtf8(fields[i].second, exchange.arena()));
    }
    addHeader(response_.fields, name, fields, i, exchange.arena());
  }
  if (const std::string* body = exchange.response().body()) response_.raw_body = *body;
  response_.body = textBody(response_.raw_body, facts);
  response_.size = partSize<Response::kRawBodyFieldNumber, Response::kBodyFieldNumber>(response_);
}

void RequestMessage::addSession(const http::Exchange& exchange, Hook hook) {
  const nlohmann::json message = coprocess::sessionMessage(exchange, hook);
  if (!message.is_object()) return;
  const ::coprocess::SessionState session = sessionFrom(message);
  const std::string bytes = session.SerializeAsString();
  WireWriter writer(head_);
  writer.head(Object::kSessionFieldNumber, bytes.size());  // also when it is empty
  head_ += bytes;
  for (const auto& [key, value] : session.metadata()) {
    writer.pair(Object::kMetadataFieldNumber, key, value);
  }
}

void RequestMessage::build(HookCall& call, const coprocess::Facts& facts,
                           std::string_view constant) {
  head_.assign(constant);
  for (Part* part : {&request_, &response_}) {
    part->fields.clear();
    part->raw_body = part->body = {};
  }
  addSession(call.exchange, call.hook);
  addRequest(call.exchange, facts);
  has_response_ = call.hook == Hook::kResponse;
  if (has_response_) addResponse(call.exchange, facts);
}

std::size_t RequestMessage::size() const noexcept {
  return head_.size() + fieldSize(Object::kRequestFieldNumber, request_.size) +
         (has_response_ ? fieldSize(Object::kResponseFieldNumber, response_.size) : 0);
}

void RequestMessage::write(char* to) const noexcept {
  Pen pen(to);
  pen.put(head_);
  pen.head(Object::kRequestFieldNumber, request_.size);
  pen.put(request_.fields);
  pen.field(Request::kBodyFieldNumber, request_.body);
  pen.field(Request::kRawBodyFieldNumber, request_.raw_body);
  if (!has_response_) return;
  pen.head(Object::kResponseFieldNumber, response_.size);
  pen.put(response_.fields);
  pen.field(Response::kRawBodyFieldNumber, response_.raw_body);
  pen.field(Response::kBodyFieldNumber, response_.body);
}

}  // namespace tykpp::drivers::grpc
