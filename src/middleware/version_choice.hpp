#pragma once
// Which version of an API a request gets.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "definition/version_rules.hpp"
#include "http/exchange.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Reads the version's name from a request, takes it out where the definition says so, and finds
/// the version. Stands before the chain, which is the version's. Thread: any worker.
/// Source: `definition`, `version_data.default_version`, `slug`; `version_header` of tyk.conf.
class VersionChoice {
 public:
  struct Choice {
    enum class Kind : std::uint8_t {
      kBase,     ///< the API itself
      kVersion,  ///< one of VersionRules::versions
      kChild,    ///< one of VersionRules::children
    };
    Kind kind = Kind::kBase;
    std::size_t index = 0;  ///< of the version or child
  };
  /// What a choice needs besides the rules.
  struct Surroundings {
    std::string slug;                         ///< of the API
    std::string version_header;               ///< empty: answers do not name the default version
    const events::Emitter* events = nullptr;  ///< gets VersionFailure; null: nobody handles it
  };

  /// @error kBadDefinition  `url_versioning_pattern` is no expression
  static Result<std::unique_ptr<const VersionChoice>> create(
      std::shared_ptr<const definition::VersionRules> rules, Surroundings surroundings);
  ~VersionChoice();

  /// Changes the request where the name is to be taken out of it. What it tells the client are
  /// views of its own texts: it outlives the exchange.
  /// @error 403 nobody said which version, or there is no such version; of versions that are APIs:
  /// 404 no such version, 500 the default version is none
  Result<Choice> choose(http::Exchange& exchange) const;
  const definition::VersionRules& rules() const noexcept { return *rules_; }

 private:
  struct Pattern;
  VersionChoice(std::shared_ptr<const definition::VersionRules> rules, Surroundings surroundings);
  std::string_view nameOf(http::Exchange& exchange) const;
  std::string_view fromHeader(http::Exchange& exchange) const;
  std::string_view fromQuery(http::Exchange& exchange) const;
  std::string_view fromPath(http::Exchange& exchange) const;
  Result<Choice> chooseVersion(http::Exchange& exchange, std::string_view name) const;
  Result<Choice> chooseChild(std::string_view name) const;
  Error refused(const http::Exchange& exchange, const char* reason) const;

  std::shared_ptr<const definition::VersionRules> rules_;
  Surroundings surroundings_;
  std::unique_ptr<const Pattern> strip_pattern_;  // null: every name is taken out
};

}  // namespace tykpp::middleware
