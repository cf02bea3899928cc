#pragma once
// Headers that the definition removes and sets, of requests and of answers.

#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "definition/transform_rules.hpp"
#include "middleware/endpoint_table.hpp"

namespace tykpp::middleware {

/// A HeaderEdit with its names looked up. What frames a message stays the gateway's, and so do
/// fields that concern one connection alone. Thread: any.
class HeaderEditor {
 public:
  /// @param verbatim  names keep their spelling (`ignore_canonical_mime_header_key`)
  HeaderEditor(const definition::HeaderEdit& edit, bool verbatim);
  /// @param headers  of the exchange
  void apply(http::Headers& headers, http::Exchange& exchange) const;
  /// The client's address is among what is removed.
  bool removesForwardedFor() const noexcept { return removes_forwarded_for_; }
  bool empty() const noexcept { return remove_.empty() && set_.empty(); }

 private:
  struct Set {
    http::HeaderId id;
    std::string name;
    definition::VariableText value;
  };
  struct Remove {
    http::HeaderId id;
    std::string name;
  };
  std::vector<Remove> remove_;
  std::vector<Set> set_;
  bool removes_forwarded_for_ = false;
};

/// Changes headers of requests: those of all endpoints, then those of the first endpoint that
/// matches. Thread: any worker. Source: `global_headers…`, `extended_paths.transform_headers`.
class RequestHeaders final : public chain::Step {
 public:
  static constexpr std::string_view kName = "request_headers";
  /// @error  an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit RequestHeaders(HeaderEditor global) : global_(std::move(global)) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  static void apply(const HeaderEditor& editor, http::Exchange& exchange);
  HeaderEditor global_;
  EndpointTable<HeaderEditor> endpoints_;
};

/// The same for answers; here what is said of all endpoints comes last. Thread: any worker.
/// Source: `global_response_headers…`, `extended_paths.transform_response_headers`, options of the
/// response processor `header_injector`.
class ResponseHeaders final : public chain::ResponseStep {
 public:
  static constexpr std::string_view kName = "response_headers";
  /// @error  an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::ResponseStep>>> create(
      const chain::BuildContext& build);
  ResponseHeaders(HeaderEditor global, HeaderEditor processor)
      : global_(std::move(global)), processor_(std::move(processor)) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onResponse(http::Exchange& exchange) const override;
  bool takesStreams() const noexcept override { return true; }

 private:
  HeaderEditor global_;
  HeaderEditor processor_;
  EndpointTable<HeaderEditor> endpoints_;
};

}  // namespace tykpp::middleware
