// Reads messages of a stream from the batches of its partition. Remembers where it stopped in the last batches, so that reading on does
// not walk a batch from its start again.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "broker/decoded_batch.h"
#include "broker/indexed_record.h"
#include "broker/record_subject.h"
#include "broker/stream_message.h"
#include "log/compression.h"
#include "log/partition.h"
#include "log/record.h"

namespace firth::broker {

class StreamReader {
 public:
  StreamReader(log::Partition& partition, const RecordSubject& subject) : partition_(partition), subject_(subject) {}

  // Nothing: there is no record at that offset. Whether it is erased is not asked. kCorrupt, kStorage: the log cannot be read.
  Result<std::optional<StoredMessage>> read(Offset offset);

  // The records of one batch, decompressed if need be; the bytes are those of the batch, or new ones.
  Result<SharedBytes> records_of(const SharedBytes& batch) { return broker::records_of(batch, decompressor_); }

  // Every record of one batch, for the index.
  Result<void> for_each_record(const SharedBytes& batch, const std::function<void(const IndexedRecord&)>& take) {
    return broker::for_each_record(batch, subject_, decompressor_, take);
  }

  static std::string headers_of(const log::RecordView& record);
  static std::int64_t time_ns_of(const log::BatchView& batch, const log::RecordView& record);

 private:
  struct Cursor {
    SharedBytes batch;    // one whole batch; empty: unused
    SharedBytes records;  // what holds them
    std::optional<log::RecordReader> reader;
    log::RecordView record;  // the last one that was read
    bool at_record = false;
    std::uint64_t used = 0;
  };
  Result<Cursor*> cursor_for(Offset offset);
  StoredMessage message_of(const Cursor& cursor) const;

  log::Partition& partition_;
  const RecordSubject& subject_;
  log::Decompressor decompressor_;
  std::array<Cursor, 4> cursors_;
  std::uint64_t uses_ = 0;
};

}  // namespace firth::broker
