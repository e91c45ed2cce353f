#include "broker/catalog_state.h"

#include <fmt/core.h>

#include "log/byte_io.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kStateVersion = 1;
enum class Command : std::uint8_t { kPut = 1, kRemove = 2 };  // on disk

void put_topic(log::ByteWriter& out, const Topic& topic) {
  out.raw(topic.id.bytes);
  out.prefixed(topic.account);
  out.prefixed(topic.name);
  out.prefixed(ByteView(encode(topic.config)));
  out.varint(topic.version);
  out.fixed(topic.created_ns);
  out.varint(topic.partitions.size());
  for (const GroupId group : topic.partitions) out.varint(group.value());
}

TopicId get_id(log::ByteReader& in) {
  TopicId id;
  const ByteView bytes = in.raw(id.bytes.size());
  if (!bytes.empty()) std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

Result<Topic> get_topic(log::ByteReader& in) {
  Topic topic;
  topic.id = get_id(in);
  topic.account = in.text();
  topic.name = in.text();
  const ByteView config = in.prefixed();
  topic.version = in.varint();
  topic.created_ns = in.fixed<std::int64_t>();
  topic.partitions.resize(in.count(1));
  for (GroupId& group : topic.partitions) group = GroupId(static_cast<std::uint32_t>(in.varint()));
  if (!in.ok()) return Error{Errc::kCorrupt, "a topic in the catalog is not of the form that is written"};
  FIRTH_TRY(topic.config, decode_topic_config(config));
  return topic;
}

}  // namespace

TopicPointer CatalogView::find(std::string_view account, std::string_view name) const {
  TopicPointer topic = find_collision(account, name);
  return topic != nullptr && topic->name == name ? topic : nullptr;
}

TopicPointer CatalogView::find(const TopicId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

TopicPointer CatalogView::find_collision(std::string_view account, std::string_view name) const {
  const auto found = by_name_.find({std::string(account), collision_name(name)});
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<std::byte> CatalogState::put_command(const Topic& topic) {
  log::ByteWriter out;
  out.fixed(static_cast<std::uint8_t>(Command::kPut));
  put_topic(out, topic);
  return out.take();
}

std::vector<std::byte> CatalogState::remove_command(const TopicId& id) {
  log::ByteWriter out;
  out.fixed(static_cast<std::uint8_t>(Command::kRemove));
  out.raw(id.bytes);
  return out.take();
}

void CatalogState::apply(ByteView command) {
  log::ByteReader in(command);
  switch (static_cast<Command>(in.fixed<std::uint8_t>())) {
    case Command::kPut: {
      auto topic = get_topic(in);
      FIRTH_ASSERT(topic.ok());  // the frame's CRC held: this is what was written
      put(*std::move(topic));
      break;
    }
    case Command::kRemove:
      remove(get_id(in));
      break;
  }
  ++view_.version_;
}

void CatalogState::put(Topic topic) {
  auto pointer = std::make_shared<const Topic>(std::move(topic));
  view_.by_name_[{pointer->account, collision_name(pointer->name)}] = pointer;
  view_.by_id_[pointer->id] = std::move(pointer);
}

void CatalogState::remove(const TopicId& id) {
  const auto found = view_.by_id_.find(id);
  if (found == view_.by_id_.end()) return;
  view_.by_name_.erase({found->second->account, collision_name(found->second->name)});
  view_.by_id_.erase(found);
}

SharedBytes CatalogState::encode() const {
  log::ByteWriter out;
  out.fixed(kStateVersion);
  out.varint(view_.version_);
  out.varint(view_.by_id_.size());
  for (const auto& [id, topic] : view_.by_id_) put_topic(out, *topic);
  return out.share();
}

Result<void> CatalogState::restore(ByteView bytes) {
  log::ByteReader in(bytes);
  if (const auto version = in.fixed<std::uint8_t>(); version != kStateVersion)
    return Error{Errc::kUnsupported, fmt::format("a catalog of version {}; this server reads {}", version, kStateVersion)};
  view_.version_ = in.varint();
  for (std::size_t left = in.count(16); left > 0; --left) {
    FIRTH_TRY(auto topic, get_topic(in));
    put(std::move(topic));
  }
  if (!in.done()) return Error{Errc::kCorrupt, "the catalog is not of the form that is written"};
  return {};
}

}  // namespace firth::broker
