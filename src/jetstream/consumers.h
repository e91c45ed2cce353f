// The consumers of one stream, on its shard: made, found again after a restart, asked by the API, pulled from, acknowledged.
//
// Pulls and acknowledgements are subscribed to where the stream lives, so that the router brings each one there. All else comes by way of
// the API (consumer_routes.cc), which opens the stream if nobody has yet: a topic that Kafka clients made is a stream once it is asked for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/streams.h"
#include "jetstream/api.h"
#include "jetstream/consumer.h"
#include "jetstream/consumer_rules.h"
#include "runtime/random.h"

namespace firth::jetstream {

class StreamConsumers final : public broker::StreamObserver,
                              public broker::StreamInterest,
                              public broker::Subscriber,
                              private Consumer::Owner {
 public:
  StreamConsumers(broker::Stream& stream, broker::Router& router, runtime::Loop& loop, runtime::Random& random);
  ~StreamConsumers() override;

  std::size_t count() const { return consumers_.size(); }

  void on_messages() override;
  void on_erased() override;
  void on_config() override;
  void on_gone() override;
  bool wants(std::string_view subject) const override;
  broker::Pressure deliver(const broker::Message& message, std::uint64_t tag) override;

  // --- Of the API. Tokens: the stream, the consumer, behind a '.' the filter. Each returns the response; what create and remove say holds
  // once the partition has released what was decided. ---

  std::string create(const ApiRequest& request);
  std::string create_durable(const ApiRequest& request);
  std::string names(const ApiRequest& request);
  std::string list(const ApiRequest& request);
  std::string info(const ApiRequest& request);
  std::string remove(const ApiRequest& request);

 private:
  enum class Tag : std::uint64_t { kNext, kAck, kFlowControl };
  using Form = ConsumerAddress::Form;

  void load();
  void subscribe(Tag tag, std::string_view pattern);
  std::string create_as(Form form, const ApiRequest& asked);
  std::string page(const ApiRequest& request, std::size_t limit, std::string (*entry_of)(const std::string& name, Consumer& consumer));
  std::string random_name();
  Result<Consumer*> make(broker::ConsumerConfig config);
  ApiCheck check_room(const broker::ConsumerConfig& config) const;
  ApiCheck check_share(const broker::ConsumerConfig& config) const;
  ApiCheck update(Consumer& there, broker::ConsumerConfig config);
  broker::ConsumerStart start_of(broker::ConsumerConfig config);
  void next(std::string_view name, const broker::Message& message);
  void acknowledge(const broker::Message& message);

  void send_status(std::string_view reply, std::string_view status, std::string_view lines = {});
  Consumer* find(std::string_view name);
  void end(std::map<std::string, std::unique_ptr<Consumer>, std::less<>>::iterator at, std::string_view status);

  bool is_unwanted(Sequence message);
  void drop_unwanted();
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

  // nullptr: the stream is going.
  StreamConsumers* find(broker::Stream& stream) const {
    const auto found = by_stream_.find(&stream);
    return found == by_stream_.end() ? nullptr : found->second.get();
  }

 private:
  runtime::Loop& loop_;
  broker::Router& router_;
  runtime::Random& random_;
  std::map<broker::Stream*, std::unique_ptr<StreamConsumers>> by_stream_;
};

}  // namespace firth::jetstream
