#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "definition/access_rules.hpp"

namespace tykpp::middleware {

/// Answers preflight requests (Fetch standard, "CORS protocol") and says on other answers who may
/// read them. A request that CORS does not allow is not refused: the browser keeps the answer from
/// the page. Thread: any worker. Source: `CORS`.
class Cors final : public chain::Step {
 public:
  static constexpr std::string_view kName = "cors";
  /// @return nothing unless `CORS.enable`
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit Cors(const definition::Cors& rules);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  /// `http://*.example`: what stands before and behind the star.
  struct Wildcard {
    std::string prefix, suffix;
  };
  bool allowsOrigin(std::string_view origin) const;
  bool allowsMethod(std::string_view method) const noexcept;
  bool allowsHeaders(std::string_view list) const noexcept;
  void preflight(http::Exchange& exchange) const;
  void actual(http::Exchange& exchange) const;
  void allow(http::Exchange& exchange, std::string_view origin) const;

  bool all_origins_ = false;
  std::vector<std::string> origins_;  // lower case
  std::vector<Wildcard> wildcards_;
  std::vector<std::string> methods_;
  bool all_headers_ = false;
  std::vector<std::string> headers_;  // lower case, sorted
  std::string exposed_;
  bool credentials_;
  std::string max_age_;  // empty: not said
  bool passthrough_;
};

}  // namespace tykpp::middleware
