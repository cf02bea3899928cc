#include "net/stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "net/listener.hpp"
#include "net/resolver.hpp"

namespace tykpp::net {
namespace {

/// A stream on one end of a socket pair, plain system calls on the other.
class StreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    stream_.emplace(loop_);
    ASSERT_TRUE(stream_->socket().open(ends[0]));
    peer_ = ends[1];
  }
  void TearDown() override {
    stream_.reset();
    if (peer_ >= 0) ::close(peer_);
  }
  void say(std::string_view text) {
    ASSERT_EQ(::write(peer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void hangUp() {
    ::close(peer_);
    peer_ = -1;
  }

  Loop loop_;
  std::optional<Stream> stream_;
  int peer_ = -1;
  char buffer_[64];
  IoResult result_;
  std::string got_;
};

Detached readOnce(Stream& stream, char* buffer, std::size_t size, IoResult& result, Loop& loop) {
  Stream::Read read = stream.read(buffer, size);
  result = co_await read;
  loop.stop();
}

TEST_F(StreamTest, PollingHandlesWhatComesWithoutSleeping) {
  using namespace std::chrono_literals;
  readOnce(*stream_, buffer_, sizeof buffer_, result_, loop_);
  bool came = true;
  loop_.post([&] {
    EXPECT_TRUE(loop_.poll(1ms));  // a new socket can be written to
    came = loop_.poll(1ms);
  });
  loop_.post([&] {
    EXPECT_FALSE(came);
    say("now");
    came = loop_.poll(10s);
  });
  loop_.run();
  EXPECT_TRUE(came);
  EXPECT_EQ(std::string_view(buffer_, result_.bytes), "now");
}

TEST_F(StreamTest, AReaderWaitsForBytes) {
  readOnce(*stream_, buffer_, sizeof buffer_, result_, loop_);
  loop_.post([this] { say("hello"); });
  loop_.run();
  EXPECT_EQ(result_.status, IoStatus::kOk);
  EXPECT_EQ(std::string_view(buffer_, result_.bytes), "hello");
}

TEST_F(StreamTest, AnEndIsSeenEvenWhenItCameWithTheBytes) {
  say("last");
  hangUp();
  readOnce(*stream_, buffer_, sizeof buffer_, result_, loop_);
  loop_.run();
  EXPECT_EQ(result_.bytes, 4U);
  // A short read usually means "nothing more"; here the end was under way already and must not be
  // waited for.
  readOnce(*stream_, buffer_, sizeof buffer_, result_, loop_);
  EXPECT_EQ(result_.status, IoStatus::kEof);
  EXPECT_TRUE(stream_->socket().peerClosed());
}

TEST_F(StreamTest, CancellingWakesTheReaderWithTheReason) {
  readOnce(*stream_, buffer_, sizeof buffer_, result_, loop_);
  loop_.post([this] { stream_->socket().cancel(Errc::kTimeout); });
  loop_.run();
  EXPECT_EQ(result_.status, IoStatus::kCancelled);
  EXPECT_EQ(stream_->socket().cancelReason(), Errc::kTimeout);
}

Detached writeAll(Stream& stream, std::string& text, IoResult& result, Loop& loop) {
  std::array<iovec, 2> out{{{text.data(), text.size() / 2},
                            {text.data() + text.size() / 2, text.size() - text.size() / 2}}};
  Stream::Write write = stream.write(out);
  result = co_await write;
  loop.stop();
}

TEST_F(StreamTest, AWriterWaitsForASlowReaderAndLosesNothing) {
  std::string sent(4 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 26);
  writeAll(*stream_, sent, result_, loop_);
  EXPECT_EQ(result_.bytes, 0U) << "the kernel cannot have taken all of it";
  const std::function<void()> drain = [&] {
    char chunk[65536];
    for (ssize_t n = 0; (n = ::read(peer_, chunk, sizeof chunk)) > 0;)
      got_.append(chunk, static_cast<std::size_t>(n));
    if (got_.size() < sent.size()) loop_.post(drain);
  };
  loop_.post(drain);
  loop_.run();
  drain();
  EXPECT_EQ(result_.status, IoStatus::kOk);
  EXPECT_TRUE(got_ == sent);
}

TEST_F(StreamTest, WritingToNobodyIsAnErrorAndNoSignal) {
  hangUp();
  std::string text = "x";
  writeAll(*stream_, text, result_, loop_);
  EXPECT_EQ(result_.status, IoStatus::kError);
}

TEST_F(StreamTest, TheWatcherHearsWhatNobodyWaitsFor) {
  int heard = 0;
  stream_->socket().setWatcher([](void* owner) { ++*static_cast<int*>(owner); }, &heard);
  hangUp();
  loop_.post([this] { loop_.post([this] { loop_.stop(); }); });
  loop_.run();
  loop_.io().restart();
  loop_.io().poll();
  EXPECT_EQ(heard, 1);
  EXPECT_TRUE(stream_->socket().peerClosed());
}

TEST(Listener, AcceptsAndTellsWhoCame) {
  Loop loop;
  std::string from;
  auto listener = Listener::open(loop, "127.0.0.1", 0, [&](int fd, const sockaddr_storage& peer) {
    char text[64];
    from = addressText(peer, text);
    ::close(fd);
    loop.stop();
  });
  ASSERT_TRUE(listener);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons((*listener)->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  loop.run();
  ::close(client);
  EXPECT_EQ(from, "127.0.0.1");
}

TEST(Listener, SaysWhatIsWrongWithAnAddress) {
  Loop loop;
  const auto listener =
      Listener::open(loop, "no such host.invalid", 0, [](int, const sockaddr_storage&) {});
  ASSERT_FALSE(listener);
  EXPECT_NE(listener.error().message().find("listen_address"), std::string::npos);
}

Detached resolveName(Resolver& resolver, Loop& loop, std::string host,
                     Result<std::shared_ptr<const Addresses>>& out) {
  Resolver::Lookup lookup(resolver, loop, std::move(host));
  out = co_await lookup;
  loop.stop();
}

TEST(Resolver, FindsLocalhostAndRemembersIt) {
  Loop loop;
  Resolver resolver({});
  Result<std::shared_ptr<const Addresses>> found(nullptr);
  resolveName(resolver, loop, "localhost", found);
  loop.run();
  ASSERT_TRUE(found);
  EXPECT_FALSE((*found)->empty());
  Result<std::shared_ptr<const Addresses>> again(nullptr);
  resolveName(resolver, loop, "localhost", again);  // from the cache: no need to run the loop
  ASSERT_TRUE(again);
  EXPECT_EQ(again->get(), found->get());
}

TEST(Resolver, SaysThatANameDoesNotExist) {
  Loop loop;
  Resolver resolver({});
  Result<std::shared_ptr<const Addresses>> found(nullptr);
  resolveName(resolver, loop, "no-such-host.invalid", found);
  loop.run();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Errc::kDnsFailed);
}

TEST(Resolver, KnowsLiterals) {
  Address address;
  EXPECT_TRUE(parseLiteral("127.0.0.1", address));
  EXPECT_TRUE(parseLiteral("::1", address));
  EXPECT_FALSE(parseLiteral("localhost", address));
}

}  // namespace
}  // namespace tykpp::net
