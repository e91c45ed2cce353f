#include "broker/visible_read.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "log/acts.h"
#include "log/batch_builder.h"
#include "log/compression.h"
#include "log/record.h"
#include "tests/broker/broker_world.h"

namespace firth::broker {
namespace {

using namespace test;

constexpr log::Codec kCodecs[] = {log::Codec::kNone, log::Codec::kGzip, log::Codec::kSnappy, log::Codec::kLz4, log::Codec::kZstd};

SharedBytes batch_of(int records, log::Codec codec) {
  std::vector<std::byte> bytes;
  log::BatchBuilder builder(bytes, {.base_timestamp_ms = 5'000});
  for (int i = 0; i < records; ++i)
    builder.append({.timestamp_ms = 5'000, .key = as_bytes("key"), .value = as_bytes("value"), .headers = {}});
  builder.finish();
  if (codec == log::Codec::kNone) return SharedBytes::copy(bytes);
  std::vector<std::byte> compressed;
  log::compress(codec, ByteView(bytes).subspan(log::kBatchHeaderBytes), compressed);
  bytes.resize(log::kBatchHeaderBytes);
  bytes.insert(bytes.end(), compressed.begin(), compressed.end());
  store_be(bytes.data() + 8, static_cast<std::int32_t>(bytes.size() - log::kBatchLengthEnd));
  store_be(bytes.data() + 21, static_cast<std::int16_t>(codec));
  store_be(bytes.data() + 17, crc32c(ByteView(bytes).subspan(log::kBatchCrcBegin)));
  return SharedBytes::copy(bytes);
}

// One partition of a topic that Kafka made.
class PartitionWorld {
 public:
  explicit PartitionWorld(std::uint64_t seed) : world_(seed) {
    EXPECT_TRUE(world_.open()) << world_.error;
    const auto made = world_.run(world_.broker->create_topic(world_.shard(), {.name = "t", .config = kafka_defaults()}));
    topic_ = **made;
  }

  log::Partition& partition() { return *world_.shard().local_partition(*topic_, PartitionIndex(0)); }
  void append(int records, log::Codec codec = log::Codec::kNone) {
    on_shard([&] { ASSERT_TRUE(partition().append(batch_of(records, codec)).ok()); });
  }
  void erase(std::vector<log::OffsetRange> ranges) {
    on_shard([&] { ASSERT_TRUE(partition().act(log::EntryKind::kErase, log::encode_erase(ranges)).ok()); });
  }
  void move_first(Offset first) {
    on_shard([&] { ASSERT_TRUE(partition().act(log::EntryKind::kFirst, log::encode_offset(first)).ok()); });
  }
  // Returns when what the job decided is released.
  void on_shard(const std::function<void()>& job) {
    bool released = false;
    world_.shard().shard().loop.post([&] {
      job();
      partition().when_released([&](const Result<void>& result) { released = result.ok(); });
    });
    world_.world.run_until([&] { return released; }, 10s);
    ASSERT_TRUE(released);
  }
  void again(bool power_loss) {
    power_loss ? world_.lose_power() : world_.kill();
    ASSERT_TRUE(world_.open()) << world_.error;
    topic_ = world_.shard().catalog().find(topic_->id);
  }

 private:
  BrokerWorld world_;
  TopicPointer topic_;
};

struct ClientRead {
  std::set<std::int64_t> offsets;  // of data records
  Offset position;
  std::size_t fetches = 0;
  std::size_t markers = 0;
};

// What every client does with a fetch: takes each batch's records from its position on, skips control batches, and goes on behind the
// batch.
void take(ByteView batches, ClientRead& client) {
  log::Decompressor decompressor;
  std::vector<std::byte> plain;
  while (!batches.empty()) {
    ASSERT_EQ(log::look_at_batch(batches), log::BatchFront::kWhole);
    const log::BatchView batch(batches);
    ASSERT_TRUE(batch.crc_matches());
    ASSERT_GT(batch.record_count(), 0) << "some clients fail on an empty batch";
    ByteView records = batch.records();
    if (batch.codec() != log::Codec::kNone) {
      ASSERT_TRUE(decompressor.decompress(batch.codec(), records, 1 << 20, plain).ok());
      records = plain;
    }
    log::RecordReader reader(batch, records);
    for (log::RecordView record; reader.next(record) == log::ReadStep::kRead;)
      if (!batch.is_control() && record.offset >= client.position) client.offsets.insert(record.offset.value());
    client.markers += batch.is_control() ? 1 : 0;
    ASSERT_GT(batch.next_offset(), client.position) << "a client that does not move on asks for the same again";
    client.position = batch.next_offset();
    batches = batches.subspan(batch.size());
  }
}

ClientRead read_to_end(PartitionWorld& world, Offset from, std::size_t max_bytes) {
  ClientRead client;
  client.position = from;
  world.on_shard([&] {
    const Offset bound = world.partition().high_watermark();
    while (client.position < bound && !testing::Test::HasFailure()) {
      const auto read = read_visible(world.partition(), {.from = client.position, .bound = bound, .max_bytes = max_bytes});
      ASSERT_TRUE(read.ok()) << read.error().text;
      ASSERT_FALSE(read->batches.empty()) << "an empty answer at " << client.position.value();
      std::size_t bytes = 0;
      for (const SharedBytes& batches : read->batches) bytes += batches.size(), take(batches.view(), client);
      EXPECT_EQ(read->bytes, bytes);
      ++client.fetches;
    }
  });
  return client;
}

log::OffsetRange range(std::int64_t first, std::int64_t end) { return {Offset(first), Offset(end)}; }

std::set<std::int64_t> all_but(std::int64_t end, const std::vector<log::OffsetRange>& erased) {
  std::set<std::int64_t> left;
  for (std::int64_t offset = 0; offset < end; ++offset) left.insert(offset);
  for (const log::OffsetRange& gone : erased)
    for (Offset offset = gone.first; offset < gone.end; ++offset) left.erase(offset.value());
  return left;
}

// Docs/one-log.md, "Reading": every client's position reaches the end, whatever was erased.
TEST(VisibleRead, HolesAreReadToTheirEnd) {
  const struct {
    const char* name;
    std::vector<log::OffsetRange> erased;
    std::size_t markers;  // with a fetch for each batch
  } rows[] = {
      {"nothing", {}, 0},
      {"the middle, of whole batches", {range(20, 40)}, 0},
      {"the middle, of parts of batches", {range(15, 33)}, 0},
      {"the tail, of whole batches", {range(40, 60)}, 1},
      {"the tail, within a batch", {range(55, 60)}, 0},
      {"all but the first record", {range(1, 60)}, 1},
      {"all but the last record", {range(0, 59)}, 0},
      {"the whole", {range(0, 60)}, 1},
      {"the last record", {range(59, 60)}, 0},
      {"three holes", {range(0, 10), range(25, 31), range(50, 60)}, 1},
  };
  for (const auto& row : rows) {
    for (const log::Codec codec : kCodecs) {
      SCOPED_TRACE(testing::Message() << row.name << ", codec " << static_cast<int>(codec));
      PartitionWorld world(1);
      for (int i = 0; i < 6; ++i) world.append(10, codec);
      if (!row.erased.empty()) world.erase(row.erased);
      for (const std::size_t max_bytes : {std::size_t{1}, std::size_t{1} << 20}) {
        const ClientRead client = read_to_end(world, Offset(0), max_bytes);
        EXPECT_EQ(client.offsets, all_but(60, row.erased));
        EXPECT_EQ(client.position, Offset(60));
        EXPECT_EQ(client.markers, row.markers);
      }
    }
  }
}

TEST(VisibleRead, WhatIsHiddenBelowTheFirstSequenceIsAHole) {
  PartitionWorld world(2);
  for (int i = 0; i < 3; ++i) world.append(10);
  world.move_first(Offset(17));
  world.on_shard([&] { EXPECT_EQ(world.partition().log_start(), Offset(0)); });
  EXPECT_EQ(read_to_end(world, Offset(0), 1).offsets, all_but(30, {range(0, 17)}));
  world.move_first(Offset(30));
  const ClientRead client = read_to_end(world, Offset(4), 1);
  EXPECT_TRUE(client.offsets.empty());
  EXPECT_EQ(client.markers, 1u);
  EXPECT_EQ(client.position, Offset(30));
}

// The shape of a real marker: no producer, one COMMIT record, at the hole's last offset.
TEST(VisibleRead, TheMarkerIsACommitOfNobody) {
  PartitionWorld world(3);
  world.append(5);
  world.erase({range(2, 5)});
  world.on_shard([&] {
    const auto read = read_visible(world.partition(), {.from = Offset(3), .bound = Offset(5)});
    ASSERT_TRUE(read.ok() && read->batches.size() == 1);
    const log::BatchView marker(read->batches[0].view());
    EXPECT_TRUE(marker.is_control());
    EXPECT_EQ(marker.base_offset(), Offset(4));
    EXPECT_EQ(marker.last_offset_delta(), 0);
    EXPECT_EQ(marker.producer_id(), kNoProducer);
    EXPECT_EQ(marker.leader_epoch(), world.partition().epoch());
    EXPECT_TRUE(marker.crc_matches());
    log::RecordReader reader(marker, marker.records());
    log::RecordView record;
    log::ControlMarker what{};
    ASSERT_EQ(reader.next(record), log::ReadStep::kRead);
    ASSERT_TRUE(log::read_control_record(record, what));
    EXPECT_EQ(what.type, log::ControlType::kCommit);
    EXPECT_EQ(reader.next(record), log::ReadStep::kEnd);
  });
}

TEST(VisibleRead, NothingOnlyAtTheBound) {
  PartitionWorld world(4);
  world.append(5);
  world.on_shard([&] {
    const auto read = read_visible(world.partition(), {.from = Offset(5), .bound = Offset(5)});
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(read->batches.empty());
    EXPECT_EQ(read->bytes, 0u);
  });
}

// What is not touched goes out as it lies in the log.
TEST(VisibleRead, BatchesWithoutErasedRecordsAreNotCopied) {
  PartitionWorld world(5);
  for (int i = 0; i < 3; ++i) world.append(10, log::Codec::kZstd);
  world.erase({range(0, 3)});
  world.on_shard([&] {
    const auto raw = world.partition().read_raw({.from = Offset(10), .bound = Offset(30)});
    const auto read = read_visible(world.partition(), {.from = Offset(10), .bound = Offset(30)});
    ASSERT_TRUE(raw.ok() && read.ok());
    ASSERT_EQ(raw->batches.size(), read->batches.size());
    for (std::size_t i = 0; i < raw->batches.size(); ++i) EXPECT_EQ(raw->batches[i].data(), read->batches[i].data());
  });
}

// Random batches, erasures, restarts; clients of any fetch size that start anywhere.
TEST(VisibleRead, AgreesWithASet) {
  for (const std::uint64_t seed : {21u, 22u, 23u, 24u, 25u, 26u}) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    PartitionWorld world(seed);
    std::set<std::int64_t> live;
    std::int64_t end = 0;
    for (int step = 0; step < 25 && !testing::Test::HasFailure(); ++step) {
      for (std::uint64_t n = random() % 3; n > 0; --n) {
        const int count = 1 + static_cast<int>(random() % 12);
        world.append(count, kCodecs[random() % std::size(kCodecs)]);
        for (int i = 0; i < count; ++i) live.insert(end++);
      }
      if (end > 0 && random() % 4 != 0) {
        const auto first = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
        const std::int64_t stop = std::min(end, first + 1 + static_cast<std::int64_t>(random() % 25));
        world.erase({range(first, stop)});
        live.erase(live.lower_bound(first), live.lower_bound(stop));
      }
      if (random() % 8 == 0) world.again(random() % 2 == 0);
      const auto from = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end + 1));
      const ClientRead client = read_to_end(world, Offset(from), 1 + random() % 400);
      EXPECT_EQ(client.offsets, std::set<std::int64_t>(live.lower_bound(from), live.end()));
      EXPECT_EQ(client.position, Offset(end));
    }
  }
}

}  // namespace
}  // namespace firth::broker
