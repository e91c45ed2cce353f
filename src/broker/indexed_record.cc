#include "broker/indexed_record.h"

#include <algorithm>

#include "broker/decoded_batch.h"
#include "broker/header_block.h"
#include "broker/stream_message.h"
#include "broker/stream_reader.h"

namespace firth::broker {
namespace {

constexpr std::string_view kMessageIdHeader = "Nats-Msg-Id";
constexpr std::size_t kMaxIndexedBytes = (std::size_t{1} << 30) - 1;

}  // namespace

Result<void> for_each_record(const SharedBytes& bytes, const RecordSubject& subject, log::Decompressor& decompressor,
                             const std::function<void(const IndexedRecord&)>& take) {
  const log::BatchView batch(bytes.view());
  if (batch.is_control()) return {};
  FIRTH_TRY(const SharedBytes records, records_of(bytes, decompressor));
  log::RecordReader reader(batch, records.view());
  IndexedRecord indexed;
  indexed.is_nats_born = batch.is_nats_born();
  for (log::RecordView record; reader.next(record) == log::ReadStep::kRead;) {
    const std::string headers = StreamReader::headers_of(record);
    indexed.offset = record.offset;
    indexed.subject = subject.subject_of(batch, record.key);
    const std::size_t size = message_size(indexed.subject.size(), headers.size(), record.value.value_or(ByteView()).size());
    indexed.bytes = static_cast<std::uint32_t>(std::min(size, kMaxIndexedBytes));
    indexed.time_ns = StreamReader::time_ns_of(batch, record);
    indexed.message_id.reset();
    if (indexed.is_nats_born && !headers.empty())
      if (const auto id = find_header(headers, kMessageIdHeader); id.has_value()) indexed.message_id = *id;
    take(indexed);
  }
  return {};
}

}  // namespace firth::broker
