#include "jwt/token_cache.hpp"

#include "jwt/impl/openssl.hpp"

namespace tykpp::jwt {

struct Digester::Impl {
  // Fetched once: looking a digest up by name takes as long as a short one itself.
  ssl::Md digest{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  ssl::MdContext context{EVP_MD_CTX_new()};
};

Digester::Digester() : impl_(std::make_unique<Impl>()) {}
Digester::~Digester() = default;

bool Digester::digest(std::string_view text, Digest& out) {
  unsigned int size = 0;
  EVP_MD_CTX* const context = impl_->context.get();
  return context != nullptr && impl_->digest != nullptr &&
         EVP_DigestInit_ex2(context, impl_->digest.get(), nullptr) == 1 &&
         EVP_DigestUpdate(context, text.data(), text.size()) == 1 &&
         EVP_DigestFinal_ex(context, out.data(), &size) == 1;
}

}  // namespace tykpp::jwt
