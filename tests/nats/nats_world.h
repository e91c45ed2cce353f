// A NATS server in the simulated world: shards, routers, sessions and a listener on 127.0.0.1:4222, and clients that talk to it in text.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/router.h"
#include "nats/listener.h"
#include "nats/sessions.h"
#include "tests/sim/network.h"
#include "tests/sim/world.h"

namespace firth::test {

class NatsWorld {
 public:
  struct Options {
    std::uint64_t seed = 1;
    std::size_t shards = 1;
    std::size_t connections_per_shard = 1;
    std::size_t memory_budget_bytes = std::size_t{1} << 30;
  };
  explicit NatsWorld(Options options, nats::Settings settings = {})
      : memory(options.memory_budget_bytes), world(options.seed), face(std::move(settings)) {
    for (std::size_t i = 0; i < options.shards; ++i) loops.push_back(&world.loop("shard" + std::to_string(i)));
    shards = std::make_unique<runtime::Shards>(loops, world.clock(), memory, options.connections_per_shard);
    std::vector<broker::Router*> all;
    for (std::uint32_t i = 0; i < options.shards; ++i) {
      routers.push_back(std::make_unique<broker::Router>((*shards)[ShardIndex(i)], options.seed));
      all.push_back(routers.back().get());
    }
    std::vector<nats::Sessions*> places;
    for (std::uint32_t i = 0; i < options.shards; ++i) {
      routers[i]->connect(all);
      sessions.push_back(
          std::make_unique<nats::Sessions>(*shards, (*shards)[ShardIndex(i)], world.network(), *routers[i], world.random(), face));
      places.push_back(sessions.back().get());
    }
    face.workers = &world.workers();
    listener = *nats::Listener::listen(world.network(), {"127.0.0.1", 4222}, *shards, places, face);
  }
  ~NatsWorld() {
    for (const auto& of_shard : sessions) of_shard->close_all();
  }

  // Greeted, and not a word of the client yet.
  sim::Client& connect() {
    sim::Client& client = world.network().connect({"127.0.0.1", 4222});
    EXPECT_TRUE(world.run_until([&] { return client.received().ends_with("\r\n"); }, std::chrono::seconds(1)));
    EXPECT_TRUE(client.take_received().starts_with("INFO {"));
    return client;
  }
  sim::Client& connect(std::string_view options) {
    sim::Client& client = connect();
    client.send("CONNECT " + std::string(options) + "\r\n");
    EXPECT_EQ(talk(client, ""), "");
    return client;
  }
  // What comes back, up to the PONG of a PING behind it; all that came, if the server closes.
  std::string talk(sim::Client& client, std::string_view text) {
    static constexpr std::string_view kPong = "PONG\r\n";
    client.send(std::string(text) + "PING\r\n");
    const bool ended = world.run_until([&] { return client.received().ends_with(kPong) || client.state() != sim::Client::State::kOpen; },
                                       std::chrono::seconds(2));
    EXPECT_TRUE(ended) << client.received();
    std::string answer = client.take_received();
    if (answer.ends_with(kPong)) answer.resize(answer.size() - kPong.size());
    return answer;
  }

  runtime::MemoryGovernor memory;  // outlives the connections
  sim::World world;
  std::vector<runtime::LoopThread*> loops;
  std::unique_ptr<runtime::Shards> shards;
  std::vector<std::unique_ptr<broker::Router>> routers;
  nats::Face face;
  std::vector<std::unique_ptr<nats::Sessions>> sessions;
  std::unique_ptr<nats::Listener> listener;
};

inline constexpr std::string_view kQuiet = R"({"verbose":false,"pedantic":false,"headers":true,"no_responders":true})";

}  // namespace firth::test
