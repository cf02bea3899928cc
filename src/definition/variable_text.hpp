#pragma once
// Texts of a definition with variables in them (`$tyk_context.path`, `$tyk_meta.plan`), taken apart
// once at load. What a variable is worth is known per request (middleware/variables.hpp).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "definition/environment.hpp"
#include "definition/secret_refs.hpp"

namespace tykpp::definition {

/// What a name behind `$tyk_context.` asks for.
struct ContextName {
  enum class Kind : std::uint8_t {
    kUnknown,  ///< no request has it
    kPath,
    kPathParts,
    kRemoteAddress,  ///< `remote_addr`
    kRequestId,
    kToken,
    kForm,            ///< `request_data`: parameters of query and form
    kFormValue,       ///< `request_data_<name>`
    kHeader,          ///< `headers_<Name>`
    kCookie,          ///< `cookies_<name>`
    kClaim,           ///< `jwt_claims_<name>`
    kTrigger,         ///< `trigger-…`: what a trigger of a rewrite matched
    kRateLimit,       ///< `rate_limit_limit`
    kRateRemaining,   ///< `rate_limit_remaining`
    kRateReset,       ///< `rate_limit_reset`
    kQuotaLimit,      ///< `quota_limit`
    kQuotaRemaining,  ///< `quota_remaining`
    kQuotaReset,      ///< `quota_reset`
  };
  static ContextName parse(std::string_view name);

  Kind kind = Kind::kUnknown;
  std::string name;  ///< behind the prefix, or all of a trigger's
};

/// Where `$secret_conf.` and `$secret_env.` look.
struct SecretSources {
  const SecretMap& conf;   ///< `secrets` of the configuration
  const Environment& env;  ///< variables `TYK_SECRET_<NAME>`
};

/// Immutable.
class VariableText {
 public:
  /// One part of a text. What others put into a request is never read for variables.
  struct Piece {
    enum class Kind : std::uint8_t { kText, kGroup, kContext, kMeta };
    Kind kind = Kind::kText;
    std::string text;       ///< of kText; the name of kMeta
    std::size_t group = 0;  ///< of kGroup
    ContextName context;    ///< of kContext
  };
  /// Whether `$1` is a group of a pattern.
  enum class Groups : bool { kNo, kYes };

  VariableText() = default;
  /// Secrets get their values here; missing ones are empty.
  /// @error kNotBuilt  a store of secrets that this release cannot ask
  static Result<VariableText> parse(std::string_view text, const SecretSources& secrets,
                                    Groups groups);

  const std::vector<Piece>& pieces() const noexcept { return pieces_; }
  /// The text when nothing in it varies, else null.
  const std::string* constant() const noexcept;
  /// What every result begins with.
  std::string_view beginning() const noexcept;
  /// Whether a variable needs the request's form, and thus its body.
  bool needsForm() const noexcept;

 private:
  void addText(std::string_view text);
  std::vector<Piece> pieces_;
};

}  // namespace tykpp::definition
