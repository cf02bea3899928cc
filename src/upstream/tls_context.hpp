#pragma once
#include <openssl/ssl.h>

#include "base/error.hpp"
#include "definition/api_spec.hpp"

namespace tykpp::upstream {

/// A client context for these settings: the system's certificate authorities, verification unless
/// it is switched off, no certificate of its own (call_tls.cpp). The caller owns it. @error
/// kBadDefinition naming the setting and OpenSSL's reason
Result<SSL_CTX*> makeTlsContext(const definition::UpstreamTls& tls);

}  // namespace tykpp::upstream
