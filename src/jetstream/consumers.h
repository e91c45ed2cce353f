// The consumers of one stream, on its shard: made, found again after a restart, asked through $JS.API.CONSUMER, acknowledged.
//
// The subjects of a stream's consumers are subscribed to where the stream lives, so that the router brings each request there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/streams.h"
#include "jetstream/api.h"
#include "jetstream/consumer.h"
#include "runtime/random.h"

namespace firth::jetstream {

class StreamConsumers final : public broker::StreamObserver, public broker::Subscriber, private Consumer::Owner {
 public:
  StreamConsumers(broker::Stream& stream, broker::Router& router, runtime::Loop& loop, runtime::Random& random);
  ~StreamConsumers() override;

  std::size_t count() const { return consumers_.size(); }

  void on_messages() override;
  void on_erased() override;
  void on_gone() override;
  broker::Pressure deliver(const broker::Message& message, std::uint64_t tag) override;

 private:
  enum class Request : std::uint64_t { kCreate, kDurableCreate, kNames, kList, kInfo, kDelete, kNext, kAck, kFlowControl };

  void load();
  void subscribe(Request request, std::string_view pattern);
  void create(const broker::Message& message, Request request);
  ConsumerCheck check_new(const ConsumerRequest& request, const broker::ConsumerConfig& config) const;
  ConsumerCheck update(Consumer& there, broker::ConsumerConfig config);
  broker::ConsumerStart start_of(broker::ConsumerConfig config);
  void list(const broker::Message& message, Request request);
  void info(std::string_view name, std::string_view reply);
  void remove(std::string_view name, std::string_view reply);
  void next(std::string_view name, const broker::Message& message);
  void acknowledge(const broker::Message& message);

  void reply_when_released(std::string_view reply, std::string text);
  void reply_now(std::string_view reply, std::string_view text);
  Consumer* find(std::string_view name);
  void end(std::map<std::string, std::unique_ptr<Consumer>, std::less<>>::iterator at, std::string_view status);

  void on_done(Sequence message) override;
  void on_inactive(const std::string& name) override;

  broker::Stream& stream_;
  broker::Router& router_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  std::vector<subject::SubscriberId> subscriptions_;
  std::map<std::string, std::unique_ptr<Consumer>, std::less<>> consumers_;
};

// The consumers of one shard's streams.
class Consumers final : public broker::StreamListener {
 public:
  Consumers(broker::Streams& streams, broker::Router& router, runtime::Random& random)
      : loop_(streams.broker().shard().loop), router_(router), random_(random) {
    streams.add_listener(*this);
  }

  void on_stream(broker::Stream& stream) override {
    by_stream_[&stream] = std::make_unique<StreamConsumers>(stream, router_, loop_, random_);
  }
  void on_stream_changed(broker::Stream&) override {}
  void on_stream_gone(broker::Stream& stream) override;  // who waits is told

 private:
  runtime::Loop& loop_;
  broker::Router& router_;
  runtime::Random& random_;
  std::map<broker::Stream*, std::unique_ptr<StreamConsumers>> by_stream_;
};

// CONSUMER.*: what the API says of streams that there are not; those that there are answer for themselves.
std::span<const ApiRoute> consumer_routes();

}  // namespace firth::jetstream
