// Any bodies of JetStream requests, sent to a server in the simulated world: each is answered or passed over, and the server goes on.
// Input: lines; of each the first byte chooses what is asked of which stream and consumer, the rest is the body.
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/log.h"
#include "jetstream/api.h"
#include "jetstream/capture.h"
#include "jetstream/consumers.h"
#include "tests/broker/broker_world.h"

using namespace firth;

namespace {

constexpr std::string_view kSubjects[] = {
    "$JS.API.INFO",
    "$JS.API.STREAM.CREATE.s",
    "$JS.API.STREAM.UPDATE.s",
    "$JS.API.STREAM.INFO.s",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.PURGE.s",
    "$JS.API.STREAM.DELETE.s",
    "$JS.API.STREAM.MSG.GET.s",
    "$JS.API.STREAM.MSG.DELETE.s",
    "$JS.API.DIRECT.GET.s",
    "$JS.API.CONSUMER.CREATE.s",
    "$JS.API.CONSUMER.CREATE.s.c",
    "$JS.API.CONSUMER.DURABLE.CREATE.s.c",
    "$JS.API.CONSUMER.LIST.s",
    "$JS.API.CONSUMER.NAMES.s",
    "$JS.API.CONSUMER.INFO.s.c",
    "$JS.API.CONSUMER.DELETE.s.c",
    "$JS.API.CONSUMER.MSG.NEXT.s.c",
    "$JS.ACK.s.c.1.1.1.17.0",
    "$JS.ACK.s.c.1.2.2.17.0",
    "s.a",
    "s.b",
};

struct Server {
  Server() : world(1) {
    configure_log({.level = LogLevel::kFatal});
    FIRTH_ASSERT(world.open());
    broker::TopicConfig config = broker::stream_defaults();
    config.subjects = {"s.*"};
    config.allow_direct = true;
    FIRTH_ASSERT(world.run(world.broker->create_topic(world.shard(), {.name = "s", .config = config}))->ok());
    router = std::make_unique<broker::Router>(world.shard().shard(), 1);
    broker::Router* const routers[] = {router.get()};
    router->connect(routers);
    on_shard([this] {
      streams = std::make_unique<broker::Streams>(world.shard());
      captures = std::make_unique<jetstream::Captures>(*streams, *router);
      consumers = std::make_unique<jetstream::Consumers>(*streams, *router, world.world.random());
      api = std::make_unique<jetstream::Api>(
          world.shard(), std::vector{jetstream::ApiShard{.streams = streams.get(), .consumers = consumers.get(), .router = router.get()}});
    });
  }
  ~Server() {
    api->stop();
    world.crash(broker::test::BrokerWorld::Crash::kKill, [this] {
      api.reset();
      consumers.reset();
      captures.reset();
      streams.reset();
    });
  }
  template <class Job>
  void on_shard(Job job) {
    world.shard().shard().loop.post(std::move(job));
    world.world.run_for(std::chrono::milliseconds(20));
  }

  broker::test::BrokerWorld world;
  std::unique_ptr<broker::Router> router;
  std::unique_ptr<broker::Streams> streams;
  std::unique_ptr<jetstream::Captures> captures;
  std::unique_ptr<jetstream::Consumers> consumers;
  std::unique_ptr<jetstream::Api> api;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Server server;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (int requests = 0; !input.empty() && requests < 16; ++requests) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), line.size() + 1));
    if (line.empty()) continue;
    const std::string_view subject = kSubjects[static_cast<unsigned char>(line.front()) % std::size(kSubjects)];
    server.on_shard([&server, subject, line] {
      server.router->publish(broker::kGlobalAccount, {.subject = subject, .reply = "r", .payload = line.substr(1)});
    });
  }
  server.world.world.run_for(std::chrono::seconds(2));
  return 0;
}
