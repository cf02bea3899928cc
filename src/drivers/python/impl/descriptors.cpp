#include "drivers/python/impl/descriptors.hpp"

#include <iterator>

namespace tykpp::drivers::python {
namespace {

constexpr Field kObjectFields[] = {
    {"hook_type", 1, Kind::kEnum},
    {"hook_name", 2, Kind::kText},
    {"request", 3, Kind::kMessage, Type::kRequest},
    {"session", 4, Kind::kMessage, Type::kSession},
    {"metadata", 5, Kind::kTextMap},
    {"spec", 6, Kind::kTextMap},
    {"response", 7, Kind::kMessage, Type::kResponse},
};

// Order: RequestField.
constexpr Field kRequestFields[] = {
    {"headers", 1, Kind::kTextMap},
    {"set_headers", 2, Kind::kTextMap},
    {"delete_headers", 3, Kind::kTexts},
    {"body", 4, Kind::kText},
    {"url", 5, Kind::kText},
    {"params", 6, Kind::kTextMap},
    {"add_params", 7, Kind::kTextMap},
    {"extended_params", 8, Kind::kTextMap},
    {"delete_params", 9, Kind::kTexts},
    {"return_overrides", 10, Kind::kMessage, Type::kOverrides},
    {"method", 11, Kind::kText},
    {"request_uri", 12, Kind::kText},
    {"scheme", 13, Kind::kText},
    {"raw_body", 14, Kind::kBytes},
};

// Order: OverridesField.
constexpr Field kOverridesFields[] = {
    {"response_code", 1, Kind::kInt32}, {"response_error", 2, Kind::kText},
    {"headers", 3, Kind::kTextMap},     {"override_error", 4, Kind::kBool},
    {"response_body", 5, Kind::kText},
};

// Order: ResponseField.
constexpr Field kResponseFields[] = {
    {"status_code", 1, Kind::kInt32},
    {"raw_body", 2, Kind::kBytes},
    {"body", 3, Kind::kText},
    {"headers", 4, Kind::kTextMap},
    {"multivalue_headers", 5, Kind::kMessages, Type::kHeader},
};

constexpr Field kHeaderFields[] = {{"key", 1, Kind::kText}, {"values", 2, Kind::kTexts}};

constexpr Field kSessionFields[] = {
    {"last_check", 1, Kind::kInt64},
    {"allowance", 2, Kind::kDouble},
    {"rate", 3, Kind::kDouble},
    {"per", 4, Kind::kDouble},
    {"expires", 5, Kind::kInt64},
    {"quota_max", 6, Kind::kInt64},
    {"quota_renews", 7, Kind::kInt64},
    {"quota_remaining", 8, Kind::kInt64},
    {"quota_renewal_rate", 9, Kind::kInt64},
    {"access_rights", 10, Kind::kMessageMap, Type::kAccessDefinition},
    {"org_id", 11, Kind::kText},
    {"oauth_client_id", 12, Kind::kText},
    {"oauth_keys", 13, Kind::kTextMap},
    {"basic_auth_data", 14, Kind::kMessage, Type::kBasicAuth},
    {"jwt_data", 15, Kind::kMessage, Type::kJwt},
    {"hmac_enabled", 16, Kind::kBool},
    {"hmac_secret", 17, Kind::kText},
    {"is_inactive", 18, Kind::kBool},
    {"apply_policy_id", 19, Kind::kText},
    {"data_expires", 20, Kind::kInt64},
    {"monitor", 21, Kind::kMessage, Type::kMonitor},
    {"enable_detailed_recording", 22, Kind::kBool},
    {"metadata", 23, Kind::kTextMap},
    {"tags", 24, Kind::kTexts},
    {"alias", 25, Kind::kText},
    {"last_updated", 26, Kind::kText},
    {"id_extractor_deadline", 27, Kind::kInt64},
    {"session_lifetime", 28, Kind::kInt64},
    {"apply_policies", 29, Kind::kTexts},
    {"certificate", 30, Kind::kText},
    {"max_query_depth", 31, Kind::kInt64},
    {"key_id", 32, Kind::kText},
    {"post_expiry_action", 33, Kind::kText},
    {"post_expiry_grace_period", 34, Kind::kInt64},
};
static_assert(std::size(kSessionFields) == 34);
static_assert(std::string_view(kSessionFields[kSessionMetadata].name) == "metadata");

constexpr Field kAccessDefinitionFields[] = {
    {"api_name", 1, Kind::kText},
    {"api_id", 2, Kind::kText},
    {"versions", 3, Kind::kTexts},
    {"allowed_urls", 4, Kind::kMessages, Type::kAccessSpec},
};
constexpr Field kAccessSpecFields[] = {{"url", 1, Kind::kText}, {"methods", 2, Kind::kTexts}};
constexpr Field kBasicAuthFields[] = {{"password", 1, Kind::kText}, {"hash", 2, Kind::kText}};
constexpr Field kJwtFields[] = {{"secret", 1, Kind::kText}};
constexpr Field kMonitorFields[] = {{"trigger_limits", 1, Kind::kDoubles}};
constexpr Field kStringSliceFields[] = {{"items", 1, Kind::kTexts}};
constexpr Field kEventFields[] = {{"payload", 1, Kind::kText}};

constexpr const char* kObjectModule = "coprocess_object_pb2";
constexpr const char* kRequestModule = "coprocess_mini_request_object_pb2";
constexpr const char* kOverridesModule = "coprocess_return_overrides_pb2";
constexpr const char* kResponseModule = "coprocess_response_object_pb2";
constexpr const char* kSessionModule = "coprocess_session_state_pb2";
constexpr const char* kCommonModule = "coprocess_common_pb2";

template <std::size_t N>
constexpr Descriptor describe(Type type, const char* name, const char* module,
                              const Field (&fields)[N]) {
  return {type, name, module, fields, N};
}

// Order: Type.
constexpr Descriptor kDescriptors[] = {
    describe(Type::kObject, "Object", kObjectModule, kObjectFields),
    describe(Type::kRequest, "MiniRequestObject", kRequestModule, kRequestFields),
    describe(Type::kOverrides, "ReturnOverrides", kOverridesModule, kOverridesFields),
    describe(Type::kResponse, "ResponseObject", kResponseModule, kResponseFields),
    describe(Type::kHeader, "Header", kResponseModule, kHeaderFields),
    describe(Type::kSession, "SessionState", kSessionModule, kSessionFields),
    describe(Type::kAccessDefinition, "AccessDefinition", kSessionModule, kAccessDefinitionFields),
    describe(Type::kAccessSpec, "AccessSpec", kSessionModule, kAccessSpecFields),
    describe(Type::kBasicAuth, "BasicAuthData", kSessionModule, kBasicAuthFields),
    describe(Type::kJwt, "JWTData", kSessionModule, kJwtFields),
    describe(Type::kMonitor, "Monitor", kSessionModule, kMonitorFields),
    describe(Type::kStringSlice, "StringSlice", kCommonModule, kStringSliceFields),
    describe(Type::kEvent, "Event", kObjectModule, kEventFields),
    {Type::kEventReply, "EventReply", kObjectModule, nullptr, 0},
};
static_assert(std::size(kDescriptors) == kTypes);

}  // namespace

std::size_t Descriptor::find(std::string_view field) const noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (field == fields[i].name) return i;
  }
  return count;
}

const Descriptor& descriptorOf(Type type) noexcept {
  return kDescriptors[static_cast<std::size_t>(type)];
}

}  // namespace tykpp::drivers::python
