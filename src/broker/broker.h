// The protocol-neutral core of a server: topics on a log, spread over shards. Both faces stand on it.
//
//   Broker                 one a server: opens the disk, owns the catalog, creates and deletes topics
//   ShardBroker            one a shard: the shard's log, its view of the catalog, the partitions that live here
//
// Placement: a topic's partitions go to the groups with the fewest; a group lives on one shard (group number modulo shards).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/catalog.h"
#include "broker/on_shard.h"
#include "broker/segment_retention.h"
#include "log/disk.h"
#include "runtime/shard.h"

namespace firth::broker {

class Broker;
class LiveDelivery;
class Stream;
class Streams;

// Told on each shard about topics, after the catalog and the partitions changed.
class TopicListener {
 public:
  virtual ~TopicListener() = default;
  // Made, or its config changed. Called once for every topic that exists when the server starts.
  virtual void on_topic(const TopicPointer& topic) = 0;
  virtual void on_topic_gone(const Topic& topic) = 0;
};

class ShardBroker {
 public:
  ShardBroker(Broker& broker, runtime::Shard& shard, log::ShardLog& log) : broker_(broker), shard_(shard), log_(log) {}

  Broker& broker() { return broker_; }
  runtime::Shard& shard() { return shard_; }
  log::ShardLog& log() { return log_; }
  const CatalogView& catalog() const { return *view_; }

  // A partition that lives on this shard and is alive; nullptr otherwise.
  log::Partition* local_partition(const Topic& topic, PartitionIndex index) const;

  // The streams of this shard, if JetStream is served: whoever appends to a partition that is one does it through it.
  Streams* streams() const { return streams_; }
  Stream* stream_of(const log::Partition& partition) const;  // nullptr: it is none
  void set_streams(Streams* streams) { streams_ = streams; }
  // Who delivers to core NATS subscribers what Kafka clients write here; null: nobody.
  LiveDelivery* live_delivery() const { return live_delivery_; }
  void set_live_delivery(LiveDelivery* live_delivery) { live_delivery_ = live_delivery; }

  // Listeners outlive the broker's stop; those that are added late are told about what is there.
  void add_listener(TopicListener& listener);

 private:
  friend class Broker;
  void take_view(std::shared_ptr<const CatalogView> view);

  Broker& broker_;
  runtime::Shard& shard_;
  log::ShardLog& log_;
  std::shared_ptr<const CatalogView> view_ = std::make_shared<const CatalogView>();
  std::vector<TopicListener*> listeners_;
  Streams* streams_ = nullptr;
  LiveDelivery* live_delivery_ = nullptr;
};

struct BrokerSettings {
  log::DiskSettings disk;
};

class Broker {
 public:
  struct Surroundings {
    runtime::Files& files;
    runtime::Random& random;
    runtime::Executor& commit_thread;
    runtime::Executor& checkpoint_thread;
    runtime::WorkerPool& workers;
  };

  // Recovers the disk. Before the shards' loops start. Errors: those of log::Disk::open.
  static Result<std::unique_ptr<Broker>> open(const BrokerSettings& settings, runtime::Shards& shards, Surroundings surroundings);
  ~Broker();

  // On shard 0, once its loop runs: the catalog, then what a crash has left between catalog and partitions. Topics can be used after it.
  runtime::Task<Result<void>> start();
  // Writes checkpoints so that the next start replays nothing. `done` runs on a thread of its own.
  void settle(std::function<void()> done) { disk_->settle(std::move(done)); }

  ShardBroker& shard(ShardIndex index) { return *shard_brokers_[index.value()]; }
  std::size_t shard_count() const { return shard_brokers_.size(); }
  ShardBroker& home(GroupId group);  // where its partitions live
  runtime::Random& random() { return around_.random; }
  log::Disk& disk() { return *disk_; }
  // Readable from any thread.
  const log::DiskStatus& disk_status() const { return status_; }

  // --- From any shard: `here` is the caller's. ---

  struct CreateTopic {
    std::string account{kDefaultAccount};
    std::string name;
    std::int32_t partition_count = 1;
    TopicConfig config;
  };
  // The topic exists on disk, and on the caller's shard, when this returns; so does that one whose name collides: kExists. kConflict:
  // another captures some of its subjects.
  runtime::Task<Result<TopicPointer>> create_topic(ShardBroker& here, CreateTopic request);
  // kNotFound; kConflict: as above.
  runtime::Task<Result<TopicPointer>> update_topic(ShardBroker& here, TopicId id, TopicConfig config);
  // The topic has that many partitions. kNotFound; kConflict: it has as many, or more.
  runtime::Task<Result<TopicPointer>> add_partitions(ShardBroker& here, TopicId id, std::int32_t partition_count);
  runtime::Task<Result<void>> delete_topic(ShardBroker& here, TopicId id);

 private:
  explicit Broker(Surroundings surroundings) : around_(surroundings) {}

  runtime::Task<Result<TopicPointer>> create_here(CreateTopic request);
  runtime::Task<Result<TopicPointer>> update_here(TopicId id, TopicConfig config);
  runtime::Task<Result<TopicPointer>> add_partitions_here(TopicId id, std::int32_t partition_count);
  runtime::Task<Result<TopicPointer>> take_effect(TopicId id);
  runtime::Task<Result<void>> delete_here(TopicId id);
  runtime::Task<Result<void>> bring_up(TopicPointer topic);
  runtime::Task<Result<void>> bring_up_on(ShardBroker& on, TopicPointer topic);
  runtime::Task<Result<void>> end_partition(GroupId group, PartitionKey key);
  runtime::Task<Result<void>> end_orphans(ShardBroker& on, std::shared_ptr<const CatalogView> view);
  std::vector<GroupId> place(std::int32_t partition_count);
  void give_back(const std::vector<GroupId>& placed);
  void publish_view();

  Surroundings around_;
  log::DiskStatus status_;
  std::unique_ptr<log::PartitionEnvironment> environment_;
  std::vector<std::unique_ptr<log::ShardLog>> logs_;
  std::vector<std::unique_ptr<ShardBroker>> shard_brokers_;
  std::vector<std::unique_ptr<SegmentRetention>> retentions_;  // by shard
  std::unique_ptr<log::Disk> disk_;
  std::unique_ptr<Catalog> catalog_;
  std::vector<std::uint64_t> group_loads_;  // partitions by group, on shard 0
};

}  // namespace firth::broker
