// Host functions over the session and the traffic record.
#include <limits>

#include "base/log.hpp"
#include "drivers/native/impl/guard.hpp"
#include "drivers/native/impl/host_api.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::native {
namespace {

std::string_view* textField(TrafficRecord& record, std::int32_t field) noexcept {
  switch (field) {
    case TYKPP_RECORD_METHOD:
      return &record.method;
    case TYKPP_RECORD_HOST:
      return &record.host;
    case TYKPP_RECORD_PATH:
      return &record.path;
    case TYKPP_RECORD_RAW_PATH:
      return &record.raw_path;
    case TYKPP_RECORD_USER_AGENT:
      return &record.user_agent;
    case TYKPP_RECORD_API_ID:
      return &record.api_id;
    case TYKPP_RECORD_API_NAME:
      return &record.api_name;
    case TYKPP_RECORD_ORG_ID:
      return &record.org_id;
    case TYKPP_RECORD_IP_ADDRESS:
      return &record.ip_address;
    default:
      return nullptr;
  }
}

std::int64_t* numberField(TrafficRecord& record, std::int32_t field) noexcept {
  switch (field) {
    case TYKPP_RECORD_CONTENT_LENGTH:
      return &record.content_length;
    case TYKPP_RECORD_LATENCY_TOTAL_US:
      return &record.latency_total_us;
    case TYKPP_RECORD_LATENCY_UPSTREAM_US:
      return &record.latency_upstream_us;
    case TYKPP_RECORD_TIMESTAMP:
      return &record.timestamp;
    default:
      return nullptr;
  }
}

/// The log says which field and why: a plugin's author sees only the number.
std::int32_t refuseSession(tykpp_call_host& call, const Error& error) {
  const std::int32_t code =
      error.code() == Errc::kNotBuilt ? TYKPP_ERR_NOT_BUILT : TYKPP_ERR_ARGUMENT;
  if (const LogSink sink = log_sink.load(std::memory_order_relaxed); sink != nullptr) {
    sink(&call, TYKPP_LOG_WARN,
         "session refused field=" + log::quoted(error.where()) +
             " reason=" + log::quoted(error.message()));
    return code;
  }
  TYKPP_LOG(warn, "plugin", "session refused field={} reason={} hook_name={} api_id={}",
            log::quoted(error.where()), log::quoted(error.message()),
            log::quoted(call.facts->hook_name), log::quoted(call.facts->api_id));
  return code;
}

}  // namespace

std::int32_t hostSessionGet(tykpp_call_host* call, tykpp_text_host* json) noexcept {
  if (json == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.session_as_text) return give(json, live.session_json);
    if (live.exchange->session == nullptr) return TYKPP_ERR_NOT_FOUND;
    return give(json, live.exchange->session->json());
  });
}

std::int32_t hostSessionKey(tykpp_call_host* call, tykpp_text_host* key) noexcept {
  if (key == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.session_as_text) return give(key, live.session_key);
    if (live.exchange->session == nullptr) return TYKPP_ERR_NOT_FOUND;
    return give(key, live.exchange->session->token());
  });
}

std::int32_t hostSessionSet(tykpp_call_host* call, tykpp_text_plugin json,
                            tykpp_text_plugin key) noexcept {
  if (!valid(json) || !valid(key)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.hook == Hook::kAnalytics) return TYKPP_ERR_NOT_HERE;
    auto state = session::SessionState::parse(view(json), view(key));
    if (!state) return refuseSession(live, state.error());
    live.exchange->session = std::make_shared<session::SessionState>(std::move(*state));
    live.session_as_text = false;
    live.changed |= kSessionChanged;
    return TYKPP_OK;
  });
}

std::int32_t hostRecordText(tykpp_call_host* call, std::int32_t field,
                            tykpp_text_host* out) noexcept {
  if (out == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.record == nullptr) return TYKPP_ERR_NOT_HERE;
    const std::string_view* text = textField(*live.record, field);
    return text != nullptr ? give(out, *text) : std::int32_t{TYKPP_ERR_ARGUMENT};
  });
}

std::int32_t hostRecordTextSet(tykpp_call_host* call, std::int32_t field,
                               tykpp_text_plugin value) noexcept {
  if (!valid(value)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.record == nullptr) return TYKPP_ERR_NOT_HERE;
    std::string_view* text = textField(*live.record, field);
    if (text == nullptr) return TYKPP_ERR_ARGUMENT;
    *text = live.exchange->arena().copy(view(value));
    live.changed |= kRecordChanged;
    return TYKPP_OK;
  });
}

std::int32_t hostRecordNumber(tykpp_call_host* call, std::int32_t field,
                              std::int64_t* out) noexcept {
  if (out == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.record == nullptr) return TYKPP_ERR_NOT_HERE;
    if (field == TYKPP_RECORD_RESPONSE_CODE) {
      *out = live.record->response_code;
      return TYKPP_OK;
    }
    const std::int64_t* number = numberField(*live.record, field);
    if (number == nullptr) return TYKPP_ERR_ARGUMENT;
    *out = *number;
    return TYKPP_OK;
  });
}

std::int32_t hostRecordNumberSet(tykpp_call_host* call, std::int32_t field,
                                 std::int64_t value) noexcept {
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.record == nullptr) return TYKPP_ERR_NOT_HERE;
    if (field == TYKPP_RECORD_RESPONSE_CODE) {
      if (value < 0 || value > std::numeric_limits<std::uint16_t>::max()) return TYKPP_ERR_ARGUMENT;
      live.record->response_code = static_cast<std::uint16_t>(value);
      live.changed |= kRecordChanged;
      return TYKPP_OK;
    }
    std::int64_t* number = numberField(*live.record, field);
    if (number == nullptr) return TYKPP_ERR_ARGUMENT;
    *number = value;
    live.changed |= kRecordChanged;
    return TYKPP_OK;
  });
}

}  // namespace tykpp::drivers::native
