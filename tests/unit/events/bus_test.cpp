#include "events/bus.hpp"

#include <thread>

#include "event_fixture.hpp"
#include "events/fire.hpp"

namespace tykpp::events {
namespace {

using test::Collector;
using test::handlersOf;

class BusTest : public testing::Test {
 protected:
  std::shared_ptr<Collector> listen(Bus& bus, const std::string& api, const std::string& event) {
    auto collector = std::make_shared<Collector>();
    auto table = std::make_shared<HandlerTable>();
    table->add(api, event, collector);
    bus.use(table);
    return collector;
  }
  test::Request request_;
};

TEST_F(BusTest, HandsAnEventToTheHandlersOfItsApiAlone) {
  Bus bus;
  auto one = std::make_shared<Collector>();
  auto other = std::make_shared<Collector>();
  auto gateway = std::make_shared<Collector>();
  auto table = std::make_shared<HandlerTable>();
  table->add("one", "AuthFailure", one);
  table->add("other", "AuthFailure", other);
  table->add("", "AuthFailure", gateway);
  bus.use(table);
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  fireAuthFailure(&emitter, request_.exchange, "k");
  const Emitter own(bus, "", "", handlersOf({"AuthFailure"}));
  fireCustom(&own, "AuthFailure", "by a plugin");
  ASSERT_EQ(one->wait(1).size(), 1U);
  ASSERT_EQ(gateway->wait(1).size(), 1U);
  EXPECT_EQ(one->wait(1)[0].api_id, "one");
  EXPECT_EQ(one->wait(1)[0].org_id, "org");
  EXPECT_EQ(one->wait(1)[0].name, "AuthFailure");
  EXPECT_EQ(gateway->wait(1)[0].message, "by a plugin");
  EXPECT_TRUE(other->wait(0).empty());
}

TEST_F(BusTest, CallsAllHandlersOfAnEventInOrder) {
  Bus bus;
  auto collector = std::make_shared<Collector>();
  auto table = std::make_shared<HandlerTable>();
  table->add("one", "AuthFailure", collector);
  table->add("one", "AuthFailure", collector);
  bus.use(table);
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  fireAuthFailure(&emitter, request_.exchange, "k");
  EXPECT_EQ(collector->wait(2).size(), 2U);
}

TEST_F(BusTest, TakesNothingThatNobodyHandles) {
  Bus bus;
  auto collector = listen(bus, "one", "AuthFailure");
  const Emitter emitter(bus, "one", "org", handlersOf({"KeyExpired"}));
  fireAuthFailure(&emitter, request_.exchange, "k");
  fireAuthFailure(nullptr, request_.exchange, "k");
  fireCustom(&emitter, "Other", "m");
  EXPECT_EQ(bus.pending(), 0U);
  EXPECT_EQ(bus.counts().fired, 0U);
}

TEST_F(BusTest, CountsWhatComesBeforeThereAreHandlers) {
  Bus bus;
  bus.use(std::make_shared<HandlerTable>());
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  fireAuthFailure(&emitter, request_.exchange, "k");
  EXPECT_EQ(bus.counts().unheard, 1U);
  EXPECT_EQ(bus.pending(), 0U);
}

TEST_F(BusTest, GivesEventsBeforeAReloadToTheHandlersBeforeIt) {
  Bus bus;
  auto first = listen(bus, "one", "AuthFailure");
  first->hold(true);
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  fireAuthFailure(&emitter, request_.exchange, "a");
  fireAuthFailure(&emitter, request_.exchange, "b");
  auto second = listen(bus, "one", "AuthFailure");
  fireAuthFailure(&emitter, request_.exchange, "c");
  first->hold(false);
  EXPECT_EQ(second->wait(1).size(), 1U);
  EXPECT_EQ(first->wait(2).size(), 2U);
}

TEST_F(BusTest, DropsAndCountsWhatIsTooMuch) {
  BusLimits limits;
  limits.events = 3;
  Bus bus(limits);
  auto collector = listen(bus, "one", "AuthFailure");
  collector->hold(true);
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  for (int i = 0; i < 5; ++i) fireAuthFailure(&emitter, request_.exchange, "k");
  EXPECT_EQ(bus.pending(), 3U);
  EXPECT_EQ(bus.counts().fired, 3U);
  EXPECT_EQ(bus.counts().dropped, 2U);
  collector->hold(false);
  EXPECT_EQ(collector->wait(3).size(), 3U);
}

TEST_F(BusTest, LeavesRoomForOtherApis) {
  BusLimits limits;
  limits.api_events = 2;
  Bus bus(limits);
  auto noisy = std::make_shared<Collector>();
  auto quiet = std::make_shared<Collector>();
  auto table = std::make_shared<HandlerTable>();
  table->add("noisy", "AuthFailure", noisy);
  table->add("quiet", "AuthFailure", quiet);
  bus.use(table);
  noisy->hold(true);
  const Emitter first(bus, "noisy", "org", handlersOf({"AuthFailure"}));
  const Emitter second(bus, "quiet", "org", handlersOf({"AuthFailure"}));
  for (int i = 0; i < 10; ++i) fireAuthFailure(&first, request_.exchange, "k");
  EXPECT_EQ(bus.counts().dropped, 8U);
  fireAuthFailure(&second, request_.exchange, "k");
  EXPECT_EQ(bus.counts().dropped, 8U);
  noisy->hold(false);
  EXPECT_EQ(quiet->wait(1).size(), 1U);
}

TEST_F(BusTest, LimitsTheBytesThatEventsKeep) {
  BusLimits limits;
  limits.bytes = 100'000;
  Bus bus(limits);
  auto collector = listen(bus, "one", "AuthFailure");
  collector->hold(true);
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  const std::string key(30'000, 'k');
  for (int i = 0; i < 5; ++i) fireAuthFailure(&emitter, request_.exchange, key);
  EXPECT_EQ(bus.counts().fired, 3U);
  EXPECT_EQ(bus.counts().dropped, 2U);
  collector->hold(false);
  EXPECT_EQ(collector->wait(3).size(), 3U);
}

TEST_F(BusTest, CountsAnEventUntilItsHandlersLetItGo) {
  Bus bus;
  auto collector = listen(bus, "one", "AuthFailure");
  collector->keepTickets();
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  fireAuthFailure(&emitter, request_.exchange, "k");
  ASSERT_EQ(collector->wait(1).size(), 1U);
  EXPECT_EQ(bus.pending(), 1U);
  collector->dropTickets();
  while (bus.pending() > 0) std::this_thread::yield();  // the bus's thread has one, too
}

TEST_F(BusTest, DropsWhatWaitsWhenItStops) {
  Bus bus;
  auto collector = listen(bus, "one", "AuthFailure");
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  bus.stop();
  fireAuthFailure(&emitter, request_.exchange, "k");
  EXPECT_EQ(bus.pending(), 0U);
  EXPECT_TRUE(collector->wait(0).empty());
}

class Thrower final : public Handler {
 public:
  void handle(const Event&, Ticket) override { throw std::runtime_error("a bug"); }
};

TEST_F(BusTest, OutlivesAHandlerThatThrows) {
  Bus bus;
  auto collector = std::make_shared<Collector>();
  auto table = std::make_shared<HandlerTable>();
  table->add("one", "AuthFailure", std::make_shared<Thrower>());
  table->add("one", "AuthFailure", collector);
  bus.use(table);
  const Emitter emitter(bus, "one", "org", handlersOf({"AuthFailure"}));
  fireAuthFailure(&emitter, request_.exchange, "k");
  EXPECT_EQ(collector->wait(1).size(), 1U);
}

}  // namespace
}  // namespace tykpp::events
