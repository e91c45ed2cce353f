// The streams of one shard: which partitions that live here are streams, and what is gathered in a turn for them.
//
// A topic that JetStream made has its streams from the start, and so has one that captures subjects or has consumers; any other that Kafka
// clients made when somebody asks (open): until then it costs neither an index nor subscriptions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "broker/broker.h"
#include "broker/stream.h"

namespace firth::broker {

// Told on the shard about streams that live there.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void on_stream(Stream& stream) = 0;          // made, or found at the start
  virtual void on_stream_changed(Stream& stream) = 0;  // its config did
  virtual void on_stream_gone(Stream& stream) = 0;     // it goes after the call
};

class Streams final : public TopicListener, public runtime::TurnEndHook {
 public:
  explicit Streams(ShardBroker& broker);
  ~Streams() override;

  ShardBroker& broker() { return broker_; }
  // The stream of a partition that lives here; nullptr: none. open() makes it if the partition is alive.
  Stream* find(const PartitionKey& key) const;
  Stream* open(const Topic& topic, PartitionIndex index);
  // Listeners live as long; those that are added late are told about what is there.
  void add_listener(StreamListener& listener);

  void on_topic(const TopicPointer& topic) override;
  void on_topic_gone(const Topic& topic) override;
  void on_turn_end() override;

 private:
  friend class Stream;
  bool has_consumers(const Topic& topic, PartitionIndex index) const;
  void gather(Stream& stream);
  void forget(Stream& stream);

  ShardBroker& broker_;
  std::map<PartitionKey, std::unique_ptr<Stream>> streams_;
  std::vector<Stream*> gathered_;
  std::vector<StreamListener*> listeners_;
};

// Where a stream lives. Any shard.
struct StreamPlace {
  TopicPointer topic;
  PartitionIndex index{0};
};
// By the name that JetStream shows: "T", "T@p". Nothing: there is none; internal topics are not shown.
std::optional<StreamPlace> find_stream(const CatalogView& catalog, std::string_view account, std::string_view name);

}  // namespace firth::broker
