// Batches that are built, read and built anew, against a model of their records.
#include "log/batch_builder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "log/batch_rules.h"

namespace firth::log {
namespace {

struct ModelRecord {
  std::int32_t delta;
  std::int64_t timestamp_ms;
  std::optional<std::string> key, value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool operator==(const ModelRecord&) const = default;
};

using Random = std::mt19937_64;

std::string random_text(Random& random) {
  const std::size_t size = random() % 10 == 0 ? random() % 300 : random() % 10;
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::optional<std::string> random_nullable(Random& random) {
  if (random() % 4 == 0) return std::nullopt;
  return random_text(random);
}

std::optional<ByteView> as_view(const std::optional<std::string>& text) { return text ? std::optional(as_bytes(*text)) : std::nullopt; }
std::optional<std::string> as_string(const std::optional<ByteView>& bytes) {
  return bytes ? std::optional(std::string(as_text(*bytes))) : std::nullopt;
}

void append(BatchBuilder& builder, const ModelRecord& model) {
  std::vector<RecordHeader> headers;
  for (const auto& [name, value] : model.headers) headers.push_back({name, as_view(value)});
  builder.append_at(model.delta,
                    {.timestamp_ms = model.timestamp_ms, .key = as_view(model.key), .value = as_view(model.value), .headers = headers});
}

std::vector<ModelRecord> read_all(const BatchView& batch) {
  std::vector<ModelRecord> records;
  RecordReader reader(batch, batch.records());
  RecordView record;
  while (reader.next(record) == ReadStep::kRead) {
    ModelRecord& model = records.emplace_back();
    model = {static_cast<std::int32_t>(record.offset - batch.base_offset()),
             record.timestamp_ms,
             as_string(record.key),
             as_string(record.value),
             {}};
    HeaderReader headers(record);
    RecordHeader header;
    while (headers.next(header) == ReadStep::kRead) model.headers.emplace_back(header.name, as_string(header.value));
  }
  EXPECT_EQ(reader.next(record), ReadStep::kEnd);
  return records;
}

std::vector<ModelRecord> random_records(Random& random) {
  std::vector<ModelRecord> records(1 + random() % 20);
  std::int32_t delta = 0;
  for (ModelRecord& record : records) {
    delta += static_cast<std::int32_t>(random() % 3 == 0 ? random() % 1000 : 0);
    record = {delta++, static_cast<std::int64_t>(random() % 2'000'000'000'000), random_nullable(random), random_nullable(random), {}};
    for (std::size_t h = random() % 4; h != 0; --h) record.headers.emplace_back(random_text(random), random_nullable(random));
  }
  return records;
}

TEST(BatchBuilder, WritesWhatTheReaderReads) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::vector<ModelRecord> records = random_records(random);
    const BatchIdentity identity = {.base_offset = Offset(static_cast<std::int64_t>(random() >> 2)),
                                    .leader_epoch = LeaderEpoch(7),
                                    .base_timestamp_ms = static_cast<std::int64_t>(random() % 2'000'000'000'000),
                                    .producer_id = ProducerId(3),
                                    .producer_epoch = 1,
                                    .base_sequence = 9};
    std::vector<std::byte> out(random() % 5);
    BatchBuilder builder(out, identity);
    std::int64_t max_timestamp_ms = -1;
    for (const ModelRecord& record : records) {
      append(builder, record);
      max_timestamp_ms = std::max(max_timestamp_ms, record.timestamp_ms);
    }
    const BatchView batch(builder.finish());
    EXPECT_EQ(batch.size(), batch.bytes().size());
    EXPECT_TRUE(batch.crc_matches());
    EXPECT_EQ(batch.base_offset(), identity.base_offset);
    EXPECT_EQ(batch.leader_epoch(), identity.leader_epoch);
    EXPECT_EQ(batch.max_timestamp_ms(), max_timestamp_ms);
    EXPECT_EQ(batch.last_offset_delta(), records.back().delta);
    EXPECT_EQ(batch.record_count(), static_cast<std::int32_t>(records.size()));
    EXPECT_EQ(batch.base_sequence(), 9);
    ASSERT_EQ(read_all(batch), records);
  }
}

// Erased records leave holes: the rest is copied as it lies, and the batch keeps its offsets and its producer.
TEST(BatchBuilder, RewritesABatchWithoutSomeOfItsRecords) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<ModelRecord> kept = random_records(random);
    std::vector<std::byte> original;
    BatchBuilder builder(
        original,
        {.base_offset = Offset(50), .base_timestamp_ms = 12, .producer_id = ProducerId(3), .producer_epoch = 0, .base_sequence = 4});
    for (const ModelRecord& record : kept) append(builder, record);
    const BatchView batch(builder.finish());

    std::vector<std::byte> out;
    BatchBuilder rewritten(out, identity_of(batch));
    RecordReader reader(batch, batch.records());
    RecordView record;
    std::erase_if(kept, [&](const ModelRecord&) {
      EXPECT_EQ(reader.next(record), ReadStep::kRead);
      const bool erased = random() % 2 == 0;
      if (!erased) rewritten.append_copy(record);
      return erased;
    });
    const BatchView result(rewritten.finish(batch.last_offset_delta()));
    EXPECT_EQ(result.next_offset(), batch.next_offset());
    EXPECT_EQ(result.producer_id(), batch.producer_id());
    EXPECT_EQ(result.base_sequence(), batch.base_sequence());
    EXPECT_TRUE(result.crc_matches());
    EXPECT_EQ(read_all(result), kept);
  }
}

TEST(BatchBuilder, KeepsNanosecondsOfWhatWasPublishedOverNats) {
  using namespace std::chrono_literals;
  for (const std::chrono::nanoseconds time :
       {0ns, 1ns, 999'999ns, 1'000'000ns, 1'700'000'000'123'456'789ns, std::chrono::nanoseconds::max()}) {
    std::vector<std::byte> out;
    BatchBuilder builder(out, nats_identity(Offset(7), LeaderEpoch(0), time));
    builder.append({.timestamp_ms = time / 1ms, .key = as_bytes("orders.eu"), .value = as_bytes("payload")});
    const BatchView batch(builder.finish());
    EXPECT_TRUE(batch.is_nats_born());
    EXPECT_EQ(nats_time(batch), time);
    EXPECT_EQ(batch.max_timestamp_ms(), time / 1ms);
    EXPECT_EQ(check_produced_batch(batch.bytes()), BatchFault::kReservedEpoch);  // nobody may send it to us
  }
  std::vector<std::byte> out;
  BatchBuilder builder(out, {.base_timestamp_ms = INT64_MAX, .producer_epoch = kNatsEpoch, .base_sequence = 5});
  builder.append({.timestamp_ms = INT64_MAX});
  EXPECT_EQ(nats_time(BatchView(builder.finish())), std::chrono::nanoseconds::max());
}

TEST(BatchBuilder, MarksTheEndOfAHoleAsACommitOfNobody) {
  std::vector<std::byte> out;
  const BatchView batch(build_hole_marker(out, Offset(99), LeaderEpoch(2), 1000));
  EXPECT_EQ(batch.base_offset(), Offset(99));
  EXPECT_EQ(batch.last_offset_delta(), 0);
  EXPECT_EQ(batch.record_count(), 1);
  EXPECT_TRUE(batch.is_control());
  EXPECT_TRUE(batch.is_transactional());
  EXPECT_EQ(batch.producer_id(), kNoProducer);
  EXPECT_FALSE(batch.is_nats_born());
  RecordReader reader(batch, batch.records());
  RecordView record;
  ASSERT_EQ(reader.next(record), ReadStep::kRead);
  ControlMarker marker{};
  ASSERT_TRUE(read_control_record(record, marker));
  EXPECT_EQ(marker.type, ControlType::kCommit);
}

TEST(LogAppendTime, ReplacesTheTimeOfEveryRecord) {
  std::vector<std::byte> out;
  BatchBuilder builder(out, {.base_timestamp_ms = 10});
  builder.append({.timestamp_ms = 10});
  builder.append({.timestamp_ms = 20});
  builder.finish();
  stamp_log_append_time(out, 5000);
  const BatchView batch{ByteView(out)};
  EXPECT_TRUE(batch.crc_matches());
  EXPECT_EQ(batch.max_timestamp_ms(), 5000);
  for (const ModelRecord& record : read_all(batch)) EXPECT_EQ(record.timestamp_ms, 5000);
}

}  // namespace
}  // namespace firth::log
