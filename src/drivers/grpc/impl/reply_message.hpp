#pragma once
// The `coprocess.Object` that a plugin server answers with: what of it counts.

#include <optional>
#include <string>

#include "drivers/coprocess/message.hpp"

namespace google::protobuf::io {
class ZeroCopyInputStream;
}

namespace tykpp::drivers::grpc {

/// Fields that count for nothing (the request's own headers, `spec` …) are skipped without a copy.
struct ReplyMessage {
  bool has_request = false;
  bool has_response = false;
  coprocess::RequestReply request;  ///< with `session`, `metadata`; unset where there is no request
  coprocess::ResponseReply response;  ///< `headers` is set, changed or not
};

/// @return nothing when the bytes are no such message
std::optional<ReplyMessage> readReply(google::protobuf::io::ZeroCopyInputStream& bytes);

}  // namespace tykpp::drivers::grpc
