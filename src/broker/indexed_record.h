// What index and ids of a stream need to know of a stored record, read off its batch.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "broker/record_subject.h"
#include "log/compression.h"

namespace firth::broker {

struct IndexedRecord {
  Offset offset;
  std::string subject;
  std::uint32_t bytes = 0;
  std::int64_t time_ns = 0;
  std::optional<std::string> message_id;  // of what NATS clients published
  bool is_nats_born = false;
};
// Every record of a batch, in order; nothing of a control batch. What is damaged ends it.
Result<void> for_each_record(const SharedBytes& batch, const RecordSubject& subject, log::Decompressor& decompressor,
                             const std::function<void(const IndexedRecord&)>& take);

}  // namespace firth::broker
