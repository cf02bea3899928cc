// One HTTP/2 connection with a server that keeps to a script, in memory.

#include <gtest/gtest.h>

#include <algorithm>

#include "common/grpc_peer.hpp"
#include "drivers/grpc/impl/h2_session.hpp"

namespace tykpp::drivers::grpc {
namespace {

using test::framed;

class GrpcSession : public ::testing::Test, public H2Session::Owner {
 protected:
  struct Ended {
    Rpc* rpc;
    StatusCode code;
    std::string text;
    bool unprocessed;
  };

  void connect(std::vector<nghttp2_settings_entry> settings = {}) {
    H2Session::Options options;
    options.authority = "plugins.example:5555";
    options.max_reply = 1000;
    session_ = std::make_unique<H2Session>(*this, options);
    peer_ = std::make_unique<test::GrpcPeer>(std::move(settings));
    exchange();
  }
  /// Both say what they have to say.
  void exchange() {
    for (bool more = true; more;) {
      std::string out;
      session_->pull(out, 1U << 20);
      if (!out.empty()) peer_->feed(out);
      const std::string in = peer_->pull();
      if (!in.empty()) session_->feed(in.data(), in.size());
      more = !out.empty() || !in.empty();
    }
  }
  Rpc rpc(std::string_view message = "hello") {
    Rpc made;
    made.path = "/coprocess.Dispatcher/Dispatch";
    made.timeout = "2000m";
    made.message = framed(message);
    return made;
  }
  /// One call that the peer answers so.
  Ended call(const std::function<void(std::int32_t stream)>& answer) {
    connect();
    peer_->onRequest = [&](std::int32_t stream, const auto&) { answer(stream); };
    one_ = rpc();
    EXPECT_TRUE(session_->start(one_));
    exchange();
    if (ended_.size() != 1) {
      ADD_FAILURE() << ended_.size() << " calls have ended";
      return {};
    }
    EXPECT_EQ(session_->active(), 0U);
    return ended_.front();
  }

  void onSettings() override { ++settings_; }
  void onGoAway() override { ++away_; }
  void onEnd(Rpc& rpc, bool unprocessed) override {
    ended_.push_back({&rpc, rpc.status.code, rpc.status.message, unprocessed});
  }
  bool take(Rpc&, std::size_t bytes) override { return (taken_ += bytes) <= memory_; }

  std::unique_ptr<H2Session> session_;
  std::unique_ptr<test::GrpcPeer> peer_;
  Rpc one_;
  std::vector<Ended> ended_;
  int settings_ = 0;
  int away_ = 0;
  std::size_t taken_ = 0;
  std::size_t memory_ = 1U << 20;
};

TEST_F(GrpcSession, ACallIsSentAsGrpcAsksForIt) {
  const Ended ended = call([&](std::int32_t stream) {
    const auto& request = peer_->request(stream);
    EXPECT_EQ(request.body, framed("hello"));
    const std::map<std::string, std::string> fields{{":method", "POST"},
                                                    {":scheme", "http"},
                                                    {":path", "/coprocess.Dispatcher/Dispatch"},
                                                    {":authority", "plugins.example:5555"},
                                                    {"te", "trailers"},
                                                    {"content-type", "application/grpc"},
                                                    {"grpc-accept-encoding", "identity"},
                                                    {"grpc-timeout", "2000m"},
                                                    {"user-agent", "tykpp/0.1.0"}};
    EXPECT_EQ(request.fields, fields);
    peer_->answer(stream, framed("world"));
  });
  EXPECT_EQ(ended.code, StatusCode::kOk) << ended.text;
  EXPECT_EQ(one_.reply, "world");
  EXPECT_EQ(settings_, 1);
}

TEST_F(GrpcSession, AnswersThatAreNone) {
  const test::Fields head{{":status", "200"}, {"content-type", "application/grpc"}};
  const auto ends = [&](StatusCode code, const char* text, auto answer) {
    ended_.clear();
    const Ended ended = call(answer);
    EXPECT_EQ(ended.code, code) << text << ": " << codeName(ended.code);
    EXPECT_NE(ended.text.find(text), std::string::npos) << ended.text;
    EXPECT_FALSE(ended.unprocessed);
  };
  ends(StatusCode::kDeadlineExceeded, "too late!", [&](std::int32_t stream) {
    peer_->answerAtOnce(stream, {{":status", "200"},
                                 {"content-type", "application/grpc"},
                                 {"grpc-status", "4"},
                                 {"grpc-message", "too%20late%21"}});
  });
  ends(StatusCode::kUnknown, "without grpc-status",
       [&](std::int32_t stream) { peer_->answer(stream, framed("x"), {}); });
  ends(StatusCode::kUnknown, "none of gRPC", [&](std::int32_t stream) {
    peer_->answer(stream, "<html>", {}, {{":status", "200"}, {"content-type", "text/html"}});
  });
  ends(StatusCode::kUnavailable, "HTTP status 503", [&](std::int32_t stream) {
    peer_->answer(stream, "<html>", {}, {{":status", "503"}, {"content-type", "text/html"}});
  });
  ends(StatusCode::kUnimplemented, "HTTP status 404", [&](std::int32_t stream) {
    peer_->answerAtOnce(stream, {{":status", "404"}});
  });
  ends(StatusCode::kUnknown, "odd", [&](std::int32_t stream) {
    peer_->answerAtOnce(stream, {{":status", "200"},
                                 {"content-type", "application/grpc"},
                                 {"grpc-status", "77"},
                                 {"grpc-message", "odd"}});
  });
  ends(StatusCode::kInternal, "without a whole message",
       [&](std::int32_t stream) { peer_->answer(stream, framed("cut short").substr(0, 9)); });
  ends(StatusCode::kInternal, "without a whole message",
       [&](std::int32_t stream) { peer_->answer(stream, ""); });
  ends(StatusCode::kInternal, "more than one message",
       [&](std::int32_t stream) { peer_->answer(stream, framed("one") + framed("two")); });
  ends(StatusCode::kUnimplemented, "compressed",
       [&](std::int32_t stream) { peer_->answer(stream, framed("x", 1)); });
  ends(StatusCode::kResourceExhausted, "header", [&](std::int32_t stream) {
    test::Fields many = head;
    for (int i = 0; i < 500; ++i) many.emplace_back("x-" + std::to_string(i), "some value");
    peer_->answer(stream, framed("x"), {{"grpc-status", "0"}}, many);
  });
}

TEST_F(GrpcSession, AnEmptyMessageIsOne) {
  EXPECT_EQ(call([&](std::int32_t stream) { peer_->answer(stream, framed("")); }).code,
            StatusCode::kOk);
}

TEST_F(GrpcSession, AMessageThatIsTooLargeIsRefusedByItsPrefix) {
  const Ended ended =
      call([&](std::int32_t stream) { peer_->answer(stream, framed(std::string(1001, 'x'))); });
  EXPECT_EQ(ended.code, StatusCode::kResourceExhausted);
  EXPECT_EQ(taken_, 0U);
  ASSERT_EQ(peer_->resets.size(), 1U);
  EXPECT_EQ(peer_->resets[0].second, static_cast<std::uint32_t>(NGHTTP2_CANCEL));
}

TEST_F(GrpcSession, AnswersAreHeldToTheMemoryThereIs) {
  memory_ = 10;
  const Ended ended =
      call([&](std::int32_t stream) { peer_->answer(stream, framed(std::string(100, 'x'))); });
  EXPECT_EQ(ended.code, StatusCode::kResourceExhausted);
}

TEST_F(GrpcSession, AStreamThatIsResetEndsItsCall) {
  const std::pair<std::uint32_t, StatusCode> cases[] = {
      {NGHTTP2_INTERNAL_ERROR, StatusCode::kInternal},
      {NGHTTP2_CANCEL, StatusCode::kCancelled},
      {NGHTTP2_ENHANCE_YOUR_CALM, StatusCode::kResourceExhausted},
      {NGHTTP2_REFUSED_STREAM, StatusCode::kUnavailable}};
  for (const auto& [error, code] : cases) {
    ended_.clear();
    const Ended ended = call([&, e = error](std::int32_t stream) { peer_->reset(stream, e); });
    EXPECT_EQ(ended.code, code);
    EXPECT_EQ(ended.unprocessed, error == NGHTTP2_REFUSED_STREAM);
  }
}

TEST_F(GrpcSession, ACancelledCallIsResetAndNotTold) {
  connect();
  Rpc waits = rpc();
  ASSERT_TRUE(session_->start(waits));
  exchange();
  Rpc unsent = rpc();
  ASSERT_TRUE(session_->start(unsent));
  session_->cancel(waits);
  session_->cancel(unsent);
  exchange();
  EXPECT_TRUE(ended_.empty());
  EXPECT_EQ(session_->active(), 0U);
  ASSERT_GE(peer_->resets.size(), 1U);
  EXPECT_EQ(peer_->resets[0], std::make_pair(1, static_cast<std::uint32_t>(NGHTTP2_CANCEL)));
  peer_->onRequest = [&](std::int32_t stream, const auto&) { peer_->answer(stream, framed("3")); };
  Rpc next = rpc();
  ASSERT_TRUE(session_->start(next));
  exchange();
  EXPECT_EQ(next.reply, "3");
}

TEST_F(GrpcSession, TheServersLimitOfStreamsIsKnown) {
  connect({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1}});
  EXPECT_TRUE(session_->room());
  Rpc first = rpc();
  ASSERT_TRUE(session_->start(first));
  EXPECT_FALSE(session_->room());
  exchange();
  peer_->answer(1, framed(""));
  exchange();
  EXPECT_TRUE(session_->room());
}

TEST_F(GrpcSession, GoAwayGivesBackWhatTheServerNeverBegan) {
  connect();
  Rpc kept = rpc(), lost = rpc();
  ASSERT_TRUE(session_->start(kept));
  ASSERT_TRUE(session_->start(lost));
  exchange();
  peer_->goAway(1);
  exchange();
  EXPECT_EQ(away_, 1);
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(ended_[0].rpc, &lost);
  EXPECT_TRUE(ended_[0].unprocessed);
  Rpc late = rpc();
  EXPECT_FALSE(session_->start(late));
  peer_->answer(1, framed("kept"));
  exchange();
  EXPECT_EQ(kept.reply, "kept");
  EXPECT_TRUE(session_->over());
}

TEST_F(GrpcSession, AfterAConnectionIsLostOnlyWhatWasNotWrittenIsUnprocessed) {
  connect();
  Rpc written = rpc(), unwritten = rpc(), unsent = rpc();
  ASSERT_TRUE(session_->start(written));
  exchange();
  std::string before, after;
  ASSERT_TRUE(session_->start(unwritten));
  session_->pull(before, 1U << 20);
  ASSERT_TRUE(session_->start(unsent));
  session_->abandon({StatusCode::kUnavailable, "gone"}, 100);
  ASSERT_EQ(ended_.size(), 3U);
  for (const Ended& ended : ended_) {
    EXPECT_EQ(ended.text, "gone");
    EXPECT_EQ(ended.unprocessed, ended.rpc != &written) << (ended.rpc == &unwritten);
  }
}

TEST_F(GrpcSession, WhatIsNoHttp2EndsTheSession) {
  for (const std::string_view bytes :
       {std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string_view("SSH-2.0-x\r\n"),
        std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0", 13),
        std::string_view("\0\0\x04\x04\0\0\0\0\0\1\2\3\4", 13)}) {
    H2Session session(*this, {});
    std::string out;
    session.pull(out, 1U << 20);
    const bool good = session.feed(bytes.data(), bytes.size());
    session.pull(out, 1U << 20);
    EXPECT_TRUE(!good || session.over()) << bytes;
    EXPECT_NE(session.error(), "");
  }
}

TEST_F(GrpcSession, ALongMessageGoesOutInPieces) {
  connect();
  one_ = rpc(std::string(300'000, 'm'));
  std::string body;
  peer_->onRequest = [&](std::int32_t stream, const auto& request) {
    body = request.body;
    peer_->answer(stream, framed(""));
  };
  ASSERT_TRUE(session_->start(one_));
  for (int i = 0; i < 100 && ended_.empty(); ++i) {
    exchange();
    nghttp2_submit_window_update(peer_->session(), 0, 1, 60'000);
  }
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(body, one_.message);
}

TEST_F(GrpcSession, AnAnswerBeforeTheWholeMessageWasSentResetsTheRest) {
  connect();
  one_ = rpc(std::string(300'000, 'm'));
  ASSERT_TRUE(session_->start(one_));
  std::string begin;
  session_->pull(begin, 1000);
  ASSERT_LT(begin.size(), 100'000U);
  peer_->feed(begin);
  peer_->answerAtOnce(
      1, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "8"}});
  exchange();
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(ended_[0].code, StatusCode::kResourceExhausted);
  EXPECT_EQ(peer_->resets.size(), 1U);
}

TEST(GrpcStatus, TimeoutsHaveEightDigits) {
  char buffer[16];
  EXPECT_EQ(timeoutText(2000, buffer), "2000m");
  EXPECT_EQ(timeoutText(0, buffer), "1m");
  EXPECT_EQ(timeoutText(-5, buffer), "1m");
  EXPECT_EQ(timeoutText(99'999'999, buffer), "99999999m");
  EXPECT_EQ(timeoutText(100'000'000, buffer), "100000S");
}

TEST(GrpcStatus, MessagesArePercentDecoded) {
  EXPECT_EQ(decodedMessage("a%20b%2"), "a b%2");
  EXPECT_EQ(decodedMessage("100%"), "100%");
  EXPECT_EQ(decodedMessage("%zz%C3%a9"), "%zz\xc3\xa9");
}

}  // namespace
}  // namespace tykpp::drivers::grpc
