#pragma once
// The table of host functions that plugins call (tykpp_api_host of plugin.h).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "tykpp/plugin.h"

namespace tykpp::drivers::native {

/// The one table of the process.
extern const tykpp_api_host kHostApi;

/// What gateway_text answers from now on. Texts handed out before stay. Thread: any.
void setGatewayTexts(std::string version, std::string config);

/// What a level of plugin.h is in the log; unknown ones count as the nearest.
spdlog::level::level_enum severityOf(std::int32_t level) noexcept;

/// Takes plugins' log lines in place of the log. Thread: any.
using LogSink = void (*)(tykpp_call_host* call, std::int32_t level, std::string_view text);
extern std::atomic<LogSink> log_sink;

// Its parts: messages (host_message.cpp), session and record (host_data.cpp, host_record.cpp),
// waiting and log (host_api.cpp), state and the gateway's texts (host_state.cpp). None throws; all
// accept any pointer value that plugin.h allows, and null.
std::int32_t hostText(tykpp_call_host* call, std::int32_t field, tykpp_text_host* out) noexcept;
std::int32_t hostTextSet(tykpp_call_host* call, std::int32_t field,
                         tykpp_text_plugin value) noexcept;
std::int32_t hostHeaderCount(tykpp_call_host* call, std::int32_t message,
                             std::size_t* out) noexcept;
std::int32_t hostHeaderAt(tykpp_call_host* call, std::int32_t message, std::size_t index,
                          tykpp_text_host* name, tykpp_text_host* value) noexcept;
std::int32_t hostHeaderGet(tykpp_call_host* call, std::int32_t message, tykpp_text_plugin name,
                           std::size_t index, tykpp_text_host* out) noexcept;
std::int32_t hostHeaderSet(tykpp_call_host* call, std::int32_t message, tykpp_text_plugin name,
                           tykpp_text_plugin value) noexcept;
std::int32_t hostHeaderAdd(tykpp_call_host* call, std::int32_t message, tykpp_text_plugin name,
                           tykpp_text_plugin value) noexcept;
std::int32_t hostHeaderDelete(tykpp_call_host* call, std::int32_t message,
                              tykpp_text_plugin name) noexcept;
std::int32_t hostBodyGet(tykpp_call_host* call, std::int32_t message,
                         tykpp_text_host* out) noexcept;
std::int32_t hostBodySet(tykpp_call_host* call, std::int32_t message,
                         tykpp_text_plugin body) noexcept;
std::int32_t hostStatusGet(tykpp_call_host* call, std::int32_t* out) noexcept;
std::int32_t hostStatusSet(tykpp_call_host* call, std::int32_t status) noexcept;
std::int32_t hostRespond(tykpp_call_host* call, std::int32_t status,
                         tykpp_text_plugin body) noexcept;
std::int32_t hostSessionGet(tykpp_call_host* call, tykpp_text_host* json) noexcept;
std::int32_t hostSessionKey(tykpp_call_host* call, tykpp_text_host* key) noexcept;
std::int32_t hostSessionSet(tykpp_call_host* call, tykpp_text_plugin json,
                            tykpp_text_plugin key) noexcept;
std::int32_t hostRecordText(tykpp_call_host* call, std::int32_t field,
                            tykpp_text_host* out) noexcept;
std::int32_t hostRecordTextSet(tykpp_call_host* call, std::int32_t field,
                               tykpp_text_plugin value) noexcept;
std::int32_t hostRecordNumber(tykpp_call_host* call, std::int32_t field,
                              std::int64_t* out) noexcept;
std::int32_t hostRecordNumberSet(tykpp_call_host* call, std::int32_t field,
                                 std::int64_t value) noexcept;
std::int32_t hostGatewayText(std::int32_t field, tykpp_text_host* out) noexcept;
std::int32_t hostOnGone(tykpp_call_host* call, void (*ended)(void*), void* context) noexcept;
std::int32_t hostStateGet(tykpp_call_host* call, void** out) noexcept;
std::int32_t hostStateSet(tykpp_call_host* call, void* state, void (*drop)(void*)) noexcept;
std::int32_t hostRecordGet(tykpp_call_host* call, tykpp_text_host* json) noexcept;
std::int32_t hostRecordSet(tykpp_call_host* call, tykpp_text_plugin json) noexcept;
void hostLog(tykpp_call_host* call, std::int32_t level, tykpp_text_plugin text) noexcept;

}  // namespace tykpp::drivers::native
