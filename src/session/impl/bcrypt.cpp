#include "session/impl/bcrypt.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <memory>

#include "base/ascii.hpp"

namespace tykpp::session {
namespace {

constexpr unsigned long kCost = 10;
constexpr int kMostCost = 15;  // some 2 s
constexpr std::size_t kLength = 60;

/// The same algorithm as `$2b$` in the C library, whose own `$2a$` differs for a few passwords that
/// an old fault concerned.
std::string spelled(std::string_view text, char letter) {
  std::string out(text);
  if (out.size() > 2) out[2] = letter;
  return out;
}

bool takes(std::string_view password) { return password.find('\0') == std::string_view::npos; }

/// What bcrypt makes of a password with a salt; nothing when the salt is none.
std::optional<std::string> run(std::string_view password, const std::string& salt) {
  const auto work = std::make_unique<crypt_data>();
  std::string text(password);
  const char* out = ::crypt_r(text.c_str(), salt.c_str(), work.get());
  std::optional<std::string> hash;
  if (out != nullptr && std::string_view(out).size() == kLength) hash = out;
  OPENSSL_cleanse(work.get(), sizeof *work);
  OPENSSL_cleanse(text.data(), text.size());
  return hash;
}

/// `$2a$10$` and 53 characters, the letter any of those in use.
bool isBcrypt(std::string_view text) {
  if (text.size() != kLength || !text.starts_with("$2") || text[3] != '$' || text[6] != '$') {
    return false;
  }
  const char letter = text[2];
  if (letter != 'a' && letter != 'b' && letter != 'y') return false;
  if (!isDigit(text[4]) || !isDigit(text[5])) return false;
  return (text[4] - '0') * 10 + (text[5] - '0') <= kMostCost;
}

}  // namespace

std::optional<std::string> bcryptHash(std::string_view password) {
  if (password.size() > kMostBcryptBytes || !takes(password)) return std::nullopt;
  std::array<char, 16> random{};
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), random.size()) != 1) {
    return std::nullopt;
  }
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> salt{};
  if (::crypt_gensalt_rn("$2b$", kCost, random.data(), static_cast<int>(random.size()), salt.data(),
                         static_cast<int>(salt.size())) == nullptr) {
    return std::nullopt;
  }
  const auto hash = run(password, salt.data());
  if (!hash) return std::nullopt;
  return spelled(*hash, 'a');
}

bool bcryptMatches(std::string_view kept, std::string_view password) {
  if (!isBcrypt(kept) || !takes(password)) return false;
  const std::string same = spelled(kept, 'b');
  const auto hash = run(password.substr(0, kMostBcryptBytes), same);
  return hash && equalsConstantTime(*hash, same);
}

}  // namespace tykpp::session
