#pragma once
// What counts of a script's result, in the order of the reference. Thread: the exchange's worker.

#include <string>

#include "drivers/js/impl/reply.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::js {

/// What does not change between calls of one hook. Immutable.
struct HookFacts {
  Hook hook = Hook::kPre;
  std::string function;  ///< as the definition names it
  std::string api_id;
  std::string org_id;
  bool require_session = false;
  bool verbatim_names = false;   ///< `ignore_canonical_mime_header_key`
  bool attaches_session = true;  ///< ApiSpec::customAuthGivesSession
};

Result<HookVerdict> applyRequest(http::Exchange& exchange, const HookFacts& facts,
                                 RequestReply reply);
Result<HookVerdict> applyResponse(http::Exchange& exchange, const HookFacts& facts,
                                  ResponseReply reply);
Result<HookVerdict> applyVirtual(http::Exchange& exchange, const HookFacts& facts,
                                 VirtualReply reply);
/// What the client gets when the hook's script failed.
Error failure(Hook hook, std::string detail, Errc code = Errc::kPluginFailed);

/// Makes `meta_data` the session's. A session that was changed has to be stored: the place to do so
/// when keys are kept.
/// @param meta  JSON text of an object; empty: none
void replaceMetadata(http::Exchange& exchange, const std::string& meta);

}  // namespace tykpp::drivers::js
