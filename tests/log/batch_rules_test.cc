// The rules for batches of clients: one row a rule and each edge of it.
#include "log/batch_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "log/batch_builder.h"
#include "log/record.h"

namespace firth::log {
namespace {

using Bytes = std::vector<std::byte>;

BatchView view(const Bytes& batch) { return BatchView(batch); }

Bytes good_batch() {
  Bytes out;
  BatchBuilder builder(out, {.base_timestamp_ms = 1000, .producer_id = ProducerId(5), .producer_epoch = 0, .base_sequence = 0});
  const RecordHeader headers[] = {{"name", as_bytes("value")}, {"", std::nullopt}};
  builder.append({.timestamp_ms = 1000, .key = as_bytes("k"), .value = as_bytes("v"), .headers = headers});
  builder.append({.timestamp_ms = 900, .key = std::nullopt, .value = std::nullopt});
  builder.append({.timestamp_ms = 1100, .key = as_bytes(""), .value = as_bytes("")});
  builder.finish();
  return out;
}

void seal(Bytes& batch) { store_be(batch.data() + 17, crc32c(ByteView(batch).subspan(kBatchCrcBegin))); }

void add_attributes(Bytes& batch, int bits) { store_be(batch.data() + 21, static_cast<std::int16_t>(view(batch).attributes() | bits)); }

struct BatchRow {
  const char* what;
  void (*change)(Bytes&);
  bool sealed;  // with the CRC of what was changed
  BatchFault fault;
};
const BatchRow kBatchRows[] = {
    {"nothing", [](Bytes&) {}, false, BatchFault::kNone},
    {"no bytes", [](Bytes& b) { b.clear(); }, false, BatchFault::kTruncated},
    {"60 bytes", [](Bytes& b) { b.resize(60); }, false, BatchFault::kTruncated},
    {"one byte less", [](Bytes& b) { b.pop_back(); }, false, BatchFault::kTruncated},
    {"one byte more", [](Bytes& b) { b.emplace_back(); }, false, BatchFault::kTrailing},
    {"twice",
     [](Bytes& b) {
       const Bytes copy = b;
       b.insert(b.end(), copy.begin(), copy.end());
     },
     false, BatchFault::kTrailing},
    {"format 1", [](Bytes& b) { b[16] = std::byte{1}; }, false, BatchFault::kMagic},
    {"a negative length", [](Bytes& b) { store_be(b.data() + 8, std::int32_t{-1}); }, false, BatchFault::kTruncated},
    {"a length below the header's", [](Bytes& b) { store_be(b.data() + 8, std::int32_t{48}); }, false, BatchFault::kTruncated},
    {"the largest length", [](Bytes& b) { store_be(b.data() + 8, std::int32_t{0x7FFFFFFF}); }, false, BatchFault::kTruncated},
    {"a flipped bit", [](Bytes& b) { b[70] ^= std::byte{1}; }, false, BatchFault::kCrc},
    {"outside of the CRC", [](Bytes& b) { stamp_batch(b, Offset(9), LeaderEpoch(4)); }, false, BatchFault::kNone},
    {"no records", [](Bytes& b) { store_be(b.data() + 57, std::int32_t{0}); }, true, BatchFault::kCount},
    {"-1 records", [](Bytes& b) { store_be(b.data() + 57, std::int32_t{-1}); }, true, BatchFault::kCount},
    {"an offset too many", [](Bytes& b) { store_be(b.data() + 23, std::int32_t{3}); }, true, BatchFault::kCount},
    {"count and delta at the edge",
     [](Bytes& b) {
       store_be(b.data() + 23, std::int32_t{0x7FFFFFFF});
       store_be(b.data() + 57, std::int32_t{-0x7FFFFFFF - 1});
     },
     true, BatchFault::kCount},
    {"control", [](Bytes& b) { add_attributes(b, batch_attribute::kControl); }, true, BatchFault::kControl},
    {"control that is damaged", [](Bytes& b) { add_attributes(b, batch_attribute::kControl); }, false, BatchFault::kCrc},
    {"no sequence", [](Bytes& b) { store_be(b.data() + 53, std::int32_t{-1}); }, true, BatchFault::kSequence},
    {"no epoch", [](Bytes& b) { store_be(b.data() + 51, kNoEpoch); }, true, BatchFault::kSequence},
    {"a producer with epoch -2", [](Bytes& b) { store_be(b.data() + 51, kNatsEpoch); }, true, BatchFault::kSequence},
    {"the reserved pair",
     [](Bytes& b) {
       store_be(b.data() + 43, std::int64_t{-1});
       store_be(b.data() + 51, kNatsEpoch);
     },
     true, BatchFault::kReservedEpoch},
    {"no producer, sequence 0, as some clients send",
     [](Bytes& b) {
       store_be(b.data() + 43, std::int64_t{-1});
       store_be(b.data() + 51, kNoEpoch);
     },
     true, BatchFault::kNone},
    {"transactional", [](Bytes& b) { add_attributes(b, batch_attribute::kTransactional); }, true, BatchFault::kNone},
    {"transactional without a producer",
     [](Bytes& b) {
       add_attributes(b, batch_attribute::kTransactional);
       store_be(b.data() + 43, std::int64_t{-1});
     },
     true, BatchFault::kNoProducer},
    {"codec 4", [](Bytes& b) { add_attributes(b, 4); }, true, BatchFault::kNone},
    {"codec 5", [](Bytes& b) { add_attributes(b, 5); }, true, BatchFault::kCodec},
    {"a delete horizon", [](Bytes& b) { add_attributes(b, batch_attribute::kDeleteHorizon); }, true, BatchFault::kDeleteHorizon},
    {"LogAppendTime", [](Bytes& b) { add_attributes(b, batch_attribute::kLogAppendTime); }, true, BatchFault::kTimestampType},
};

TEST(BatchRules, NameTheFirstBrokenRule) {
  for (const BatchRow& row : kBatchRows) {
    Bytes batch = good_batch();
    row.change(batch);
    if (row.sealed) seal(batch);
    EXPECT_EQ(check_produced_batch(batch), row.fault) << row.what << ": " << to_string(check_produced_batch(batch));
  }
}

TEST(RecordRules, NameTheRecord) {
  struct Row {
    const char* what;
    RecordRules rules;
    BatchFault fault;
    std::int32_t index;
  };
  const Row rows[] = {
      {"none", {}, BatchFault::kNone, -1},
      {"a key for every record", {.key = KeyRule::kRequired}, BatchFault::kKeyMissing, 1},
      {"just in time", {.earliest_ms = 900, .latest_ms = 1100}, BatchFault::kNone, -1},
      {"too early", {.earliest_ms = 901}, BatchFault::kTimestamp, 1},
      {"too late", {.latest_ms = 1099}, BatchFault::kTimestamp, 2},
  };
  const Bytes batch = good_batch();
  for (const Row& row : rows) {
    const RecordsCheck check = check_records(view(batch), view(batch).records(), row.rules);
    EXPECT_EQ(check.fault, row.fault) << row.what;
    EXPECT_EQ(check.record_index, row.index) << row.what;
    if (check.fault == BatchFault::kNone) EXPECT_EQ(check.max_timestamp_ms, 1100);
  }
}

TEST(RecordRules, LetRecordsWithoutTimestampPass) {
  Bytes batch;
  BatchBuilder builder(batch, {.base_timestamp_ms = -1});
  builder.append({.timestamp_ms = -1});
  builder.finish();
  EXPECT_EQ(check_records(view(batch), view(batch).records(), {.earliest_ms = 500, .latest_ms = 600}).fault, BatchFault::kNone);
}

TEST(RecordRules, RefuseOffsetsThatAreNotThePlace) {
  Bytes batch;
  BatchBuilder builder(batch, {});
  builder.append_at(0, {.timestamp_ms = 1});
  builder.append_at(2, {.timestamp_ms = 1});
  builder.finish();
  const RecordsCheck check = check_records(view(batch), view(batch).records(), {});
  EXPECT_EQ(check.fault, BatchFault::kOffsetDelta);
  EXPECT_EQ(check.record_index, 1);
}

// A client may write any base offset: the broker gives another. Both records say that they are the first.
TEST(RecordRules, RefuseOffsetsThatAreNotThePlaceAtTheEndOfOffsets) {
  Bytes batch;
  BatchBuilder builder(batch, {.base_offset = Offset(INT64_MAX)});
  builder.append_at(0, {.timestamp_ms = 1});
  builder.finish();
  const ByteView one = view(batch).records();
  Bytes records(one.begin(), one.end());
  records.insert(records.end(), one.begin(), one.end());
  store_be(batch.data() + 57, std::int32_t{2});
  const RecordsCheck check = check_records(view(batch), records, {});
  EXPECT_EQ(check.fault, BatchFault::kOffsetDelta);
  EXPECT_EQ(check.record_index, 1);
}

// Every byte of the records replaced by every value: never read outside, and what is called good can be walked to its end.
TEST(RecordRules, NeverReadOutsideOfGarbledRecords) {
  const Bytes batch = good_batch();
  int refused = 0;
  for (std::size_t at = kBatchHeaderBytes; at < batch.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes garbled = batch;
      garbled[at] = static_cast<std::byte>(value);
      const Bytes records(garbled.begin() + kBatchHeaderBytes, garbled.end());  // a block of its own, for the sanitizer
      if (check_records(view(garbled), records, {}).fault != BatchFault::kNone) ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(RecordReader, RefusesWhatContradictsItself) {
  struct Row {
    const char* what;
    std::string records;
    std::int32_t count;
  };
  const Row rows[] = {
      {"fewer than the count", "", 1},
      {"more than the count", std::string("\x0C\0\0\0\1\1\0", 7), 0},
      {"a length of zero", std::string("\0", 1), 1},
      {"a negative length", std::string("\1", 1), 1},
      {"a length beyond the end", std::string("\x0E\0\0\0\1\1\0", 7), 1},
      {"a length that is too short", std::string("\x0A\0\0\0\1\1\0", 7), 1},
      {"a length that is too long", std::string("\x0E\0\0\0\1\1\0\0", 8), 1},
      {"a key beyond the record", std::string("\x0C\0\0\0\4\1\0", 7), 1},
      {"a negative header count", std::string("\x0C\0\0\0\1\1\1", 7), 1},
      {"more headers than bytes", std::string("\x0C\0\0\0\1\1\x7E", 7), 1},
  };
  for (const Row& row : rows) {
    Bytes batch(kBatchHeaderBytes);
    store_be(batch.data() + 57, row.count);
    RecordReader reader(view(batch), as_bytes(row.records));
    RecordView record;
    EXPECT_EQ(reader.next(record), ReadStep::kDamaged) << row.what;
  }
  Bytes batch(kBatchHeaderBytes);
  store_be(batch.data() + 57, std::int32_t{1});
  const std::string smallest("\x0C\0\0\0\1\1\0", 7);
  RecordReader reader(view(batch), as_bytes(smallest));
  RecordView record;
  EXPECT_EQ(reader.next(record), ReadStep::kRead);
  EXPECT_FALSE(record.key || record.value);
  EXPECT_EQ(reader.next(record), ReadStep::kEnd);
}

}  // namespace
}  // namespace firth::log
