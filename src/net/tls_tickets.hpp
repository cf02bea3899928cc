#pragma once
// Keys of session tickets: clients come back without a full handshake on any worker, and after a
// reload of certificates too.

#include <openssl/ssl.h>

#include <array>
#include <mutex>

#include "base/clock.hpp"

namespace tykpp::net {

/// Thread: any. Outlives the contexts it serves.
class TicketKeys {
 public:
  /// New tickets get a new key after so long; older ones are good for as long again.
  static constexpr auto kRotation = std::chrono::hours(12);

  /// Makes a context seal its tickets with these keys.
  void serve(SSL_CTX* context);

 private:
  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
    Clock::time_point made;
    bool set = false;
  };
  static int onTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac, int seal);
  bool sealingKey(Key& out);
  bool openingKey(const unsigned char* name, Key& out, bool& old);
  std::mutex mutex_;
  Key current_;
  Key previous_;
};

}  // namespace tykpp::net
