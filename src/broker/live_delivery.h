// Live delivery: what Kafka clients write reaches the core NATS subscribers of its subject once it is released (docs/one-log.md, "Core
// subscribers").
//
//   a batch is appended --> follow() --> released --> may a client listen? --> its records are decoded --> router --> clients of all shards
//
// Only topics with `nats.deliver` are followed. It goes to clients' connections, never into a stream nor to a part of the server; and at
// most once, as all that core NATS delivers: if the server dies between the release and the delivery, nobody delivers it later.
//
// One per shard, for the partitions that live there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "broker/null_value.h"
#include "broker/record_subject.h"
#include "broker/router.h"
#include "log/compression.h"
#include "log/record.h"

namespace firth::broker {

class LiveDelivery final : public TopicListener {
 public:
  // Both live as long. `broker` hands it out from now on.
  LiveDelivery(ShardBroker& broker, Router& router);

  // A batch of a Kafka client that was appended to a partition of the topic just now. The topic is the caller's: what this shard knows of
  // the catalog may be older.
  void follow(TopicPointer topic, log::Partition& partition, SharedBytes batch);
  // Waits if subscribers are behind: at once while they are not. Whoever followed a batch calls it before it takes more from its client,
  // so that what is under way to other shards has a bound.
  runtime::Task<> caught_up();

  void on_topic(const TopicPointer&) override {}
  void on_topic_gone(const Topic& topic) override;

 private:
  // Of a partition that is followed, under the config of that version of its topic.
  struct Source {
    std::uint64_t version;
    RecordSubject subject;
    std::vector<std::string> filters;  // take every subject of its records that may be delivered
    std::string own_prefix;            // of the subjects of its bucket or object store; "": it is none
  };

  const Source& source_of(const Topic& topic, PartitionIndex partition);
  void deliver(const Topic& topic, PartitionIndex partition, const SharedBytes& batch);
  void publish(const std::string& subject, const log::RecordView& record, const SharedBytes& records, Keeps keeps);

  Router& router_;
  std::map<PartitionKey, Source> sources_;  // made when their first batch is released
  log::Decompressor decompressor_;
  std::string message_;  // headers and body of the record that is delivered
  bool is_behind_ = false;
};

}  // namespace firth::broker
