#pragma once
// `POST /tyk/debug`: one request through a definition that is not registered.

#include <string>

#include "http/wire_text.hpp"

namespace tykpp::admin {

struct DebugCall {
  std::string definition;  ///< JSON text
  bool oas = false;        ///< of an OpenAPI document, else of a Classic definition
  http::RequestParts request;
};

struct DebugOutcome {
  enum class End : std::uint8_t {
    kAnswered,
    kNoChain,  ///< the definition cannot be used; `logs` says why
    kFailed,   ///< for the reason in `failure`
  };
  End end = End::kFailed;
  std::string dump;  ///< request and response in wire form
  std::string logs;  ///< a JSON object a line
  std::string failure;
};

}  // namespace tykpp::admin
