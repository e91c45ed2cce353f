#include "broker/live_delivery.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/decoded_batch.h"
#include "broker/stream_reader.h"
#include "subject/syntax.h"

namespace firth::broker {
namespace {

// The subjects of a bucket or an object store begin with '$' and may be delivered all the same: those of its own records.
std::string own_prefix_of(const Topic& topic) {
  constexpr std::string_view kBucket = "KV_", kObjectStore = "OBJ_";
  if (topic.config.origin != Origin::kNats) return {};
  if (topic.name.starts_with(kBucket)) return fmt::format("$KV.{}.", topic.name.substr(kBucket.size()));
  if (topic.name.starts_with(kObjectStore)) return fmt::format("$O.{}.", topic.name.substr(kObjectStore.size()));
  return {};
}

// '$' begins the server's own subjects, '_' the inboxes of clients: a record must not pass for what is sent there.
bool may_be_delivered(std::string_view subject, std::string_view own_prefix) {
  if (!subject.starts_with('$') && !subject.starts_with('_')) return true;
  return !own_prefix.empty() && subject.starts_with(own_prefix);
}

}  // namespace

LiveDelivery::LiveDelivery(ShardBroker& broker, Router& router) : router_(router) {
  broker.set_live_delivery(this);
  broker.add_listener(*this);
}

void LiveDelivery::follow(TopicPointer topic, log::Partition& partition, SharedBytes batch) {
  partition.when_released(
      [this, topic = std::move(topic), index = partition.key().partition, batch = std::move(batch)](const Result<void>& released) {
        if (released.ok()) deliver(*topic, index, batch);
      });
}

runtime::Task<> LiveDelivery::caught_up() {
  if (std::exchange(is_behind_, false)) co_await router_.settle();
}

void LiveDelivery::on_topic_gone(const Topic& topic) {
  std::erase_if(sources_, [&](const auto& source) { return source.first.topic == topic.id; });
}

const LiveDelivery::Source& LiveDelivery::source_of(const Topic& topic, PartitionIndex partition) {
  const PartitionKey key = topic.partition(partition);
  if (const auto found = sources_.find(key); found != sources_.end() && found->second.version == topic.version) return found->second;
  Source source{.version = topic.version, .subject = RecordSubject(topic, partition), .filters = {}, .own_prefix = own_prefix_of(topic)};
  for (std::string& filter : source.subject.filters())
    if (may_be_delivered(filter, source.own_prefix)) source.filters.push_back(std::move(filter));
  return sources_.insert_or_assign(key, std::move(source)).first->second;
}

void LiveDelivery::deliver(const Topic& topic, PartitionIndex partition, const SharedBytes& batch) {
  const Source& source = source_of(topic, partition);
  const auto may_reach = [this](const std::string& filter) { return router_.may_reach_clients(kGlobalAccount, filter); };
  if (std::ranges::none_of(source.filters, may_reach)) return;
  const Result<SharedBytes> records = records_of(batch, decompressor_);
  if (!records.ok()) return log_error("what Kafka clients wrote is not delivered to NATS subscribers: {}", records.error().text);
  const log::BatchView view(batch.view());
  const Keeps keeps = source.subject.bucket_prefix().empty() ? Keeps::kMessages : Keeps::kKeys;
  log::RecordReader reader(view, records->view());
  for (log::RecordView record; reader.next(record) == log::ReadStep::kRead;) {
    const std::string subject = source.subject.subject_of(view, record.key);
    if (may_be_delivered(subject, source.own_prefix)) publish(subject, record, *records, keeps);
  }
}

void LiveDelivery::publish(const std::string& subject, const log::RecordView& record, const SharedBytes& records, Keeps keeps) {
  const std::string_view body = as_text(record.value.value_or(ByteView()));
  Message message{.subject = subject, .reply = {}, .header_bytes = 0, .payload = body, .block = &records};
  message_ = StreamReader::headers_of(record);
  if (!record.value.has_value()) message_ = mark_null_value(std::move(message_), keeps);
  if (!message_.empty()) {
    message.header_bytes = static_cast<std::uint32_t>(message_.size());
    message_ += body;
    message.payload = message_;
    message.block = nullptr;
  }
  if (router_.publish_to_clients(kGlobalAccount, message).pressure == Pressure::kHigh) is_behind_ = true;
}

}  // namespace firth::broker
