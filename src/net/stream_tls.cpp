// The TLS half of a stream.

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "net/client_identity.hpp"
#include "net/impl/socket_bio.hpp"
#include "net/peer_certificates.hpp"
#include "net/stream.hpp"
#include "net/tls_acceptor.hpp"

namespace tykpp::net {
namespace {

/// What a record holds at most.
constexpr std::size_t kRecordBytes = 16 * 1024;

std::string reasonOf(SSL* ssl) {
  const long verify = SSL_get_verify_result(ssl);
  char text[160] = "connection closed during the handshake";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof text);
  }
  if (verify != X509_V_OK) return X509_verify_cert_error_string(verify);
  return text;
}

std::string derOf(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string hexOf(const unsigned char* digest, unsigned size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 15U];
  }
  return hex;
}

std::string sha256Of(X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return {};
  return hexOf(digest, size);
}

std::string keySha256Of(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
  if (length <= 0) return {};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const int good =
      EVP_Digest(bytes, static_cast<std::size_t>(length), digest, &size, EVP_sha256(), nullptr);
  OPENSSL_free(bytes);
  return good == 1 ? hexOf(digest, size) : std::string{};
}

/// Whether a client can show it.
bool show(SSL* ssl, const ClientIdentity& identity) {
  if (SSL_use_certificate(ssl, identity.certificate) != 1 ||
      SSL_use_PrivateKey(ssl, identity.key) != 1)
    return false;
  for (std::size_t i = 1; i < identity.chain.size(); ++i) {
    if (SSL_add1_chain_cert(ssl, identity.chain[i]) != 1) return false;
  }
  return true;
}

std::int64_t endOf(X509* certificate) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1) return 0;
  return timegm(&utc);
}

}  // namespace

bool Stream::attach(SSL* ssl) noexcept {
  ssl_.reset(ssl);
  BIO* bio = ssl == nullptr ? nullptr : makeSocketBio(socket_);
  if (bio == nullptr) return false;
  SSL_set_bio(ssl, bio, bio);
  return true;
}

IoResult Stream::sslResult(int code, bool& would_block) noexcept {
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      socket_.readDrained();
      would_block = true;
      return {};
    case SSL_ERROR_WANT_WRITE:
      socket_.writeBlocked();
      would_block = true;
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::kEof};
    default:
      return {IoStatus::kError, 0, errno != 0 ? errno : EPROTO};
  }
}

IoResult Stream::tryWriteTls(std::span<const iovec> pieces, bool& would_block) noexcept {
  while (!pieces.empty() && pieces.front().iov_len == 0) pieces = pieces.subspan(1);
  if (pieces.empty()) return {};
  // Small pieces share a record: a head and its body cost one seal, one system call and, with
  // TCP_NODELAY, one packet. After a full socket the same pieces come again, as OpenSSL wants it.
  char merged[kRecordBytes];
  const void* data = pieces.front().iov_base;
  std::size_t size = std::min(pieces.front().iov_len, kRecordBytes);
  if (pieces.size() > 1 && size < kRecordBytes) {
    size = 0;
    for (const iovec& piece : pieces) {
      const std::size_t taken = std::min(piece.iov_len, kRecordBytes - size);
      if (taken > 0) std::memcpy(merged + size, piece.iov_base, taken);
      size += taken;
    }
    data = merged;
  }
  ERR_clear_error();
  const int n = SSL_write(ssl_.get(), data, static_cast<int>(size));
  if (n > 0) return {IoStatus::kOk, static_cast<std::size_t>(n)};
  return sslResult(n, would_block);
}

bool Stream::tlsInputPending() noexcept {
  char byte = 0;
  bool would_block = false;
  ERR_clear_error();
  const int n = SSL_peek(ssl_.get(), &byte, 1);
  if (n > 0) return true;
  sslResult(n, would_block);
  return !would_block;
}

void Stream::sayEnd() noexcept {
  if (ssl_ == nullptr || SSL_is_init_finished(ssl_.get()) == 0 || socket_.cancelled()) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

Task<Result<void>> Stream::handshake(SSL_CTX* context, const std::string& host, bool verify,
                                     const ClientIdentity* identity) {
  if (!attach(SSL_new(context))) {
    co_return Error(Errc::kTlsFailed, Side::kGateway, 500, "out of memory for TLS");
  }
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
  SSL_set_connect_state(ssl_.get());
  if (identity != nullptr && !show(ssl_.get(), *identity)) {
    co_return Error(Errc::kTlsFailed, Side::kGateway, 500, "the client certificate is of no use");
  }
  unsigned char address[16];
  const bool numeric = ::inet_pton(AF_INET, host.c_str(), address) == 1 ||
                       ::inet_pton(AF_INET6, host.c_str(), address) == 1;
  if (!numeric) SSL_set_tlsext_host_name(ssl_.get(), host.c_str());  // RFC 6066: names only
  if (verify) {
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl_.get());
    const int set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str())
                            : X509_VERIFY_PARAM_set1_host(param, host.c_str(), 0);
    if (set != 1) co_return Error(Errc::kTlsFailed, Side::kGateway, 500, "bad host name for TLS");
  }
  co_return co_await shakeHands(Side::kUpstream);
}

Task<Result<void>> Stream::accept(const TlsAcceptor& acceptor) {
  if (!attach(acceptor.newSession())) {
    co_return Error(Errc::kTlsFailed, Side::kGateway, 500, "out of memory for TLS");
  }
  Result<void> done = co_await shakeHands(Side::kClient);
  if (!done && ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_HTTP_REQUEST) {
    ssl_.reset();
    co_return Error(Errc::kBadRequest, Side::kClient, 400, "plain HTTP instead of TLS");
  }
  co_return done;
}

Task<Result<void>> Stream::shakeHands(Side other) {
  for (;;) {
    ERR_clear_error();
    const int code = SSL_do_handshake(ssl_.get());
    if (code == 1) co_return Result<void>{};
    const int reason = SSL_get_error(ssl_.get(), code);
    if (reason == SSL_ERROR_WANT_READ) {
      socket_.readDrained();
      // After the peer's end the flag stays up: reading again answers with the end.
      Readable readable(socket_);
      co_await readable;
    } else if (reason == SSL_ERROR_WANT_WRITE) {
      socket_.writeBlocked();
      Writable writable(socket_);
      co_await writable;
    } else {
      co_return Error(Errc::kTlsFailed, other, 500, reasonOf(ssl_.get()));
    }
    if (socket_.cancelled()) {
      co_return Error(socket_.cancelReason(), other, 500, "TLS handshake was given up");
    }
  }
}

bool Stream::negotiated(std::string_view protocol) const noexcept {
  if (!ssl_) return false;
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == protocol;
}

std::shared_ptr<const PeerCertificates> Stream::peerCertificates() const {
  X509* own = ssl_ == nullptr ? nullptr : SSL_get0_peer_certificate(ssl_.get());
  if (own == nullptr) return nullptr;
  auto peer = std::make_shared<PeerCertificates>();
  peer->chain.push_back(derOf(own));
  peer->sha256 = sha256Of(own);
  peer->not_after = endOf(own);
  // On the server's side the list is what came behind the client's own certificate.
  const STACK_OF(X509)* others = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = 0; others != nullptr && i < sk_X509_num(others); ++i) {
    peer->chain.push_back(derOf(sk_X509_value(others, i)));
  }
  return peer;
}

TlsFacts Stream::tlsFacts() const {
  const auto text = [](const char* known) { return known == nullptr ? "" : known; };
  return {text(SSL_get_version(ssl_.get())),
          text(SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_.get()))),
          text(SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name))};
}

std::vector<std::string> Stream::peerKeys() const {
  std::vector<std::string> keys;
  X509* const own = ssl_ == nullptr ? nullptr : SSL_get0_peer_certificate(ssl_.get());
  if (own == nullptr) return keys;
  keys.push_back(keySha256Of(own));
  // A server may send any certificate behind its own. Only those that the check of its own went
  // through say something about it.
  const bool checked = SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE &&
                       SSL_get_verify_result(ssl_.get()) == X509_V_OK;
  const STACK_OF(X509)* others = checked ? SSL_get0_verified_chain(ssl_.get()) : nullptr;
  for (int i = 1; others != nullptr && i < sk_X509_num(others); ++i) {
    keys.push_back(keySha256Of(sk_X509_value(others, i)));
  }
  return keys;
}

}  // namespace tykpp::net
