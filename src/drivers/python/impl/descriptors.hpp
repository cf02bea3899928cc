#pragma once
// The messages of the coprocess protocol as one table: what each field is called, its number on the
// wire and what it holds. The message type, the encoder, the text form and the JSON form are all
// driven by it.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tykpp::drivers::python {

enum class Kind : std::uint8_t {
  kText,
  kBytes,
  kInt32,
  kInt64,
  kDouble,
  kBool,
  kEnum,
  kMessage,
  kTextMap,
  kMessageMap,
  kTexts,
  kDoubles,
  kMessages,
};

enum class Type : std::uint8_t {
  kObject,
  kRequest,
  kOverrides,
  kResponse,
  kHeader,
  kSession,
  kAccessDefinition,
  kAccessSpec,
  kBasicAuth,
  kJwt,
  kMonitor,
  kStringSlice,
  kEvent,
  kEventReply,
};
constexpr std::size_t kTypes = 14;

struct Field {
  const char* name;
  std::uint32_t number;
  Kind kind;
  Type type = Type::kObject;  ///< of the message, or of the map's or list's messages
};

struct Descriptor {
  Type type;
  const char* name;    ///< `MiniRequestObject`
  const char* module;  ///< the Python module it is imported from
  const Field* fields;
  std::size_t count;

  /// The field's index, or `count`.
  std::size_t find(std::string_view field) const noexcept;
};

const Descriptor& descriptorOf(Type type) noexcept;

/// Indices of the fields that the driver itself reads and writes.
enum RequestField : std::uint8_t {
  kRequestHeaders,
  kSetHeaders,
  kDeleteHeaders,
  kBody,
  kUrl,
  kParams,
  kAddParams,
  kExtendedParams,
  kDeleteParams,
  kReturnOverrides,
  kMethod,
  kRequestUri,
  kScheme,
  kRawBody,
};
enum OverridesField : std::uint8_t {
  kResponseCode,
  kResponseError,
  kOverrideHeaders,
  kOverrideError,
  kResponseBody,
};
enum ResponseField : std::uint8_t {
  kStatusCode,
  kResponseRawBody,
  kResponseText,
  kResponseHeaders,
  kMultivalueHeaders,
};
enum HeaderField : std::uint8_t { kHeaderKey, kHeaderValues };
constexpr std::size_t kSessionMetadata = 22;

}  // namespace tykpp::drivers::python
