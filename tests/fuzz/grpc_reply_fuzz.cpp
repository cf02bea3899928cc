// Answers of plugin servers: our reader takes and refuses what the generated classes do, and finds
// the same in it.
#include <coprocess_object.pb.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstdint>
#include <cstdlib>

#include "drivers/grpc/impl/reply_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 20) return 0;
  google::protobuf::io::ArrayInputStream bytes(data, static_cast<int>(size));
  const auto reply = tykpp::drivers::grpc::readReply(bytes);
  ::coprocess::Object object;
  const bool good = object.ParseFromArray(data, static_cast<int>(size));
  // Groups, which proto3 has not, are refused by us alone; so is less inside fields that we skip.
  if (!reply || !good) return 0;
  if (reply->has_request != object.has_request()) std::abort();
  if (reply->has_response != object.has_response()) std::abort();
  if (reply->request.url.value_or("") != object.request().url()) std::abort();
  if (reply->request.raw_body.value_or("") != object.request().raw_body()) std::abort();
  if (reply->request.overrides.code != object.request().return_overrides().response_code()) {
    std::abort();
  }
  if (reply->response.status != object.response().status_code()) std::abort();
  if (reply->request.session.has_value() != object.has_session()) std::abort();
  return 0;
}
