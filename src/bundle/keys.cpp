#include "bundle/keys.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/ascii.hpp"
#include "bundle/impl/bad_bundle.hpp"

namespace tykpp::bundle {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<&BIO_free_all>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<&EVP_PKEY_CTX_free>>;
using Key = std::shared_ptr<EVP_PKEY>;

/// What went wrong in here is told; left in the thread's queue it would be the next one's trouble.
struct ErrorQueue {
  ErrorQueue() = default;
  ~ErrorQueue() { ERR_clear_error(); }
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

constexpr std::size_t kMaxKeyFileBytes = 64U << 10;

Result<std::string> readKeyFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad("can't read the key file " + file);
  std::string text(kMaxKeyFileBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

struct Block {
  std::string label;
  std::string der;
};

Result<Block> firstBlock(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  if (!bio || PEM_read_bio(bio.get(), &label, &header, &der, &size) != 1)
    return bad("ssh: no key found");
  Block block{label, std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size))};
  const bool encrypted = std::string_view(header).find("ENCRYPTED") != std::string_view::npos;
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  if (encrypted) return bad("keys with a passphrase are not supported");
  return block;
}

/// The key that `decode` makes of the block, when it is an RSA key.
template <class Decode>
Result<Key> rsaKey(const Block& block, Decode decode) {
  const auto* at = reinterpret_cast<const unsigned char*>(block.der.data());
  const Key key(decode(&at, static_cast<long>(block.der.size())), &EVP_PKEY_free);
  if (!key) return bad("the key is damaged");
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return bad("ssh: unsupported key type: not RSA");
  return key;
}

Error unsupported(const Block& block) {
  return bad("ssh: unsupported key type \"" + block.label + "\"");
}

/// Ready for a PKCS #1 v1.5 operation on SHA-256 digests, null when it cannot be.
Context operation(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*)) {
  Context context(EVP_PKEY_CTX_new(key, nullptr));
  if (!context || init(context.get()) <= 0 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) <= 0 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) <= 0)
    context.reset();
  return context;
}

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view pem) {
  const ErrorQueue queue;
  const auto block = firstBlock(pem);
  if (!block) return block.error();
  Result<Key> key = unsupported(*block);
  if (block->label == "RSA PUBLIC KEY") {
    key = rsaKey(*block, [](const unsigned char** at, long size) {
      return d2i_PublicKey(EVP_PKEY_RSA, nullptr, at, size);
    });
  } else if (block->label == "PUBLIC KEY") {
    key = rsaKey(*block,
                 [](const unsigned char** at, long size) { return d2i_PUBKEY(nullptr, at, size); });
  }
  if (!key) return key.error();
  return PublicKey(*key);
}

Result<PublicKey> PublicKey::load(const std::string& file) {
  const auto pem = readKeyFile(file);
  if (!pem) return pem.error();
  return parse(*pem);
}

Result<void> PublicKey::verify(std::string_view digest, std::string_view signature) const {
  const ErrorQueue queue;
  const Context context = operation(key_.get(), &EVP_PKEY_verify_init);
  if (!context || EVP_PKEY_verify(context.get(), bytesOf(signature), signature.size(),
                                  bytesOf(digest), digest.size()) != 1)
    return bad("crypto/rsa: verification error");
  return {};
}

Result<PrivateKey> PrivateKey::parse(std::string_view pem) {
  const ErrorQueue queue;
  const auto block = firstBlock(pem);
  if (!block) return block.error();
  if (block->label != "RSA PRIVATE KEY" && block->label != "PRIVATE KEY")
    return unsupported(*block);
  // Reads both forms by what is inside.
  auto key = rsaKey(*block, [](const unsigned char** at, long size) {
    return d2i_AutoPrivateKey(nullptr, at, size);
  });
  if (!key) return key.error();
  return PrivateKey(*key);
}

Result<PrivateKey> PrivateKey::load(const std::string& file) {
  const auto pem = readKeyFile(file);
  if (!pem) return pem.error();
  return parse(*pem);
}

Result<std::string> PrivateKey::sign(std::string_view digest) const {
  const ErrorQueue queue;
  const Context context = operation(key_.get(), &EVP_PKEY_sign_init);
  std::size_t size = 0;
  if (!context || EVP_PKEY_sign(context.get(), nullptr, &size, bytesOf(digest), digest.size()) <= 0)
    return bad("the key cannot sign");
  std::string signature(size, '\0');
  if (EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                    bytesOf(digest), digest.size()) <= 0)
    return bad("the key cannot sign");
  signature.resize(size);
  return signature;
}

Result<KeyPair> generateKeyPair(int bits) {
  if (bits < 2048 || bits > 8192) return bad("a key has 2048 to 8192 bits");
  const Key key(EVP_RSA_gen(static_cast<unsigned int>(bits)), &EVP_PKEY_free);
  const Bio secret(BIO_new(BIO_s_mem()));
  const Bio open(BIO_new(BIO_s_mem()));
  if (!key || !secret || !open ||
      PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1 ||
      PEM_write_bio_PUBKEY(open.get(), key.get()) != 1)
    return Error(Errc::kInternal, "no key could be made");
  return KeyPair{drain(secret.get()), drain(open.get())};
}

}  // namespace tykpp::bundle
