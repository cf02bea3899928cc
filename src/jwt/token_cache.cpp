#include "jwt/token_cache.hpp"

#include "jwt/impl/openssl.hpp"

namespace tykpp::jwt {

struct Digester::Impl {
  // Fetched once: looking a digest up by name takes as long as a short one itself.
  ssl::Md digest{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  ssl::MdContext context{EVP_MD_CTX_new()};
  std::array<unsigned char, 32> salt{};
  std::size_t salt_bytes = 0;
  bool usable = true;
};

Digester::Digester(Salt salt) : impl_(std::make_unique<Impl>()) {
  if (salt == Salt::kNone) return;
  impl_->salt_bytes = impl_->salt.size();
  impl_->usable = RAND_bytes(impl_->salt.data(), static_cast<int>(impl_->salt_bytes)) == 1;
}
Digester::~Digester() = default;

bool Digester::digest(std::string_view text, Digest& out) {
  unsigned int size = 0;
  EVP_MD_CTX* const context = impl_->context.get();
  return impl_->usable && context != nullptr && impl_->digest != nullptr &&
         EVP_DigestInit_ex2(context, impl_->digest.get(), nullptr) == 1 &&
         EVP_DigestUpdate(context, impl_->salt.data(), impl_->salt_bytes) == 1 &&
         EVP_DigestUpdate(context, text.data(), text.size()) == 1 &&
         EVP_DigestFinal_ex(context, out.data(), &size) == 1;
}

}  // namespace tykpp::jwt
