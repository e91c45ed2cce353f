#include "broker/catalog.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "broker/captured_subjects.h"
#include "broker/on_shard.h"
#include "broker/piece_kinds.h"

namespace firth::broker {

PartitionKey catalog_partition() {
  PartitionKey key;
  key.topic.bytes.back() = std::byte{1};  // no random id: there is one on every disk
  return key;
}

runtime::Task<Result<void>> Catalog::start() {
  log::Group& group = log_.group(kCatalogGroup);
  partition_ = group.find(catalog_partition());
  if (partition_ == nullptr) {
    const std::vector<std::byte> config = encode(kafka_defaults());
    FIRTH_CO_TRY(partition_, group.create(catalog_partition(), {.catalog_version = 0, .config = config}));
    FIRTH_CO_CHECK(co_await released(*partition_));
  }
  next_version_ = state().version() + 1;
  co_return Result<void>();
}

const CatalogView& Catalog::state() const {
  static const CatalogView kEmpty;
  const auto* piece = static_cast<const CatalogState*>(partition_->piece(piece_key(PieceKind::kCatalog)));
  return piece == nullptr ? kEmpty : piece->view();
}

std::shared_ptr<const CatalogView> Catalog::view() const {
  if (view_ == nullptr || view_->version() != state().version()) view_ = std::make_shared<const CatalogView>(state());
  return view_;
}

runtime::Task<Result<void>> Catalog::command(std::vector<std::byte> bytes) {
  FIRTH_CO_CHECK(partition_->act_on_piece({.piece = piece_key(PieceKind::kCatalog), .act = bytes}));
  ++next_version_;
  co_return co_await released(*partition_);
}

// Against what is and against what is decided and not released yet: what one of them gives up is free once that is released.
Result<void> Catalog::check_subjects(const Topic& topic) const {
  const auto refusal = [](const Topic& other) {
    return Error{Errc::kConflict, fmt::format("they overlap with those of topic '{}'", other.name)};
  };
  const auto overlaps = [&](const Topic& other) {
    return other.id != topic.id && other.account == topic.account && capture_overlaps(other.config, topic.config);
  };
  const TopicPointer there = find_subject_overlap(state(), topic.account, topic.name, topic.config);
  if (there != nullptr) return refusal(*there);
  for (const auto& [name, other] : creating_)
    if (overlaps(other)) return refusal(other);
  for (const auto& [id, other] : changing_)
    if (overlaps(other)) return refusal(other);
  return {};
}

runtime::Task<Result<Topic>> Catalog::create(Topic topic) {
  const std::pair<std::string, std::string> name{topic.account, collision_name(topic.name)};
  if (const TopicPointer there = state().find_collision(topic.account, topic.name); there != nullptr)
    co_return Error{Errc::kExists, fmt::format("Topic '{}' already exists.", there->name)};
  if (creating_.contains(name)) {
    FIRTH_CO_CHECK(co_await released(*partition_));
    co_return Error{Errc::kExists, fmt::format("Topic '{}' already exists.", topic.name)};
  }
  FIRTH_CO_CHECK(check_subjects(topic));
  topic.version = next_version_;
  creating_.emplace(name, topic);
  const Result<void> done = co_await command(CatalogState::put_command(topic));
  creating_.erase(name);
  if (!done.ok()) co_return done.error();
  co_return topic;
}

// As it will be once all that was decided is released: a change of one field must not take back another's.
std::optional<Topic> Catalog::decided(const TopicId& id) const {
  if (removing_.contains(id)) return std::nullopt;
  if (const auto found = changing_.find(id); found != changing_.end()) return found->second;
  const TopicPointer there = state().find(id);
  return there == nullptr ? std::nullopt : std::optional(*there);
}

runtime::Task<Result<Topic>> Catalog::put(Topic topic) {
  topic.version = next_version_;
  changing_.insert_or_assign(topic.id, topic);
  const Result<void> done = co_await command(CatalogState::put_command(topic));
  if (const auto found = changing_.find(topic.id); found != changing_.end() && found->second.version == topic.version)
    changing_.erase(found);
  if (!done.ok()) co_return done.error();
  co_return topic;
}

runtime::Task<Result<Topic>> Catalog::update(TopicId id, TopicConfig config) {
  std::optional<Topic> topic = decided(id);
  if (!topic) co_return Error{Errc::kNotFound, "the topic does not exist"};
  topic->config = std::move(config);
  FIRTH_CO_CHECK(check_subjects(*topic));
  co_return co_await put(*std::move(topic));
}

runtime::Task<Result<Topic>> Catalog::grow(Topic topic, std::vector<GroupId> added) {
  std::optional<Topic> now = decided(topic.id);
  if (!now) co_return Error{Errc::kNotFound, "the topic does not exist"};
  if (now->partitions.size() != topic.partitions.size())
    co_return Error{Errc::kConflict, fmt::format("topic {} has {} partitions by now", topic.name, now->partitions.size())};
  now->partitions.insert(now->partitions.end(), added.begin(), added.end());
  co_return co_await put(*std::move(now));
}

runtime::Task<Result<void>> Catalog::remove(TopicId id) {
  if (state().find(id) == nullptr || !removing_.insert(id).second) co_return Error{Errc::kNotFound, "the topic does not exist"};
  const Result<void> done = co_await command(CatalogState::remove_command(id));
  removing_.erase(id);
  co_return done;
}

}  // namespace firth::broker
