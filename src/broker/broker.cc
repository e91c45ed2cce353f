#include "broker/broker.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "broker/piece_kinds.h"
#include "broker/streams.h"

namespace firth::broker {
namespace {

log::PartitionSettings settings_of(ByteView config) {
  const auto decoded = decode_topic_config(config);
  FIRTH_ASSERT(decoded.ok());  // a config act is what this server wrote
  return partition_settings(*decoded);
}

}  // namespace

log::Partition* ShardBroker::local_partition(const Topic& topic, PartitionIndex index) const {
  const auto at = static_cast<std::size_t>(index.value());
  if (index < PartitionIndex(0) || at >= topic.partitions.size()) return nullptr;
  const auto group = log_.groups().find(topic.partitions[at]);
  if (group == log_.groups().end()) return nullptr;
  log::Partition* partition = group->second->find(topic.partition(index));
  return partition != nullptr && partition->is_born() && !partition->is_dead() ? partition : nullptr;
}

Stream* ShardBroker::stream_of(const log::Partition& partition) const {
  return streams_ == nullptr ? nullptr : streams_->find(partition.key());
}

void ShardBroker::add_listener(TopicListener& listener) {
  listeners_.push_back(&listener);
  for (const auto& [id, topic] : view_->by_id()) listener.on_topic(topic);
}

void ShardBroker::take_view(std::shared_ptr<const CatalogView> view) {
  const std::shared_ptr<const CatalogView> before = std::exchange(view_, std::move(view));
  for (TopicListener* listener : listeners_) {
    for (const auto& [id, topic] : before->by_id())
      if (view_->find(id) == nullptr) listener->on_topic_gone(*topic);
    for (const auto& [id, topic] : view_->by_id())
      if (before->find(id) != topic) listener->on_topic(topic);
  }
}

Broker::~Broker() = default;

Result<std::unique_ptr<Broker>> Broker::open(const BrokerSettings& settings, runtime::Shards& shards, Surroundings surroundings) {
  auto broker = std::unique_ptr<Broker>(new Broker(surroundings));
  broker->environment_ = std::make_unique<log::PartitionEnvironment>(log::PartitionEnvironment{
      .files = surroundings.files, .directory = {}, .settings_of = settings_of, .make_piece = make_piece, .memory = &shards.memory()});
  std::vector<log::ShardLog*> logs;
  for (std::uint32_t i = 0; i < shards.size(); ++i) {
    runtime::Shard& shard = shards[ShardIndex(i)];
    broker->logs_.push_back(std::make_unique<log::ShardLog>(shard.loop, *broker->environment_, broker->status_));
    logs.push_back(broker->logs_.back().get());
    broker->shard_brokers_.push_back(std::make_unique<ShardBroker>(*broker, shard, *logs.back()));
  }
  FIRTH_TRY(broker->disk_, log::Disk::open(
                               settings.disk,
                               {.files = surroundings.files,
                                .random = surroundings.random,
                                .commit_thread = surroundings.commit_thread,
                                .checkpoint_thread = surroundings.checkpoint_thread,
                                .workers = surroundings.workers},
                               *broker->environment_, logs,
                               [&broker](GroupId group) -> log::ShardLog& { return broker->home(group).log(); }, broker->status_));
  broker->catalog_ = std::make_unique<Catalog>(broker->home(kCatalogGroup).log());
  return broker;
}

ShardBroker& Broker::home(GroupId group) { return *shard_brokers_[group.value() % shard_brokers_.size()]; }

runtime::Task<Result<void>> Broker::start() {
  FIRTH_CO_CHECK(co_await catalog_->start());
  const std::shared_ptr<const CatalogView> view = catalog_->view();
  group_loads_.assign(shard_brokers_.size() + 1, 0);
  for (const auto& [id, topic] : view->by_id()) {
    FIRTH_CO_CHECK(co_await bring_up(topic));
    for (const GroupId group : topic->partitions) {
      if (group.value() >= group_loads_.size()) group_loads_.resize(group.value() + 1);
      ++group_loads_[group.value()];
    }
  }
  for (const auto& on : shard_brokers_) {
    FIRTH_CO_CHECK(co_await on_shard<Result<void>>(shard_brokers_[0]->shard(), on->shard(),
                                                   [this, &on = *on, view] { return end_orphans(on, view); }));
  }
  publish_view();
  for (const auto& on : shard_brokers_) {
    retentions_.push_back(std::make_unique<SegmentRetention>(*on));
    on->shard().loop.post([retention = retentions_.back().get()] { retention->start(); });
  }
  co_return Result<void>();
}

// Groups are numbered from 1; as many as there are shards take new partitions.
std::vector<GroupId> Broker::place(std::int32_t partition_count) {
  std::vector<GroupId> groups;
  const auto first = group_loads_.begin() + 1;
  for (; partition_count > 0; --partition_count) {
    const auto least = std::min_element(first, first + static_cast<std::ptrdiff_t>(shard_brokers_.size()));
    ++*least;
    groups.emplace_back(static_cast<std::uint32_t>(least - group_loads_.begin()));
  }
  return groups;
}

void Broker::give_back(const std::vector<GroupId>& placed) {
  for (const GroupId group : placed) --group_loads_[group.value()];
}

// At once on shard 0; elsewhere by message, which arrives before the answer of whoever asked for the change.
void Broker::publish_view() {
  runtime::Shard& here = shard_brokers_[0]->shard();
  for (const auto& on : shard_brokers_) {
    if (on->shard().index == here.index) on->take_view(catalog_->view());
    else here.mailbox.post(on->shard().index, [&on = *on, view = catalog_->view()]() mutable { on.take_view(std::move(view)); });
  }
}

runtime::Task<Result<TopicPointer>> Broker::create_topic(ShardBroker& here, CreateTopic request) {
  return on_shard<Result<TopicPointer>>(here.shard(), shard_brokers_[0]->shard(),
                                        [this, request = std::move(request)]() mutable { return create_here(std::move(request)); });
}

runtime::Task<Result<TopicPointer>> Broker::update_topic(ShardBroker& here, TopicId id, TopicConfig config) {
  return on_shard<Result<TopicPointer>>(here.shard(), shard_brokers_[0]->shard(),
                                        [this, id, config = std::move(config)]() mutable { return update_here(id, std::move(config)); });
}

runtime::Task<Result<TopicPointer>> Broker::add_partitions(ShardBroker& here, TopicId id, std::int32_t partition_count) {
  return on_shard<Result<TopicPointer>>(here.shard(), shard_brokers_[0]->shard(),
                                        [this, id, partition_count] { return add_partitions_here(id, partition_count); });
}

runtime::Task<Result<void>> Broker::delete_topic(ShardBroker& here, TopicId id) {
  return on_shard<Result<void>>(here.shard(), shard_brokers_[0]->shard(), [this, id] { return delete_here(id); });
}

runtime::Task<Result<TopicPointer>> Broker::create_here(CreateTopic request) {
  Topic topic;
  random().fill(topic.id.bytes);
  topic.account = std::move(request.account);
  topic.name = std::move(request.name);
  topic.config = std::move(request.config);
  topic.created_ns = shard_brokers_[0]->shard().loop.wall_now().time_since_epoch().count();
  topic.partitions = place(request.partition_count);
  const Result<Topic> made = co_await catalog_->create(topic);
  if (made.ok()) co_return co_await take_effect(made->id);
  give_back(topic.partitions);
  // Whoever made the other one may still wait for that.
  const TopicPointer there = catalog_->view()->find_collision(topic.account, topic.name);
  if (made.error().code == Errc::kExists && there != nullptr) (void)(co_await take_effect(there->id)).ok();
  co_return made.error();
}

runtime::Task<Result<TopicPointer>> Broker::update_here(TopicId id, TopicConfig config) {
  FIRTH_CO_CHECK(co_await catalog_->update(id, std::move(config)));
  co_return co_await take_effect(id);
}

runtime::Task<Result<TopicPointer>> Broker::add_partitions_here(TopicId id, std::int32_t partition_count) {
  const TopicPointer topic = catalog_->view()->find(id);
  if (topic == nullptr) co_return Error{Errc::kNotFound, "the topic does not exist"};
  const std::int64_t added = partition_count - static_cast<std::int64_t>(topic->partitions.size());
  if (added <= 0)
    co_return Error{Errc::kConflict, fmt::format("topic {} has {} partitions; {} would not be an increase", topic->name,
                                                 topic->partitions.size(), partition_count)};
  const std::vector<GroupId> placed = place(static_cast<std::int32_t>(added));
  const Result<Topic> grown = co_await catalog_->grow(*topic, placed);
  if (grown.ok()) co_return co_await take_effect(id);
  give_back(placed);
  co_return grown.error();
}

// What the catalog says of the topic becomes so, and known.
runtime::Task<Result<TopicPointer>> Broker::take_effect(TopicId id) {
  const TopicPointer topic = catalog_->view()->find(id);
  if (topic == nullptr) co_return Error{Errc::kNotFound, "the topic was deleted meanwhile"};
  FIRTH_CO_CHECK(co_await bring_up(topic));
  publish_view();
  co_return topic;
}

runtime::Task<Result<void>> Broker::delete_here(TopicId id) {
  const TopicPointer topic = catalog_->view()->find(id);
  if (topic == nullptr) co_return Error{Errc::kNotFound, "the topic does not exist"};
  FIRTH_CO_CHECK(co_await catalog_->remove(id));
  publish_view();
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    const GroupId group = topic->partitions[i];
    const PartitionKey key = topic->partition(PartitionIndex(static_cast<std::int32_t>(i)));
    --group_loads_[group.value()];
    FIRTH_CO_CHECK(co_await on_shard<Result<void>>(shard_brokers_[0]->shard(), home(group).shard(),
                                                   [this, group, key] { return end_partition(group, key); }));
  }
  co_return Result<void>();
}

// Makes each partition what the catalog asks for: born, and with the config of that version. What a shard holds of a topic is decided in
// one turn, so that a thousand partitions cost one sync.
runtime::Task<Result<void>> Broker::bring_up(TopicPointer topic) {
  for (const auto& on : shard_brokers_) {
    FIRTH_CO_CHECK(co_await on_shard<Result<void>>(shard_brokers_[0]->shard(), on->shard(),
                                                   [this, &on = *on, topic] { return bring_up_on(on, topic); }));
  }
  co_return Result<void>();
}

runtime::Task<Result<void>> Broker::bring_up_on(ShardBroker& on, TopicPointer topic) {
  const std::vector<std::byte> config = encode(topic->config);
  const log::ConfigAct act{.catalog_version = topic->version, .config = config};
  std::vector<log::Partition*> waiting;
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    if (&home(topic->partitions[i]) != &on) continue;
    const PartitionKey key = topic->partition(PartitionIndex(static_cast<std::int32_t>(i)));
    log::Group& group = on.log().group(topic->partitions[i]);
    log::Partition* partition = group.find(key);
    if (partition == nullptr) {
      FIRTH_CO_TRY(partition, group.create(key, act));
    } else if (partition->is_born() && partition->state().catalog_version < topic->version && !partition->is_fenced()) {
      FIRTH_CO_CHECK(partition->act(log::EntryKind::kConfig, log::encode_config(act)));
    }
    waiting.push_back(partition);
  }
  for (log::Partition* partition : waiting) FIRTH_CO_CHECK(co_await released(*partition));
  co_return Result<void>();
}

runtime::Task<Result<void>> Broker::end_partition(GroupId group_id, PartitionKey key) {
  log::Partition* partition = home(group_id).log().group(group_id).find(key);
  if (partition == nullptr || partition->is_dead()) co_return Result<void>();
  FIRTH_CO_CHECK(partition->act(log::EntryKind::kDeath, {}));
  co_return co_await released(*partition);
}

// Partitions whose topic is gone: the server stopped between the catalog's command and their death.
runtime::Task<Result<void>> Broker::end_orphans(ShardBroker& on, std::shared_ptr<const CatalogView> view) {
  std::vector<std::pair<GroupId, PartitionKey>> orphans;
  for (const auto& [id, group] : on.log().groups())
    for (const auto& [key, partition] : group->partitions())
      if (key != catalog_partition() && view->find(key.topic) == nullptr && !partition->is_dead()) orphans.emplace_back(id, key);
  for (const auto& [group, key] : orphans) FIRTH_CO_CHECK(co_await end_partition(group, key));
  co_return Result<void>();
}

}  // namespace firth::broker
