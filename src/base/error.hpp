#pragma once
// Errors as values: every room answers with Result<T>; no exception crosses a room on the request
// path.

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tykpp {

/// What went wrong, coarse enough to choose a reaction and to count by.
enum class Errc : std::uint8_t {
  kBadConfig,
  kBadDefinition,
  kNotBuilt,  ///< asked for something this release does not do yet
  kBadPlugin,
  kPluginFailed,
  kPluginTimeout,
  kBadRequest,
  kHeaderTooLarge,
  kBodyTooLarge,
  kBodyUnreadable,
  kClientGone,
  kTimeout,
  kDnsFailed,
  kConnectFailed,
  kTlsFailed,
  kUpstreamReset,
  kUpstreamProtocol,
  kForbidden,
  kNotFound,
  kIo,
  kShuttingDown,
  kInternal,
};

/// Who caused it; decides blame in logs and counters.
enum class Side : std::uint8_t { kGateway, kClient, kUpstream, kPlugin };

/// Whether the same call may be made again on another connection.
enum class Retry : std::uint8_t {
  kNever,
  kIfReused,  ///< only when the connection had served a request before: it may have died idle
  kAlways,    ///< nothing has reached the other side
};

/// An error value. Text is built on the failing path only.
class Error {
 public:
  /// What boost::system::result answers when asked for the error of a success.
  Error() : code_(Errc::kInternal) {}
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}
  Error(Errc code, Side side, std::uint16_t status, std::string message)
      : code_(code), side_(side), status_(status), message_(std::move(message)) {}

  Errc code() const noexcept { return code_; }
  Side side() const noexcept { return side_; }
  Retry retry() const noexcept { return retry_; }
  /// HTTP status for the client, 500 unless set.
  std::uint16_t status() const noexcept { return status_; }
  /// For the client when the error ends a request, for the operator when it ends a load.
  const std::string& message() const noexcept { return message_; }
  /// Where the cause stands: a JSON pointer inside a definition or configuration file, or empty.
  const std::string& where() const noexcept { return where_; }
  /// Detail for the log alone; never sent to a client.
  const std::string& detail() const noexcept { return detail_; }

  /// Prefixes the place: `error.at("/proxy").at…` reads from the inside out.
  Error&& at(std::string_view pointer) && {
    where_.insert(0, pointer);
    return std::move(*this);
  }
  Error&& withRetry(Retry retry) && {
    retry_ = retry;
    return std::move(*this);
  }
  Error&& withDetail(std::string detail) && {
    detail_ = std::move(detail);
    return std::move(*this);
  }

 private:
  Errc code_;
  Side side_ = Side::kGateway;
  Retry retry_ = Retry::kNever;
  std::uint16_t status_ = 500;
  std::string message_;
  std::string where_;
  std::string detail_;
};

/// Needed by boost::system::result::value(); a call of value() on an error is a bug in the caller.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace tykpp
