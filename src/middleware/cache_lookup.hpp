#pragma once
// The response cache: a step that answers with what was kept, and one that has answers kept.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "definition/cache_rules.hpp"
#include "http/answer_cache.hpp"
#include "middleware/endpoint_table.hpp"
#include "storage/cache_client.hpp"

namespace tykpp::middleware {

/// Answers a request with what was kept of an earlier one of the same client. Whoever stands behind
/// it does not run then, and neither do response steps: what was kept went through them. A request
/// that may be cached and finds nothing gets an `answer_cache`.
///
/// As in the reference, clients of keyless APIs are told apart by their address alone, and answers
/// are kept whatever their `Cache-Control` and `Vary` say. Unlike there, nothing is kept that is no
/// whole answer (206, 304), an answer in a coding that the client does not take is fetched anew,
/// and an upgrade of the connection is never answered from the cache. Thread: any worker. Source:
/// `cache_options`, `extended_paths.cache`, `extended_paths.advance_cache_config`.
class CacheLookup final : public chain::Step {
 public:
  static constexpr std::string_view kName = "cache_lookup";
  /// @error  an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit CacheLookup(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  /// The body is part of what tells requests apart where endpoints that take one are cached.
  http::BodyNeed requestBody() const noexcept override { return body_need_; }

 private:
  using Rule = definition::EndpointCache;
  /// Whether answers to the request are kept. @param rule  gets what its endpoint says, or null
  bool concerns(const http::Exchange& exchange, const Rule*& rule) const;
  /// Who asks, empty when that cannot be told.
  std::string_view clientOf(const http::Exchange& exchange) const noexcept;
  /// Completes an answer that was kept.
  static void answer(http::Exchange& exchange);

  const std::shared_ptr<const definition::CacheRules> rules_;
  const storage::CacheClients& clients_;
  const int xff_depth_;
  const std::size_t max_value_bytes_;
  http::BodyNeed body_need_ = http::BodyNeed::kStream;
  EndpointTable<Rule> endpoints_;
};

/// The last of the response steps: decides whether an answer is kept. One whose body is in memory
/// is kept at once; of others the head is, and the body follows as it streams by (keepAnswer()).
/// Thread: any worker. Source: `cache_options`.
class CacheStore final : public chain::ResponseStep {
 public:
  static constexpr std::string_view kName = "cache_store";
  static Result<std::vector<std::unique_ptr<chain::ResponseStep>>> create(
      const chain::BuildContext& build);
  explicit CacheStore(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onResponse(http::Exchange& exchange) const override;

 private:
  /// Seconds, nought for an answer that is not kept.
  std::int64_t lifetimeOf(const http::Exchange& exchange) const;
  /// What the answer says of its own time, nothing when it does not.
  std::optional<std::int64_t> ownLifetime(const http::Response& response) const;

  const std::shared_ptr<const definition::CacheRules> rules_;
  const storage::CacheClients& clients_;
  const std::size_t max_body_bytes_;
};

/// Sends an answer to the store, beside the caller. Thread: the exchange's worker.
/// @pre `exchange.answer_cache` has the answer's head and lifetime
/// @param body  all of it
void keepAnswer(const http::Exchange& exchange, std::string_view body,
                storage::CacheClient& client);

}  // namespace tykpp::middleware
