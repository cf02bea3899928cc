#include "certs/impl/pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>

namespace tykpp::certs {
namespace {

struct BioDeleter {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;
struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

/// Uploads are smaller; a file that is not is no certificate.
constexpr std::size_t kMaxPemBytes = 4U << 20;

int givePassword(char* buffer, int size, int, void* secret) {
  const auto& text = *static_cast<const std::string_view*>(secret);
  if (text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string lastReason() {
  char text[160] = "it cannot be read";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, 160);
  ERR_clear_error();
  return text;
}

std::vector<PemBlock> readPem(std::string_view text) {
  std::vector<PemBlock> blocks;
  if (text.size() > kMaxPemBytes) return blocks;
  const BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char* type = nullptr;
  char* headers = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (bio && PEM_read_bio(bio.get(), &type, &headers, &data, &size) == 1) {
    blocks.push_back(
        {type, headers, {reinterpret_cast<char*>(data), static_cast<std::size_t>(size)}});
    OPENSSL_free(type);
    OPENSSL_free(headers);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  ERR_clear_error();  // the end of the text counts as an error there
  return blocks;
}

std::string writePem(const PemBlock& block) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio(bio.get(), block.type.c_str(), block.headers.c_str(),
                            bytesOf(block.data), static_cast<long>(block.data.size())) <= 0) {
    return {};
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::optional<std::string> decryptKey(const PemBlock& block, std::string_view secret) {
  EVP_CIPHER_INFO cipher{};
  std::string headers = block.headers;
  if (PEM_get_EVP_CIPHER_INFO(headers.data(), &cipher) != 1) return std::nullopt;
  std::string data = block.data;
  long size = static_cast<long>(data.size());
  const int done = PEM_do_header(&cipher, reinterpret_cast<unsigned char*>(data.data()), &size,
                                 &givePassword, &secret);
  if (done != 1 || size < 0) return std::nullopt;
  data.resize(static_cast<std::size_t>(size));
  return data;
}

Result<PemBlock> encryptKey(std::string_view der, std::string_view secret) {
  const EVP_CIPHER* aes = EVP_aes_256_cbc();
  std::array<unsigned char, 16> iv{};
  std::array<unsigned char, 32> key{};
  if (RAND_bytes(iv.data(), static_cast<int>(iv.size())) != 1 ||
      EVP_BytesToKey(aes, EVP_md5(), iv.data(), bytesOf(secret), static_cast<int>(secret.size()), 1,
                     key.data(), nullptr) != static_cast<int>(key.size())) {
    return Error(Errc::kInternal, lastReason());
  }
  const std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter> context(EVP_CIPHER_CTX_new());
  std::string out(der.size() + 2 * iv.size(), '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  int first = 0;
  int last = 0;
  const bool done = context && der.size() < INT_MAX / 2 &&
                    EVP_EncryptInit_ex(context.get(), aes, nullptr, key.data(), iv.data()) == 1 &&
                    EVP_EncryptUpdate(context.get(), to, &first, bytesOf(der),
                                      static_cast<int>(der.size())) == 1 &&
                    EVP_EncryptFinal_ex(context.get(), to + first, &last) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  if (!done) return Error(Errc::kInternal, lastReason());
  out.resize(static_cast<std::size_t>(first) + static_cast<std::size_t>(last));
  char headers[PEM_BUFSIZE] = {};
  PEM_proc_type(headers, PEM_TYPE_ENCRYPTED);
  PEM_dek_info(headers, "AES-256-CBC", static_cast<int>(iv.size()),
               reinterpret_cast<const char*>(iv.data()));
  return PemBlock{"ENCRYPTED PRIVATE KEY", headers, std::move(out)};
}

KeyPtr privateKey(std::string_view der) {
  const unsigned char* at = bytesOf(der);
  KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return key;
}

X509Ptr certificate(std::string_view der) {
  const unsigned char* at = bytesOf(der);
  return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

}  // namespace tykpp::certs
