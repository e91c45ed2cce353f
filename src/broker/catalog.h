// The catalog: which topics there are and what they are asked to do. Its commands are acts on a partition of its own; each released one
// makes a new view, which every shard gets by message. The catalog holds what was asked; a partition's config act holds what is.
//
// Shard: 0, where its group lives. Asked from elsewhere through Broker.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/catalog_state.h"
#include "log/shard_log.h"
#include "runtime/task.h"

namespace firth::broker {

inline constexpr GroupId kCatalogGroup{0};
PartitionKey catalog_partition();

class Catalog {
 public:
  explicit Catalog(log::ShardLog& log) : log_(log) {}

  // Finds its partition, or makes it on a new disk. Before any other call; with the loops running.
  runtime::Task<Result<void>> start();

  // Adds a topic; its id, name and partitions are chosen by the caller, the version here. kExists: the name collides, with the name of
  // the one that is there, released by then. kConflict: another topic of the account captures some of its subjects.
  runtime::Task<Result<Topic>> create(Topic topic);
  // Replaces the config of a topic that exists. kNotFound; kConflict: as above.
  runtime::Task<Result<Topic>> update(TopicId id, TopicConfig config);
  // Adds partitions, which live in these groups, behind those that `topic` has. kNotFound; kConflict: it has others by now.
  runtime::Task<Result<Topic>> grow(Topic topic, std::vector<GroupId> added);
  runtime::Task<Result<void>> remove(TopicId id);

  // Released commands only. Made anew when it changed.
  std::shared_ptr<const CatalogView> view() const;

 private:
  runtime::Task<Result<void>> command(std::vector<std::byte> bytes);
  runtime::Task<Result<Topic>> put(Topic topic);
  const CatalogView& state() const;
  std::optional<Topic> decided(const TopicId& id) const;
  Result<void> check_subjects(const Topic& topic) const;

  log::ShardLog& log_;
  log::Partition* partition_ = nullptr;
  std::map<std::pair<std::string, std::string>, Topic> creating_;  // decided, not released; by account and collision name
  std::map<TopicId, Topic> changing_;                              // the newest decided, while it is not released
  std::set<TopicId> removing_;                                     // decided, not released
  std::uint64_t next_version_ = 1;
  mutable std::shared_ptr<const CatalogView> view_;
};

}  // namespace firth::broker
