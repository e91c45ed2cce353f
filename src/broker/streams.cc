#include "broker/streams.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "broker/consumer_state.h"

namespace firth::broker {

Streams::Streams(ShardBroker& broker) : broker_(broker) {
  broker_.set_streams(this);
  broker_.shard().loop.set_turn_end_hook(runtime::TurnStage::kDecisions, *this);
  broker_.add_listener(*this);
}

Streams::~Streams() = default;

Stream* Streams::find(const PartitionKey& key) const {
  const auto found = streams_.find(key);
  return found == streams_.end() ? nullptr : found->second.get();
}

Stream* Streams::open(const Topic& topic, PartitionIndex index) {
  const PartitionKey key = topic.partition(index);
  if (Stream* there = find(key); there != nullptr) return there;
  log::Partition* partition = broker_.local_partition(topic, index);
  const TopicPointer pointer = broker_.catalog().find(topic.id);
  if (partition == nullptr || pointer == nullptr) return nullptr;
  auto& made = streams_[key];
  made = std::make_unique<Stream>(*this, pointer, index, *partition, broker_.shard().loop);
  for (StreamListener* listener : listeners_) listener->on_stream(*made);
  return made.get();
}

void Streams::add_listener(StreamListener& listener) {
  listeners_.push_back(&listener);
  for (const auto& [key, stream] : streams_) listener.on_stream(*stream);
}

void Streams::on_topic(const TopicPointer& topic) {
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    const PartitionIndex index(static_cast<std::int32_t>(i));
    Stream* stream = find(topic->partition(index));
    if (stream != nullptr) {
      stream->change_config(topic);
      for (StreamListener* listener : listeners_) listener->on_stream_changed(*stream);
    } else if (topic->config.origin == Origin::kNats || !topic->config.subjects.empty() || has_consumers(*topic, index)) {
      stream = open(*topic, index);
      if (stream != nullptr && topic->config.max_age.count() > 0) stream->build();
    }
  }
}

// Consumers that were made before the server started: their clients pull and acknowledge without asking for the stream again.
bool Streams::has_consumers(const Topic& topic, PartitionIndex index) const {
  const log::Partition* partition = broker_.local_partition(topic, index);
  return partition != nullptr && consumer_count(*partition) > 0;
}

// Its partitions die next, and their streams with them; until then nobody finds the topic.
void Streams::on_topic_gone(const Topic& topic) {
  for (std::size_t i = 0; i < topic.partitions.size(); ++i)
    if (Stream* stream = find(topic.partition(PartitionIndex(static_cast<std::int32_t>(i)))); stream != nullptr)
      for (StreamListener* listener : listeners_) listener->on_stream_gone(*stream);
}

void Streams::gather(Stream& stream) {
  gathered_.push_back(&stream);
  broker_.shard().loop.request_turn_end(runtime::TurnStage::kDecisions);
}

void Streams::on_turn_end() {
  for (Stream* stream : std::exchange(gathered_, {})) {
    stream->gathering_ = false;
    stream->flush();
  }
}

// Called by the partition, which is told last: what waited for it has been answered.
void Streams::forget(Stream& stream) {
  stream.tell(&StreamObserver::on_gone);
  std::erase(gathered_, &stream);
  const auto found = streams_.find(stream.partition().key());
  broker_.shard().loop.post([gone = std::move(found->second)] {});
  streams_.erase(found);
}

std::optional<StreamPlace> find_stream(const CatalogView& catalog, std::string_view account, std::string_view name) {
  std::int32_t partition = 0;
  if (const std::size_t at = name.rfind('@'); at != std::string_view::npos) {
    const std::string_view number = name.substr(at + 1);
    const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), partition);
    if (error != std::errc{} || rest != number.data() + number.size() || partition < 0) return std::nullopt;
    name = name.substr(0, at);
  }
  TopicPointer topic = catalog.find_collision(account, name);
  if (topic == nullptr || is_internal(topic->name) || static_cast<std::size_t>(partition) >= topic->partitions.size()) return std::nullopt;
  return StreamPlace{.topic = std::move(topic), .index = PartitionIndex(partition)};
}

}  // namespace firth::broker
