#include "certs/certificate.hpp"

#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include "base/ascii.hpp"
#include "certs/impl/pem.hpp"

namespace tykpp::certs {
namespace {

constexpr std::string_view kPrivateKey = "PRIVATE KEY";
constexpr std::string_view kPublicKey = "PUBLIC KEY";
constexpr std::string_view kCertificate = "CERTIFICATE";

bool isPrivate(const PemBlock& block) { return block.type.ends_with(kPrivateKey); }

/// What a text consists of.
struct Parts {
  std::vector<PemBlock> certificates;
  std::optional<PemBlock> key;
  std::optional<PemBlock> public_key;
};

Result<Parts> partsOf(std::string_view text) {
  Parts parts;
  for (PemBlock& block : readPem(text)) {
    if (isPrivate(block)) {
      if (parts.key) return Error(Errc::kBadRequest, "Found multiple private keys");
      parts.key = std::move(block);
    } else if (block.type == kCertificate) {
      parts.certificates.push_back(std::move(block));
    } else if (block.type == kPublicKey) {
      parts.public_key = std::move(block);
    }
  }
  if (parts.certificates.empty() && !parts.public_key) {
    return Error(Errc::kBadRequest, "Failed to decode certificate. It should be PEM encoded.");
  }
  if (!parts.certificates.empty() && parts.public_key) {
    return Error(Errc::kBadRequest, "Public keys can't be combined with certificates");
  }
  return parts;
}

std::string keyDigest(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return {};
  std::string hex = sha256Hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return hex;
}

Result<std::string> readFile(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    return Error(Errc::kBadConfig, "cannot read " + name + ": " + std::strerror(errno));
  }
  return text.str();
}

std::string commonNameOf(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::vector<std::string> dnsNamesOf(const X509* certificate) {
  std::vector<std::string> names;
  auto* all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(all);
  return names;
}

}  // namespace

std::string sha256Hex(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::int64_t unixSeconds(const ASN1_TIME* time) noexcept {
  std::tm utc{};
  return time != nullptr && ASN1_TIME_to_tm(time, &utc) == 1 ? timegm(&utc) : 0;
}

/// Fills a certificate from the parts of a text.
class Reader {
 public:
  static Result<CertificatePtr> read(std::string_view pem, std::string_view secret) {
    Result<Parts> parts = partsOf(pem);
    if (!parts) return Error(Errc::kBadConfig, parts.error().message());
    std::shared_ptr<Certificate> out(new Certificate);
    for (const PemBlock& block : parts->certificates) {
      out->chain_.push_back(certificate(block.data));
      if (!out->chain_.back())
        return Error(Errc::kBadConfig, "Error while parsing certificate: " + lastReason());
    }
    if (out->chain_.empty()) {
      const auto* at = reinterpret_cast<const unsigned char*>(parts->public_key->data.data());
      out->public_key_.reset(
          d2i_PUBKEY(nullptr, &at, static_cast<long>(parts->public_key->data.size())));
      out->fingerprint_ = sha256Hex(parts->public_key->data);
    } else {
      out->public_key_.reset(X509_get_pubkey(out->leaf()));
      out->fingerprint_ = sha256Hex(parts->certificates.front().data);
    }
    if (!out->public_key_)
      return Error(Errc::kBadConfig, "the public key cannot be read: " + lastReason());
    if (parts->key) readKey(*parts->key, secret, *out);
    out->describe();
    return CertificatePtr(std::move(out));
  }

 private:
  static void readKey(const PemBlock& block, std::string_view secret, Certificate& out) {
    out.has_private_ = true;
    const std::optional<std::string> der =
        block.encrypted() ? decryptKey(block, secret) : std::optional(block.data);
    if (der) out.key_ = privateKey(*der);
    if (!out.key_) {
      out.key_problem_ = der ? "its private key cannot be read"
                             : "its private key cannot be decrypted: another secret was used "
                               "(security.private_certificate_encoding_secret)";
    } else if (!out.chain_.empty() && X509_check_private_key(out.leaf(), out.key_.get()) != 1) {
      out.key_.reset();
      out.key_problem_ = "its private key does not fit it";
    }
    lastReason();
  }
};

Result<CertificatePtr> Certificate::parse(std::string_view pem, std::string_view secret) {
  return Reader::read(pem, secret);
}

Result<CertificatePtr> Certificate::load(const std::string& file, const std::string& key_file,
                                         std::string_view secret) {
  Result<std::string> text = readFile(file);
  if (!text) return text.error();
  if (!key_file.empty() && key_file != file) {
    const Result<std::string> key = readFile(key_file);
    if (!key) return key.error();
    text->append("\n").append(*key);
  }
  Result<CertificatePtr> parsed = parse(*text, secret);
  if (!parsed) return Error(Errc::kBadConfig, file + ": " + parsed.error().message());
  return parsed;
}

void Certificate::describe() {
  key_fingerprint_ = keyDigest(public_key_.get());
  if (chain_.empty()) return;
  not_before_ = unixSeconds(X509_get0_notBefore(leaf()));
  not_after_ = unixSeconds(X509_get0_notAfter(leaf()));
  // Only what says so of itself: X509_check_ca is also content with old and self-signed ones.
  authority_ = (X509_get_extension_flags(leaf()) & EXFLAG_CA) != 0;
  common_name_ = commonNameOf(X509_get_subject_name(leaf()));
  dns_names_ = dnsNamesOf(leaf());
}

std::vector<X509*> Certificate::chain() const {
  std::vector<X509*> list;
  for (const X509Ptr& certificate : chain_) list.push_back(certificate.get());
  return list;
}

std::vector<std::string> Certificate::serverNames() const {
  std::vector<std::string> names;
  if (!common_name_.empty()) names.push_back(lowered(common_name_));
  for (const std::string& name : dns_names_) names.push_back(lowered(name));
  return names;
}

Result<StoredForm> storedForm(std::string_view upload, std::string_view secret) {
  Result<Parts> parts = partsOf(upload);
  if (!parts) return parts.error();
  StoredForm form;
  if (parts->public_key) {
    form.fingerprint = sha256Hex(parts->public_key->data);
    form.pem = writePem(*parts->public_key);
    return form;
  }
  const X509Ptr leaf = certificate(parts->certificates.front().data);
  if (!leaf) return Error(Errc::kBadRequest, "Error while parsing certificate: " + lastReason());
  form.fingerprint = sha256Hex(parts->certificates.front().data);
  form.not_after = unixSeconds(X509_get0_notAfter(leaf.get()));
  for (const PemBlock& block : parts->certificates) {
    form.pem += (form.pem.empty() ? "" : "\n") + writePem(block);
  }
  if (!parts->key) return form;
  const KeyPtr key = parts->key->encrypted() ? KeyPtr() : privateKey(parts->key->data);
  if (!key) return Error(Errc::kBadRequest, "tls: failed to parse private key");
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    lastReason();
    return Error(Errc::kBadRequest, "tls: private key does not match public key");
  }
  auto sealed = encryptKey(parts->key->data, secret);
  if (!sealed) return sealed.error();
  form.pem += "\n" + writePem(*sealed);
  return form;
}

}  // namespace tykpp::certs
