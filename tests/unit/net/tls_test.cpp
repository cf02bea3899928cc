// Handshakes between a stream that accepts and one that connects, on one loop.

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "common/certificates.hpp"
#include "net/peer_certificates.hpp"
#include "net/stream.hpp"
#include "net/tls_acceptor.hpp"

namespace tykpp::net {
namespace {

struct Pem {
  explicit Pem(std::string_view text)
      : bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))) {}
  ~Pem() { BIO_free(bio); }
  BIO* bio;
};

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    certificate_ = PEM_read_bio_X509(Pem(test::kCertificate).bio, nullptr, nullptr, nullptr);
    key_ = PEM_read_bio_PrivateKey(Pem(test::kPrivateKey).bio, nullptr, nullptr, nullptr);
    acceptor_ = std::move(*TlsAcceptor::create({}));
    client_context_.reset(SSL_CTX_new(TLS_client_method()));
    EXPECT_TRUE(acceptor_->addIdentity({{certificate_}, key_}));
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    EXPECT_TRUE(server_.socket().open(ends[0]));
    EXPECT_TRUE(client_.socket().open(ends[1]));
  }
  ~TlsTest() override {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  void showCertificate() {
    SSL_CTX_use_certificate(client_context_.get(), certificate_);
    SSL_CTX_use_PrivateKey(client_context_.get(), key_);
  }
  Detached serve() {
    served_ = co_await server_.accept(*acceptor_);
    ended();
  }
  Detached connect() {
    const std::string host = "localhost";
    connected_ = co_await client_.handshake(client_context_.get(), host, false);
    ended();
  }
  void ended() {
    if (++ended_ < 2) return;
    if (next_) {
      next_();
    } else {
      loop_.stop();
    }
  }
  /// @param next  goes on when both ends are through, and stops the loop
  void shakeHands(std::function<void()> next = nullptr) {
    next_ = std::move(next);
    serve();
    connect();
    loop_.run();
  }
  Detached send(Stream& stream, std::string head, std::string body) {
    std::array<iovec, 3> pieces{
        {{head.data(), head.size()}, {nullptr, 0}, {body.data(), body.size()}}};
    Stream::Write write = stream.write(pieces);
    const IoResult result = co_await write;
    EXPECT_TRUE(result);
  }
  Detached receive(Stream& stream, std::size_t size) {
    std::array<char, 4096> buffer;
    while (got_.size() < size) {
      Stream::Read read = stream.read(buffer.data(), buffer.size());
      end_ = co_await read;
      if (!end_) break;
      got_.append(buffer.data(), end_.bytes);
    }
    loop_.stop();
  }
  Detached takeTwoBytes() {
    while (!server_.inputPending()) {
      Readable readable(server_.socket());
      co_await readable;
    }
    for (const bool more : {true, false}) {
      char byte = 0;
      bool would_block = false;
      EXPECT_EQ(server_.tryRead(&byte, 1, would_block).bytes, 1U);
      EXPECT_EQ(server_.inputPending(), more);
    }
    loop_.stop();
  }

  Loop loop_;
  Stream server_{loop_};
  Stream client_{loop_};
  X509* certificate_ = nullptr;
  EVP_PKEY* key_ = nullptr;
  std::unique_ptr<TlsAcceptor> acceptor_;
  SslContextPtr client_context_;
  Result<void> served_{};
  Result<void> connected_{};
  int ended_ = 0;
  std::function<void()> next_;
  std::string got_;
  IoResult end_;
};

TEST_F(TlsTest, BytesGoThroughWholeHoweverTheyAreCut) {
  const std::string body(3'000'000, 'x');
  shakeHands([&] {
    send(server_, "head", body);
    receive(client_, body.size() + 4);
  });
  ASSERT_TRUE(served_) << served_.error().message();
  ASSERT_TRUE(connected_) << connected_.error().message();
  EXPECT_EQ(got_.size(), body.size() + 4);
  EXPECT_TRUE(got_ == "head" + body);
}

TEST_F(TlsTest, AClientWithoutACertificateShowsNone) {
  shakeHands();
  EXPECT_EQ(server_.peerCertificates(), nullptr);
}

TEST_F(TlsTest, AClientIsAskedForItsCertificate) {
  ASSERT_TRUE(acceptor_->addClientRules("", {ClientAuth::kRequest, {}}));
  showCertificate();
  shakeHands();
  ASSERT_TRUE(served_);
  const auto peer = server_.peerCertificates();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->sha256, test::kFingerprint);
  EXPECT_EQ(peer->chain.size(), 1U);
  EXPECT_GT(peer->not_after, 4'000'000'000);
}

TEST_F(TlsTest, ACertificateThatIsTrustedByItselfIsEnough) {
  ASSERT_TRUE(acceptor_->addClientRules("", {ClientAuth::kRequire, {certificate_}}));
  showCertificate();
  shakeHands();
  EXPECT_TRUE(served_) << served_.error().message();
}

TEST_F(TlsTest, WhereACertificateIsRequiredNobodyComesWithout) {
  ASSERT_TRUE(acceptor_->addClientRules("localhost", {ClientAuth::kRequire, {certificate_}}));
  shakeHands();
  EXPECT_FALSE(served_);
}

TEST_F(TlsTest, RulesOfOtherNamesDoNotCount) {
  ASSERT_TRUE(acceptor_->addClientRules("elsewhere", {ClientAuth::kRequire, {}}));
  shakeHands();
  EXPECT_TRUE(served_);
}

TEST_F(TlsTest, InputThatTlsHoldsIsPending) {
  shakeHands([&] {
    send(client_, "a", "b");
    takeTwoBytes();
  });
}

TEST_F(TlsTest, PlainHttpIsToldApart) {
  serve();
  ASSERT_EQ(::write(client_.socket().fd(), "GET / HTTP/1.1\r\n\r\n", 18), 18);
  ++ended_;
  loop_.run();
  ASSERT_FALSE(served_);
  EXPECT_EQ(served_.error().code(), Errc::kBadRequest);
  EXPECT_FALSE(server_.tls());
}

TEST_F(TlsTest, AnEndThatIsSaidIsAnEnd) {
  shakeHands([&] {
    server_.endSending();
    receive(client_, 1);
  });
  EXPECT_EQ(end_.status, IoStatus::kEof);
}

TEST_F(TlsTest, AnEndThatIsNotSaidIsNone) {
  shakeHands([&] {
    server_.socket().shutdownSend();
    receive(client_, 1);
  });
  EXPECT_EQ(end_.status, IoStatus::kError);
}

TEST(TlsAcceptor, RefusesVersionsThatDoNotGo) {
  TlsServerSettings settings;
  settings.min_version = 772;
  settings.max_version = 771;
  EXPECT_FALSE(TlsAcceptor::create(settings));
  settings.min_version = 1;
  EXPECT_FALSE(TlsAcceptor::create(settings));
}

TEST(TlsAcceptor, KnowsCiphersByTheirStandardNames) {
  TlsServerSettings settings;
  settings.ciphers = {"tls_ecdhe_rsa_with_aes_128_gcm_sha256",
                      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_NONE"};
  const auto made = TlsAcceptor::create(settings);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->unknownCiphers(), std::vector<std::string>{"TLS_NONE"});
}

}  // namespace
}  // namespace tykpp::net
