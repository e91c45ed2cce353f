// The simulated network keeps the contract of runtime/network.h: every byte once and in order, however it is cut; expect, pause, marks,
// linger, and the ways in which a connection ends.
#include "tests/sim/network.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/seeds.h"
#include "tests/sim/world.h"

namespace firth::sim {
namespace {

using namespace std::chrono_literals;

// A server with one connection, whose handler records what it is told and does what the test says.
class Server final : public runtime::ConnectionHandler {
 public:
  explicit Server(World& world) : loop(world.loop("shard0")) {
    listener = *world.network().listen(loop, {"127.0.0.1", 4222}, [this, &world](std::unique_ptr<runtime::AcceptedSocket> socket) {
      connection = *world.network().attach(loop, std::move(socket));
      connection->set_handler(*this);
    });
  }
  std::size_t on_input(const SharedBytes& input) override {
    ++calls;
    seen = as_text(input.view());
    const std::size_t used = consume ? consume(seen) : seen.size();
    consumed += seen.substr(0, used);
    return used;
  }
  void on_closed(const Error& why) override {
    closed += why.text.ends_with("closed by the peer") ? "closed;" : why.text.ends_with("(ECONNRESET)") ? "reset;" : why.text;
    connection = nullptr;
  }
  void on_output_drained() override { ++drained; }

  Loop& loop;
  std::unique_ptr<runtime::Listener> listener;
  runtime::Connection* connection = nullptr;
  std::function<std::size_t(const std::string&)> consume;
  std::string seen, consumed, closed;
  int calls = 0;
  int drained = 0;
};

std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + " ";
  return text;
}

void reply(World& world, Server& server, std::string_view text) {
  server.loop.post([&server, text = std::string(text)] {
    server.connection->out().append(text);
    server.connection->touch();
  });
  world.run_until_idle();
}

TEST(SimNetwork, EveryByteArrivesOnceAndInOrderHoweverItIsCut) {
  std::set<int> calls;
  for (const std::uint64_t seed : test::seeds(100)) {
    SCOPED_TRACE(test::replay(seed));
    World world(seed);
    Server server(world);
    server.consume = [&](const std::string& input) {
      server.connection->out().append(input);
      server.connection->touch();
      return input.size();
    };
    Client& client = world.network().connect({"127.0.0.1", 4222});
    const std::string text = numbers(1000);
    client.send(text.substr(0, 7));
    client.send(text.substr(7));
    world.run_until_idle();
    EXPECT_EQ(server.consumed, text);
    EXPECT_EQ(client.received(), text);
    calls.insert(server.calls);
  }
  EXPECT_GT(calls.size(), 5u);
}

TEST(SimNetwork, UnconsumedBytesComeAgainInFrontAndExpectWaitsForAll) {
  for (const std::uint64_t seed : test::seeds(50)) {
    SCOPED_TRACE(test::replay(seed));
    World world(seed);
    Server server(world);
    int frames = 0;
    server.consume = [&](const std::string& input) -> std::size_t {
      const std::size_t whole = input.size() / 3000;
      frames += static_cast<int>(whole);
      server.connection->expect(3000);
      return whole * 3000;
    };
    Client& client = world.network().connect({"127.0.0.1", 4222});
    client.send(std::string(9000, 'x'));
    world.run_until_idle();
    EXPECT_EQ(frames, 3);
    EXPECT_LE(server.calls, 1 + 3);  // the first one expects nothing yet
  }
}

TEST(SimNetwork, PausedInputWaitsAndFillsTheSocket) {
  World world(1);
  Server server(world);
  Client& client = world.network().connect({"127.0.0.1", 4222});
  server.consume = [&](const std::string& input) {
    server.connection->pause_input();
    return std::min<std::size_t>(input.size(), 1);
  };
  client.send(std::string(200'000, 'x'));
  client.close();
  world.run_until_idle();
  EXPECT_EQ(server.calls, 1);
  EXPECT_EQ(server.closed, "");
  server.consume = nullptr;
  server.loop.post([&] { server.connection->resume_input(); });
  world.run_until_idle();
  EXPECT_EQ(server.consumed.size(), 200'000u);
  EXPECT_EQ(server.closed, "closed;");
}

TEST(SimNetwork, SlowReaderHoldsOutputBackAndDrainingIsToldOnce) {
  World world(1);
  Server server(world);
  Client& client = world.network().connect({"127.0.0.1", 4222});
  world.run_until_idle();
  server.loop.post([&] { server.connection->set_output_marks(1000, 100'000); });
  client.pause_reading();
  reply(world, server, std::string(300'000, 'x'));
  EXPECT_GT(server.connection->out().size(), 200'000u);
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(server.drained, 0);
  client.resume_reading();
  world.run_until_idle();
  EXPECT_EQ(client.received().size(), 300'000u);
  EXPECT_EQ(server.drained, 1);
  reply(world, server, "small");
  EXPECT_EQ(server.drained, 1);
}

TEST(SimNetwork, CloseWritesWhatWaitsWithinLinger) {
  for (const bool reads : {true, false}) {
    World world(1);
    Server server(world);
    Client& client = world.network().connect({"127.0.0.1", 4222});
    world.run_until_idle();
    client.pause_reading();
    reply(world, server, std::string(100'000, 'x'));
    server.loop.post([&] { server.connection->close(500ms); });
    if (reads) client.resume_reading();
    world.run_for(1s);
    EXPECT_EQ(client.received().size(), reads ? 100'000u : 0u);
    EXPECT_EQ(client.state(), reads ? Client::State::kClosed : Client::State::kReset);
    EXPECT_EQ(server.closed, "");
    EXPECT_EQ(world.network().connection_count(), 0u);
  }
}

TEST(SimNetwork, PeerClosesAfterItsBytesOrResetsBeforeThem) {
  World world(1);
  Server server(world);
  Client& client = world.network().connect({"127.0.0.1", 4222});
  client.send("last words");
  client.close();
  world.run_until_idle();
  EXPECT_EQ(server.consumed, "last words");
  EXPECT_EQ(server.closed, "closed;");

  Client& other = world.network().connect({"127.0.0.1", 4222});
  world.run_until_idle();
  other.send("never");
  other.reset();
  world.run_until_idle();
  EXPECT_EQ(server.consumed, "last words");
  EXPECT_EQ(server.closed, "closed;reset;");
  EXPECT_EQ(other.state(), Client::State::kReset);
  EXPECT_EQ(world.network().connection_count(), 0u);
}

TEST(SimNetwork, ResetsBySeed) {
  int resets = 0;
  for (const std::uint64_t seed : test::seeds(100)) {
    World world(seed);
    Server server(world);
    world.network().settings().reset_one_in = 20;
    Client& client = world.network().connect({"127.0.0.1", 4222});
    client.send(numbers(500));
    world.run_until_idle();
    EXPECT_TRUE(numbers(500).starts_with(server.consumed));
    const bool is_reset = client.state() == Client::State::kReset;
    EXPECT_EQ(server.closed.empty(), !is_reset);
    resets += is_reset;
  }
  EXPECT_GT(resets, 0);
  EXPECT_LT(resets, 100);
}

TEST(SimNetwork, PortsAreTakenOnceAndNobodyListeningIsAReset) {
  World world(1);
  Loop& loop = world.loop("shard0");
  auto first = *world.network().listen(loop, {"127.0.0.1", 0}, [](auto) {});
  auto second = *world.network().listen(loop, {"127.0.0.1", 0}, [](auto) {});
  EXPECT_NE(first->address().port, 0);
  EXPECT_NE(first->address().port, second->address().port);
  const runtime::Address address = first->address();
  EXPECT_EQ(world.network().listen(loop, address, [](auto) {}).error().code, Errc::kExists);
  Client& dropped = world.network().connect(address);  // accepted, and let go
  world.run_until_idle();
  EXPECT_EQ(dropped.state(), Client::State::kReset);
  first.reset();
  EXPECT_EQ(world.network().connect(address).state(), Client::State::kReset);
  EXPECT_TRUE(world.network().listen(loop, address, [](auto) {}).ok());
}

TEST(SimNetwork, ProcessEndsWithSomeBytesOnTheWireDeliveredThenAReset) {
  std::set<bool> complete;
  for (const std::uint64_t seed : test::seeds(50)) {
    World world(seed);
    Server server(world);
    Client& client = world.network().connect({"127.0.0.1", 4222});
    world.run_until_idle();
    server.loop.post([&] {
      server.connection->out().append("ack");
      server.connection->touch();
    });
    world.run_steps(4);
    world.kill();
    EXPECT_EQ(client.state(), Client::State::kReset);
    EXPECT_TRUE(std::string_view("ack").starts_with(client.received()));
    complete.insert(client.received() == "ack");
    Server next(world);
    Client& again = world.network().connect({"127.0.0.1", 4222});
    again.send("hello");
    world.run_until_idle();
    EXPECT_EQ(next.consumed, "hello");
    EXPECT_EQ(server.closed, "");
  }
  EXPECT_EQ(complete.size(), 2u);
}

}  // namespace
}  // namespace firth::sim
