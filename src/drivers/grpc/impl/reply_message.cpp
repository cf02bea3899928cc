#include "drivers/grpc/impl/reply_message.hpp"

#include <coprocess_object.pb.h>
#include <google/protobuf/io/coded_stream.h>

#include <climits>

#include "drivers/grpc/impl/session_message.hpp"

namespace tykpp::drivers::grpc {
namespace {

using Input = google::protobuf::io::CodedInputStream;
using Object = ::coprocess::Object;
using Request = ::coprocess::MiniRequestObject;
using Response = ::coprocess::ResponseObject;
using Overrides = ::coprocess::ReturnOverrides;

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kLengthDelimited = 2;
constexpr std::uint32_t kFixed32 = 5;

/// One field of a message: its number, and how its value is written.
struct Field {
  int number;
  std::uint32_t type;
  bool is(int wanted) const noexcept { return number == wanted && type == kLengthDelimited; }
  bool isNumber(int wanted) const noexcept { return number == wanted && type == kVarint; }
};

bool skipBytes(Input& in, std::uint64_t count) {
  return count <= INT_MAX && in.Skip(static_cast<int>(count));
}

bool skip(Input& in, const Field& field) {
  std::uint64_t value = 0;
  switch (field.type) {
    case kVarint:
      return in.ReadVarint64(&value);
    case kFixed64:
      return skipBytes(in, 8);
    case kLengthDelimited:
      return in.ReadVarint64(&value) && skipBytes(in, value);
    case kFixed32:
      return skipBytes(in, 4);
    default:  // groups: proto3 has none
      return false;
  }
}

/// Calls `visit(field)` for each field up to the end of the message; it reads the field's value or
/// skips it, and answers false when it cannot.
template <class Visit>
bool readFields(Input& in, const Visit& visit) {
  while (const std::uint32_t tag = in.ReadTag()) {
    const Field field{static_cast<int>(tag >> 3), tag & 7};
    if (field.number == 0 || !visit(field)) return false;
  }
  return in.ConsumedEntireMessage();
}

template <class Visit>
bool readMessage(Input& in, const Visit& visit) {
  int size = 0;
  if (!in.ReadVarintSizeAsInt(&size)) return false;
  const Input::Limit limit = in.PushLimit(size);
  // The end of the input looks like the end of the message, unless one asks.
  const bool good = readFields(in, visit) && in.BytesUntilLimit() == 0;
  in.PopLimit(limit);
  return good;
}

bool readBytes(Input& in, std::string& to) {
  int size = 0;
  return in.ReadVarintSizeAsInt(&size) && in.ReadString(&to, size);
}

bool readText(Input& in, std::vector<std::string>& to) { return readBytes(in, to.emplace_back()); }

bool readPair(Input& in, std::vector<coprocess::Pair>& to) {
  auto& [key, value] = to.emplace_back();
  return readMessage(in, [&, &key = key, &value = value](const Field& field) {
    if (field.is(1)) return readBytes(in, key);
    if (field.is(2)) return readBytes(in, value);
    return skip(in, field);
  });
}

bool readOverrides(Input& in, coprocess::Overrides& to) {
  return readMessage(in, [&](const Field& field) {
    std::uint64_t number = 0;
    if (field.isNumber(Overrides::kResponseCodeFieldNumber)) {
      if (!in.ReadVarint64(&number)) return false;
      to.code = static_cast<std::int32_t>(number);
      return true;
    }
    if (field.isNumber(Overrides::kOverrideErrorFieldNumber)) {
      if (!in.ReadVarint64(&number)) return false;
      to.override_error = number != 0;
      return true;
    }
    if (field.is(Overrides::kResponseErrorFieldNumber)) return readBytes(in, to.error);
    if (field.is(Overrides::kResponseBodyFieldNumber)) return readBytes(in, to.body);
    if (field.is(Overrides::kHeadersFieldNumber)) return readPair(in, to.headers);
    return skip(in, field);
  });
}

bool readRequest(Input& in, coprocess::RequestReply& to) {
  return readMessage(in, [&](const Field& field) {
    if (field.is(Request::kRawBodyFieldNumber)) return readBytes(in, to.raw_body.emplace());
    if (field.is(Request::kUrlFieldNumber)) return readBytes(in, to.url.emplace());
    if (field.is(Request::kMethodFieldNumber)) return readBytes(in, to.method.emplace());
    if (field.is(Request::kSetHeadersFieldNumber)) return readPair(in, to.set_headers);
    if (field.is(Request::kDeleteHeadersFieldNumber)) return readText(in, to.delete_headers);
    if (field.is(Request::kAddParamsFieldNumber)) return readPair(in, to.add_params);
    if (field.is(Request::kDeleteParamsFieldNumber)) return readText(in, to.delete_params);
    if (field.is(Request::kReturnOverridesFieldNumber)) return readOverrides(in, to.overrides);
    return skip(in, field);
  });
}

bool readHeader(Input& in, coprocess::HeaderValues& to) {
  return readMessage(in, [&](const Field& field) {
    if (field.is(::coprocess::Header::kKeyFieldNumber)) return readBytes(in, to.name);
    if (field.is(::coprocess::Header::kValuesFieldNumber)) return readText(in, to.values);
    return skip(in, field);
  });
}

bool readResponse(Input& in, coprocess::ResponseReply& to) {
  return readMessage(in, [&](const Field& field) {
    std::uint64_t number = 0;
    if (field.isNumber(Response::kStatusCodeFieldNumber)) {
      if (!in.ReadVarint64(&number)) return false;
      to.status = static_cast<std::int32_t>(number);
      return true;
    }
    if (field.is(Response::kRawBodyFieldNumber)) return readBytes(in, to.raw_body.emplace());
    if (field.is(Response::kHeadersFieldNumber)) return readPair(in, *to.headers);
    if (field.is(Response::kMultivalueHeadersFieldNumber)) {
      return readHeader(in, to.multivalue_headers.emplace_back());
    }
    return skip(in, field);
  });
}

/// The session comes as JSON, which is what authentication hooks of every language make.
bool readSession(Input& in, ::coprocess::SessionState& to) {
  std::string bytes;
  return readBytes(in, bytes) && to.MergeFromString(bytes);
}

}  // namespace

std::optional<ReplyMessage> readReply(google::protobuf::io::ZeroCopyInputStream& bytes) {
  Input in(&bytes);
  ReplyMessage reply;
  reply.response.headers.emplace();
  std::optional<::coprocess::SessionState> session;
  const bool good = readFields(in, [&](const Field& field) {
    if (field.is(Object::kRequestFieldNumber)) {
      reply.has_request = true;
      return readRequest(in, reply.request);
    }
    if (field.is(Object::kSessionFieldNumber)) {
      if (!session) session.emplace();
      return readSession(in, *session);
    }
    if (field.is(Object::kMetadataFieldNumber)) return readPair(in, reply.request.metadata);
    if (field.is(Object::kResponseFieldNumber)) {
      reply.has_response = true;
      return readResponse(in, reply.response);
    }
    return skip(in, field);
  });
  if (!good) return std::nullopt;
  if (session) reply.request.session = sessionJson(*session);
  return reply;
}

}  // namespace tykpp::drivers::grpc
