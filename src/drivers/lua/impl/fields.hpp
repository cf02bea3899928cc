#pragma once
// The fields of the tables that functions get.

namespace tykpp::drivers::lua {

/// Fields of the `request` table. The order is that of kRequestFields.
enum class RequestField : int {
  kHeaders,
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
  kCount
};
inline constexpr const char* kRequestFields[] = {
    "headers", "set_headers", "delete_headers",  "body",          "url",
    "params",  "add_params",  "extended_params", "delete_params", "return_overrides",
    "method",  "request_uri", "scheme",          "raw_body"};

/// Fields of the `response` table.
enum class ResponseField : int {
  kStatusCode,
  kHeaders,
  kMultivalueHeaders,
  kBody,
  kRawBody,
  kCount
};
inline constexpr const char* kResponseFields[] = {"status_code", "headers", "multivalue_headers",
                                                  "body", "raw_body"};

}  // namespace tykpp::drivers::lua
