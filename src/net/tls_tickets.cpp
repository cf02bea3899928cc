#include "net/tls_tickets.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace tykpp::net {
namespace {

/// Where a context keeps its TicketKeys.
int slot() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

template <std::size_t N>
bool randomise(std::array<unsigned char, N>& bytes) {
  return RAND_bytes(bytes.data(), static_cast<int>(N)) == 1;
}

bool startMac(EVP_MAC_CTX* mac, std::array<unsigned char, 32>& key) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.data(), key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

}  // namespace

void TicketKeys::serve(SSL_CTX* context) {
  SSL_CTX_set_ex_data(context, slot(), this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &onTicket);
}

bool TicketKeys::sealingKey(Key& out) {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (!current_.set || now - current_.made > kRotation) {
    Key made;
    if (!randomise(made.name) || !randomise(made.cipher) || !randomise(made.mac)) return false;
    made.made = now;
    made.set = true;
    previous_ = std::exchange(current_, made);
  }
  out = current_;
  return true;
}

bool TicketKeys::openingKey(const unsigned char* name, Key& out, bool& old) {
  const std::lock_guard lock(mutex_);
  for (const Key* key : {&current_, &previous_}) {
    if (!key->set || !std::equal(key->name.begin(), key->name.end(), name)) continue;
    const auto age = Clock::now() - key->made;
    if (age > 2 * kRotation) return false;
    old = age > kRotation || key == &previous_;
    out = *key;
    return true;
  }
  return false;
}

int TicketKeys::onTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                         EVP_MAC_CTX* mac, int seal) {
  auto* self = static_cast<TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot()));
  if (self == nullptr) return 0;
  Key key;
  bool old = false;
  if (seal != 0) {
    if (!self->sealingKey(key)) return -1;
    const EVP_CIPHER* aes = EVP_aes_256_cbc();
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes)) != 1) return -1;
    std::copy(key.name.begin(), key.name.end(), name);
    if (EVP_EncryptInit_ex(cipher, aes, nullptr, key.cipher.data(), iv) != 1) return -1;
  } else {
    if (!self->openingKey(name, key, old)) return 0;  // not ours: a full handshake
    if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) != 1)
      return -1;
  }
  if (!startMac(mac, key.mac)) return -1;
  return old ? 2 : 1;  // 2: the client gets a ticket with the new key
}

}  // namespace tykpp::net
