// What a stream listens to on its home shard: its subjects, whose messages it stores and acknowledges, and direct gets of its messages.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "broker/router.h"
#include "broker/streams.h"
#include "jetstream/api_errors.h"
#include "jetstream/direct_get.h"

namespace firth::jetstream {

class Capture final : public broker::Subscriber {
 public:
  Capture(broker::Stream& stream, broker::Router& router);
  ~Capture() override;

  // The config has changed.
  void subscribe();
  broker::Pressure deliver(const broker::Message& message, std::uint64_t tag) override;

 private:
  bool is_ours(std::string_view subject) const;
  std::optional<ApiError> check_headers(std::string_view headers) const;
  void store(const broker::Message& message);

  broker::Stream& stream_;
  broker::Router& router_;
  DirectGets direct_gets_;
  std::vector<std::string> filters_;
  std::vector<subject::SubscriberId> subscriptions_;
};

// The captures of one shard.
class Captures final : public broker::StreamListener {
 public:
  Captures(broker::Streams& streams, broker::Router& router) : router_(router) { streams.add_listener(*this); }

  void on_stream(broker::Stream& stream) override { by_stream_[&stream] = std::make_unique<Capture>(stream, router_); }
  void on_stream_changed(broker::Stream& stream) override {
    if (const auto found = by_stream_.find(&stream); found != by_stream_.end()) found->second->subscribe();
  }
  void on_stream_gone(broker::Stream& stream) override { by_stream_.erase(&stream); }

 private:
  broker::Router& router_;
  std::map<broker::Stream*, std::unique_ptr<Capture>> by_stream_;
};

}  // namespace firth::jetstream
