#pragma once
// The endpoints of an API's authorisation server (spec/admin-api.md section 13, RFC 6749, RFC
// 7009): below its listen path, in front of its chain. Enters: a Call; leaves: an Answer.

#include <cstdint>
#include <string>
#include <string_view>

#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "net/task.hpp"
#include "oauth/call.hpp"
#include "oauth/issuer.hpp"
#include "oauth/notifier.hpp"
#include "oauth/site.hpp"

namespace tykpp::oauth {

enum class Endpoint : std::uint8_t {
  kNone,
  kAuthorize,
  kAuthorizeClient,
  kToken,
  kRevoke,
  kRevokeAll,
};

/// @param below  the path behind the listen path, with or without a slash in front
Endpoint endpointOf(std::string_view below) noexcept;

/// One a process. Thread: any; each call on its site's loop. Site and API outlive the calls.
class Server {
 public:
  /// Bytes that a call's body may have.
  static constexpr std::size_t kMaxBodyBytes = 1024 * 1024;

  /// @param notifier  outlives the object
  explicit Server(Notifier& notifier) : notifier_(notifier) {}

  /// Answers in any case.
  net::Task<Answer> answer(const Site& site, const definition::ApiSpec& api, Endpoint endpoint,
                           Call call) const;

 private:
  struct Context;
  struct Asked;
  using Granted = net::Task<Result<Grant>>;

  net::Task<Answer> token(const Context& context) const;
  Granted grant(const Context& context) const;
  Granted byCode(const Context& context) const;
  Granted byRefreshToken(const Context& context) const;
  Granted byPassword(const Context& context) const;
  Granted byClient(const Context& context) const;
  /// Makes a token and stores it.
  Granted give(const Context& context, const TokenOrder& order) const;
  net::Task<Result<Client>> authenticated(const Context& context) const;
  net::Task<Result<void>> ask(const Context& context, Asked& asked) const;
  net::Task<Answer> authorize(const Context& context) const;
  net::Task<Answer> authorizeClient(const Context& context) const;
  net::Task<Answer> revoke(const Context& context) const;
  net::Task<Answer> revokeAll(const Context& context) const;
  void notify(const Context& context, const Grant& grant) const;

  Notifier& notifier_;
};

}  // namespace tykpp::oauth
