// Batches that real clients wrote (tests/data/batches): Kafka's Java client 4.4.0 and kafka-python 3.0.12 through their record builders,
// librdkafka 2.16 as it sent them. Each holds the same 20 records in one of five codecs:
//   record i: timestamp 1,700,000,000,000 + 7 i; key "key-i", null if 3 divides i; value i times "value ", null if i % 5 is 4;
//   i % 4 headers "header-h", the value of those with odd h null, of the others i as text
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "log/batch_builder.h"
#include "log/batch_rules.h"
#include "log/compression.h"
#include "log/record.h"

namespace firth::log {
namespace {

constexpr std::int32_t kRecords = 20;
constexpr std::int64_t kFirstTimestamp = 1'700'000'000'000;
const std::string kCodecNames[] = {"none", "gzip", "snappy", "lz4", "zstd"};

std::string load(const std::string& name) {
  std::ifstream file(FIRTH_TEST_DATA "/batches/" + name + ".bin", std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  EXPECT_FALSE(content.empty()) << name;
  return content;
}

struct Expected {
  explicit Expected(int i) : key("key-" + std::to_string(i)), text(std::to_string(i)), has_key(i % 3 != 0), has_value(i % 5 != 4) {
    for (int n = 0; n < i; ++n) value += "value ";
    for (int h = 0; h < i % 4; ++h) names.push_back("header-" + std::to_string(h));
    for (std::size_t h = 0; h < names.size(); ++h) headers.push_back({names[h], h % 2 == 1 ? std::nullopt : std::optional(as_bytes(text))});
    record = {.timestamp_ms = kFirstTimestamp + 7 * i,
              .key = has_key ? std::optional(as_bytes(key)) : std::nullopt,
              .value = has_value ? std::optional(as_bytes(value)) : std::nullopt,
              .headers = headers};
  }
  Expected(const Expected&) = delete;  // the record points into the strings

  std::string key, value, text;
  bool has_key, has_value;
  std::vector<std::string> names;
  std::vector<RecordHeader> headers;
  NewRecord record;
};

void expect_same(const std::optional<ByteView>& read, const std::optional<ByteView>& expected) {
  ASSERT_EQ(read.has_value(), expected.has_value());
  if (read) EXPECT_EQ(as_text(*read), as_text(*expected));
}

void expect_the_records(const BatchView& batch, ByteView records) {
  RecordReader reader(batch, records);
  RecordView record;
  for (int i = 0; i < kRecords; ++i) {
    SCOPED_TRACE(i);
    const Expected expected(i);
    ASSERT_EQ(reader.next(record), ReadStep::kRead);
    EXPECT_EQ(record.offset, Offset(i));
    EXPECT_EQ(record.timestamp_ms, expected.record.timestamp_ms);
    expect_same(record.key, expected.record.key);
    expect_same(record.value, expected.record.value);
    HeaderReader headers(record);
    RecordHeader header;
    for (const RecordHeader& wanted : expected.headers) {
      ASSERT_EQ(headers.next(header), ReadStep::kRead);
      EXPECT_EQ(header.name, wanted.name);
      expect_same(header.value, wanted.value);
    }
    EXPECT_EQ(headers.next(header), ReadStep::kEnd);
  }
  EXPECT_EQ(reader.next(record), ReadStep::kEnd);
}

TEST(RealBatches, AreReadWithEveryCodecOfEveryClient) {
  Decompressor decompressor;
  for (const std::string client : {"java", "kafka-python", "librdkafka"}) {
    for (std::size_t codec = 0; codec < std::size(kCodecNames); ++codec) {
      SCOPED_TRACE(client + " " + kCodecNames[codec]);
      const std::string content = load(client + "-" + kCodecNames[codec]);
      const ByteView bytes = as_bytes(content);
      ASSERT_EQ(check_produced_batch(bytes), BatchFault::kNone);
      const BatchView batch(bytes);
      EXPECT_EQ(batch.codec(), static_cast<Codec>(codec));
      EXPECT_EQ(batch.record_count(), kRecords);
      std::vector<std::byte> records;
      const Result<void> done = decompressor.decompress(batch.codec(), batch.records(), 1 << 20, records);
      ASSERT_TRUE(done.ok()) << done.error().text;
      const RecordsCheck check = check_records(batch, records, {});
      EXPECT_EQ(check.fault, BatchFault::kNone) << check.record_index;
      EXPECT_EQ(check.max_timestamp_ms, batch.max_timestamp_ms());
      expect_the_records(batch, records);
    }
  }
}

TEST(RealBatches, AreWrittenByteForByteAsJavaDoes) {
  const std::string content = load("java-none");
  std::vector<std::byte> out(3);  // a batch begins anywhere
  BatchBuilder builder(out, identity_of(BatchView(as_bytes(content))));
  for (int i = 0; i < kRecords; ++i) builder.append(Expected(i).record);
  EXPECT_EQ(as_text(builder.finish()), content);
}

TEST(RealBatches, MarkersAreWrittenAndReadAsJavaDoes) {
  for (const auto& [name, type] : {std::pair("commit", ControlType::kCommit), std::pair("abort", ControlType::kAbort)}) {
    const std::string content = load(std::string("java-") + name);
    const BatchView java(as_bytes(content));
    BatchIdentity identity = identity_of(java);
    identity.attributes = 0;
    std::vector<std::byte> out;
    EXPECT_EQ(as_text(build_control_batch(out, identity, {.type = type, .coordinator_epoch = 12})), content) << name;

    RecordReader reader(java, java.records());
    RecordView record;
    ASSERT_EQ(reader.next(record), ReadStep::kRead);
    ControlMarker marker{};
    ASSERT_TRUE(read_control_record(record, marker));
    EXPECT_EQ(marker.type, type);
    EXPECT_EQ(marker.coordinator_epoch, 12);
    EXPECT_EQ(check_produced_batch(as_bytes(content)), BatchFault::kControl);
  }
}

}  // namespace
}  // namespace firth::log
