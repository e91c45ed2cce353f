// The JetStream API on one shard: requests to "$JS.API.>" are looked up in a table of routes and answered by tasks of the shard. Each shard
// has one; of each request one of them gets it, that of the requester's shard.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/router.h"
#include "broker/streams.h"
#include "runtime/task.h"

namespace firth::jetstream {

class Api;
class Consumers;

// What the API needs of a shard.
struct ApiShard {
  broker::Streams* streams;
  Consumers* consumers;
  broker::Router* router;
};

struct ApiRequest {
  std::string type;                 // of the response: "stream_info_response"
  std::vector<std::string> tokens;  // what the route's '*' and '>' stand for
  std::string body;
  std::string reply;
};

// Returns the response; "" answers nothing.
using ApiHandler = runtime::Task<std::string> (*)(Api& api, ApiRequest request);
struct ApiRoute {
  std::string_view filter;  // behind "$JS.API."
  std::string_view type;
  ApiHandler handler;
};

class Api final : public broker::Subscriber {
 public:
  // `shards` by index, all of them; what they point to lives as long.
  Api(broker::ShardBroker& broker, std::vector<ApiShard> shards);
  // Takes no more requests; those under way end as tasks of the shard do.
  void stop();

  // Of streams whose config does not say it.
  void set_default_durability(log::Durability durability) { default_durability_ = durability; }
  log::Durability default_durability() const { return default_durability_; }

  void add_routes(std::span<const ApiRoute> routes) { routes_.insert(routes_.end(), routes.begin(), routes.end()); }
  broker::Pressure deliver(const broker::Message& message, std::uint64_t tag) override;

  broker::ShardBroker& broker() { return broker_; }
  broker::Router& router() { return router_; }
  std::span<const ApiShard> shards() const { return shards_; }
  // Of the shard where the stream lives.
  const ApiShard& home(const broker::StreamPlace& place);

 private:
  runtime::Task<> run(ApiHandler handler, ApiRequest request);
  void answer(const std::string& reply, std::string_view body);

  broker::ShardBroker& broker_;
  const std::vector<ApiShard> shards_;
  broker::Router& router_;
  std::vector<ApiRoute> routes_;
  log::Durability default_durability_ = log::Durability::kSync;
  subject::SubscriberId subscription_;
};

// INFO and STREAM.*
std::span<const ApiRoute> stream_routes();
// CONSUMER.*
std::span<const ApiRoute> consumer_routes();

}  // namespace firth::jetstream
