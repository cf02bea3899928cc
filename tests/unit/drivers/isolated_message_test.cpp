// Frames between the gateway and plugin host processes: what is written is read, what is malformed
// is refused.
#include <gtest/gtest.h>

#include <array>

#include "common/plugin_fixture.hpp"
#include "drivers/native/isolated/call_message.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

std::string_view bodyOf(std::string_view stream) {
  auto frame = nextFrame(stream, 1U << 20);
  EXPECT_TRUE(frame && *frame);
  return (*frame)->body;
}

/// A call as the host has it.
std::shared_ptr<ForeignCall> sent(test::TestExchange& on, Hook hook, bool reads_body = false,
                                  TrafficRecord* record = nullptr) {
  std::string stream;
  const HookCall call{hook, on.exchange, record, {}};
  writeCall(stream, {7, 3}, call, reads_body);
  return readCall(bodyOf(stream));
}

struct Reply {
  std::string stream;
  ReplyHead head;
  Result<void> applied;
};
Reply answered(const ForeignCall& call, test::TestExchange& on,
               HookVerdict verdict = HookVerdict::kContinue, TrafficRecord* record = nullptr) {
  Reply reply;
  writeReply(reply.stream, call, Outcome::kVerdict, verdict, {}, false);
  FrameReader frame(bodyOf(reply.stream));
  EXPECT_TRUE(readReplyHead(frame, reply.head));
  HookCall hook{call.hook, on.exchange, record, {}};
  reply.applied = applyReply(frame, hook);
  return reply;
}

TEST(Frames, AreTakenFromAStreamWhenTheyAreWhole) {
  std::string stream;
  FrameWriter frame(stream, FrameKind::kCancel);
  frame.number(std::uint64_t{5});
  EXPECT_EQ(frame.end(), 13u);
  stream += "rest";
  for (std::size_t size = 0; size < 13; ++size) {
    const auto cut = nextFrame(std::string_view(stream).substr(0, size), 100);
    ASSERT_TRUE(cut);
    EXPECT_FALSE(*cut) << size;
  }
  const auto whole = nextFrame(stream, 100);
  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ((*whole)->kind, FrameKind::kCancel);
  EXPECT_EQ((*whole)->size, 13u);
  EXPECT_EQ(FrameReader((*whole)->body).number<std::uint64_t>(), 5u);
}

TEST(Frames, WithImpossibleLengthsAreRefused) {
  EXPECT_FALSE(nextFrame(std::string_view("\0\0\0\0\1", 5), 100));
  EXPECT_FALSE(nextFrame("\xff\xff\xff\xff\1", 100));
  EXPECT_TRUE(nextFrame(std::string_view("\x64\0\0\0\1", 5), 100));
  EXPECT_FALSE(nextFrame(std::string_view("\x65\0\0\0\1", 5), 100));
}

TEST(Frames, ReadNothingBeyondTheirEnd) {
  FrameReader shorter(std::string_view("\5\0\0\0abc", 7));
  EXPECT_EQ(shorter.text(), "");
  EXPECT_FALSE(shorter.good());
  EXPECT_EQ(shorter.number<std::uint64_t>(), 0u);
  FrameReader longer("abc");
  longer.number<std::uint8_t>();
  EXPECT_TRUE(longer.good());
  EXPECT_FALSE(longer.done());
}

TEST(CallMessage, CarriesTheRequest) {
  test::TestExchange on("POST", "/a%20b?x=1");
  on.exchange.request().received_target = "http://h/a%20b?x=1";
  on.exchange.request().headers.add("x-Odd", "one");
  on.exchange.request().setBody("sent");
  on.exchange.peer.port = 99;
  on.exchange.peer.tls = true;
  auto session = session::SessionState::parse(R"({"alias":"ann"})", "key");
  on.exchange.session = std::make_shared<session::SessionState>(std::move(*session));
  const auto call = sent(on, Hook::kPost, true);
  ASSERT_NE(call, nullptr);
  const http::Request& request = call->own.request();
  EXPECT_EQ(call->head.id, 7u);
  EXPECT_EQ(call->head.hook, 3u);
  EXPECT_EQ(call->own.requestId(), 42u);
  EXPECT_EQ(call->hook, Hook::kPost);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/a b");
  EXPECT_EQ(request.raw_path, "/a%20b");
  EXPECT_EQ(request.query, "x=1");
  EXPECT_TRUE(request.has_query);
  EXPECT_EQ(request.received_target, "http://h/a%20b?x=1");
  EXPECT_EQ(request.headers.get("X-ODD"), "one");
  EXPECT_EQ(*request.body(), "sent");
  EXPECT_EQ(call->own.peer.address, "192.0.2.7");
  EXPECT_EQ(call->own.peer.port, 99);
  EXPECT_TRUE(call->own.peer.tls);
  EXPECT_EQ(call->session_json, R"({"alias":"ann"})");
  EXPECT_EQ(call->session_key, "key");
}

TEST(CallMessage, LeavesBodiesOutForHooksThatDoNotReadThem) {
  test::TestExchange on("POST", "/");
  on.exchange.request().setBody("sent");
  EXPECT_EQ(sent(on, Hook::kPre)->own.request().body(), nullptr);
}

TEST(CallMessage, IsRefusedWhereverItIsCut) {
  test::TestExchange on("GET", "/a?b");
  on.upstreamAnswered(200, "body");
  std::string stream;
  const HookCall call{Hook::kResponse, on.exchange, nullptr, {}};
  writeCall(stream, {1, 1}, call, true);
  const std::string body(bodyOf(stream));
  ASSERT_NE(readCall(body), nullptr);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(readCall(std::string_view(body).substr(0, size)), nullptr) << size;
  }
  EXPECT_EQ(readCall(body + "x"), nullptr);
}

TEST(ReplyMessage, BringsBackOnlyWhatChanged) {
  test::TestExchange on("GET", "/");
  on.exchange.request().headers.add("X-Long", "a value that need not come back");
  const auto call = sent(on, Hook::kPre);
  call->own.request().headers.add("X-New", "1");
  call->own.request().headers.erase(http::HeaderName("host"));
  call->changed = kRequestHeadersChanged;
  const Reply reply = answered(*call, on);
  ASSERT_TRUE(reply.applied);
  EXPECT_EQ(reply.stream.find("need not come back"), std::string::npos);
  EXPECT_EQ(on.header("X-Long"), "a value that need not come back");
  EXPECT_EQ(on.header("X-New"), "1");
  EXPECT_EQ(on.header("Host"), "");
}

TEST(ReplyMessage, BringsEverythingAHookMayChange) {
  test::TestExchange on("GET", "/old");
  const auto call = sent(on, Hook::kPre);
  call->own.request().method = "PUT";
  call->own.request().setTarget("/new?q");
  call->own.request().setBody("edited");
  call->own.response().status = 201;
  call->own.response().headers.add("X-Mine", "yes");
  call->own.response().setBody("answer");
  call->own.answer_headers.add("X-Later", "1");
  auto session = session::SessionState::parse(R"({"alias":"ann"})", "key");
  call->own.session = std::make_shared<session::SessionState>(std::move(*session));
  call->changed = kMethodChanged | kUrlChanged | kRequestBodyChanged | kResponseChanged |
                  kResponseBodyChanged | kSessionChanged | kAnswerHeadersChanged | kStateChanged;
  ASSERT_TRUE(answered(*call, on, HookVerdict::kRespond).applied);
  EXPECT_EQ(on.exchange.request().method, "PUT");
  EXPECT_EQ(on.exchange.request().path, "/new");
  EXPECT_EQ(*on.exchange.request().body(), "edited");
  EXPECT_EQ(on.exchange.response().status, 201);
  EXPECT_EQ(on.answered("X-Mine"), "yes");
  EXPECT_EQ(*on.exchange.response().body(), "answer");
  EXPECT_EQ(on.exchange.answer_headers.get("X-Later"), "1");
  EXPECT_EQ(on.exchange.session->token(), "key");
}

TEST(ReplyMessage, BringsRecordsBack) {
  test::TestExchange on;
  TrafficRecord record;
  record.path = "/x";
  record.timestamp = 5;
  const std::array<std::string_view, 2> tags{"one", "two"};
  record.tags = tags;
  const auto call = sent(on, Hook::kAnalytics, false, &record);
  ASSERT_NE(call->record, nullptr);
  EXPECT_EQ(call->record->path, "/x");
  call->own_record.path = "/masked";
  call->own_record.response_code = 299;
  call->changed = kRecordChanged;
  ASSERT_TRUE(answered(*call, on, HookVerdict::kContinue, &record).applied);
  EXPECT_EQ(record.path, "/masked");
  EXPECT_EQ(record.response_code, 299);
  EXPECT_EQ(record.timestamp, 5);
  ASSERT_EQ(record.tags.size(), 2u);
  EXPECT_EQ(record.tags[1], "two");
  EXPECT_NE(record.tags[1].data(), tags[1].data()) << "kept with the exchange";
}

TEST(ReplyMessage, IsRefusedWhenItAsksForWhatNoHookMay) {
  const auto refused = [](Hook hook, auto&& change) {
    test::TestExchange on;
    on.upstreamAnswered(200, "");
    const auto call = sent(on, hook);
    change(*call);
    return !answered(*call, on).applied;
  };
  EXPECT_TRUE(refused(Hook::kPre, [](ForeignCall& call) {
    call.own.request().headers.add("Content-Length", "1");
    call.changed = kRequestHeadersChanged;
  }));
  EXPECT_TRUE(refused(Hook::kPre, [](ForeignCall& call) {
    call.own.request().headers.add("X-A", "1\r\nX-B: 2");
    call.changed = kRequestHeadersChanged;
  }));
  EXPECT_TRUE(refused(Hook::kPre, [](ForeignCall& call) {
    call.own.request().method = "G T";
    call.changed = kMethodChanged;
  }));
  EXPECT_TRUE(refused(Hook::kPre, [](ForeignCall& call) {
    call.own.request().target = "no-slash";
    call.changed = kUrlChanged;
  }));
  EXPECT_TRUE(refused(Hook::kPre, [](ForeignCall& call) {
    call.own.response().status = 99;
    call.changed = kResponseChanged;
  }));
  EXPECT_TRUE(refused(Hook::kResponse, [](ForeignCall& call) { call.changed = kUrlChanged; }));
  EXPECT_TRUE(refused(Hook::kPre, [](ForeignCall& call) { call.changed = kRecordChanged; }));
}

TEST(ReplyMessage, IsRefusedWhenAFieldsNumberIsNone) {
  test::TestExchange on;
  std::string stream;
  FrameWriter frame(stream, FrameKind::kReply);
  frame.number(static_cast<std::uint16_t>(kRequestHeadersChanged));
  frame.number(std::uint32_t{1});
  frame.number(std::uint32_t{17});
  frame.end();
  FrameReader body(bodyOf(stream));
  HookCall hook{Hook::kPre, on.exchange, nullptr, {}};
  EXPECT_FALSE(applyReply(body, hook));
}

TEST(ReplyMessage, IsRefusedWhereverItIsCut) {
  test::TestExchange on("GET", "/old");
  const auto call = sent(on, Hook::kPre);
  call->own.request().method = "PUT";
  call->own.request().headers.add("X-New", "1");
  call->changed = kMethodChanged | kRequestHeadersChanged;
  std::string stream;
  writeReply(stream, *call, Outcome::kVerdict, HookVerdict::kContinue, {}, true);
  const std::string body(bodyOf(stream));
  for (std::size_t size = 0; size < body.size(); ++size) {
    FrameReader frame(std::string_view(body).substr(0, size));
    ReplyHead head;
    test::TestExchange fresh("GET", "/old");
    HookCall hook{Hook::kPre, fresh.exchange, nullptr, {}};
    EXPECT_FALSE(readReplyHead(frame, head) && applyReply(frame, hook)) << size;
  }
}

}  // namespace
}  // namespace tykpp::drivers::native::isolated
