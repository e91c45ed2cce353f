#include "log/erase_rewrite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "base/log.h"
#include "log/batch_builder.h"
#include "log/record.h"
#include "log/segment_rewrite.h"
#include "tests/sim/files.h"

namespace firth::log {
namespace {

constexpr Codec kCodecs[] = {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};

// A batch of `count` records with keys that name their offsets.
std::vector<std::byte> make_batch(Offset base, int count, Codec codec, std::int16_t attributes = 0) {
  std::vector<std::byte> bytes;
  BatchBuilder builder(bytes, {.base_offset = base,
                               .leader_epoch = LeaderEpoch(3),
                               .base_timestamp_ms = 5'000,
                               .attributes = attributes,
                               .producer_id = ProducerId(77),
                               .producer_epoch = 4,
                               .base_sequence = 9});
  for (int i = 0; i < count; ++i) {
    const std::string key = std::to_string((base + i).value());
    builder.append({.timestamp_ms = 5'000 + i, .key = as_bytes(key), .value = as_bytes("value")});
  }
  builder.finish();
  if (codec == Codec::kNone) return bytes;
  std::vector<std::byte> compressed;
  compress(codec, ByteView(bytes).subspan(kBatchHeaderBytes), compressed);
  bytes.resize(kBatchHeaderBytes);
  bytes.insert(bytes.end(), compressed.begin(), compressed.end());
  store_be(bytes.data() + 8, static_cast<std::int32_t>(bytes.size() - kBatchLengthEnd));
  store_be(bytes.data() + 21, static_cast<std::int16_t>(attributes | static_cast<std::int16_t>(codec)));
  store_be(bytes.data() + 17, crc32c(ByteView(bytes).subspan(kBatchCrcBegin)));
  return bytes;
}

// Offset and timestamp of each record, each of which has the key that says its offset.
std::map<Offset, std::int64_t> records_of(ByteView batches) {
  std::map<Offset, std::int64_t> records;
  Decompressor decompressor;
  std::vector<std::byte> plain;
  while (!batches.empty()) {
    EXPECT_EQ(look_at_batch(batches), BatchFront::kWhole);
    const BatchView batch(batches);
    EXPECT_TRUE(batch.crc_matches());
    ByteView bytes = batch.records();
    if (batch.codec() != Codec::kNone) {
      EXPECT_TRUE(decompressor.decompress(batch.codec(), bytes, 1 << 20, plain).ok());
      bytes = plain;
    }
    RecordReader reader(batch, bytes);
    RecordView record;
    while (reader.next(record) == ReadStep::kRead) {
      if (!batch.is_control()) EXPECT_EQ(as_text(*record.key), std::to_string(record.offset.value()));
      records[record.offset] = record.timestamp_ms;
    }
    EXPECT_EQ(reader.records_read(), batch.record_count());
    EXPECT_GT(batch.record_count(), 0);
    batches = batches.subspan(batch.size());
  }
  return records;
}

TEST(EraseRewrite, ABatchKeepsWhatCompactionKeeps) {
  for (const Codec codec : kCodecs) {
    const auto bytes = make_batch(Offset(100), 5, codec);
    ErasedSet erased(Offset(0));
    erased.insert(Offset(100));
    erased.insert(Offset(104));
    EraseRewriter rewriter;
    std::vector<SharedBytes> out;
    ASSERT_TRUE(rewriter.rewrite(SharedBytes::copy(bytes), {.erased = &erased}, out).ok());
    ASSERT_EQ(out.size(), 1u);
    const BatchView before(bytes);
    const BatchView after(out[0].view());
    EXPECT_EQ(after.size(), out[0].size());
    EXPECT_EQ(after.base_offset(), before.base_offset());
    EXPECT_EQ(after.last_offset(), before.last_offset());
    EXPECT_EQ(after.leader_epoch(), before.leader_epoch());
    EXPECT_EQ(after.attributes(), before.attributes());
    EXPECT_EQ(after.base_timestamp_ms(), before.base_timestamp_ms());
    EXPECT_EQ(after.max_timestamp_ms(), 5'003);
    EXPECT_EQ(after.producer_id(), before.producer_id());
    EXPECT_EQ(after.producer_epoch(), before.producer_epoch());
    EXPECT_EQ(after.base_sequence(), before.base_sequence());
    EXPECT_EQ(records_of(out[0].view()),
              (std::map<Offset, std::int64_t>{{Offset(101), 5'001}, {Offset(102), 5'002}, {Offset(103), 5'003}}));
  }
}

TEST(EraseRewrite, WhatIsUntouchedGoesByReference) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 6; ++i) {
    const auto batch = make_batch(Offset(i * 10), 10, Codec::kNone);
    bytes.insert(bytes.end(), batch.begin(), batch.end());
  }
  const SharedBytes shared = SharedBytes::copy(bytes);
  EraseRewriter rewriter;
  std::vector<SharedBytes> out;
  ASSERT_TRUE(rewriter.rewrite(shared, {}, out).ok());
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].data(), shared.data());
  EXPECT_EQ(out[0].size(), shared.size());

  ErasedSet erased(Offset(0));
  erased.insert({Offset(20), Offset(30)});
  out.clear();
  ASSERT_TRUE(rewriter.rewrite(shared, {.erased = &erased, .hidden_below = Offset(15)}, out).ok());
  ASSERT_EQ(out.size(), 2u);  // half of the second, the last three
  EXPECT_EQ(records_of(out[0].view()).begin()->first, Offset(15));
  EXPECT_EQ(BatchView(out[0].view()).base_offset(), Offset(10));
  EXPECT_GE(out[1].data(), shared.data());
  EXPECT_EQ(out[1].data() + out[1].size(), shared.data() + shared.size());
}

TEST(EraseRewrite, MarkersStayAndTheRestOfAHoleIsNothing) {
  std::vector<std::byte> bytes = make_batch(Offset(0), 3, Codec::kNone, batch_attribute::kTransactional);
  build_control_batch(bytes, {.base_offset = Offset(3), .leader_epoch = LeaderEpoch(3), .producer_id = ProducerId(77), .producer_epoch = 4},
                      {.type = ControlType::kAbort, .coordinator_epoch = 1});
  EraseRewriter rewriter;
  std::vector<SharedBytes> out;
  ASSERT_TRUE(rewriter.rewrite(SharedBytes::copy(bytes), {.hidden_below = Offset(50)}, out).ok());
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(BatchView(out[0].view()).is_control());

  // A compacted batch whose only records left are the erased ones: no batch without records.
  out.clear();
  std::vector<std::byte> sparse;
  BatchBuilder builder(sparse, {.base_offset = Offset(0), .base_timestamp_ms = 1});
  builder.append_at(2, {.timestamp_ms = 1, .key = as_bytes("2")});
  builder.finish(9);
  ErasedSet erased(Offset(0));
  erased.insert(Offset(2));
  ASSERT_TRUE(rewriter.rewrite(SharedBytes::copy(sparse), {.erased = &erased}, out).ok());
  EXPECT_TRUE(out.empty());
}

TEST(EraseRewrite, UnreadableRecordsAreNotDropped) {
  auto bytes = make_batch(Offset(0), 5, Codec::kZstd);
  for (std::size_t i = kBatchHeaderBytes; i < bytes.size(); ++i) bytes[i] = std::byte{0x55};
  EraseRewriter rewriter;
  std::vector<SharedBytes> out;
  const auto result = rewriter.rewrite(SharedBytes::copy(bytes), {.hidden_below = Offset(2)}, out);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Errc::kCorrupt);
}

class SegmentRewrite : public ::testing::Test {
 protected:
  void SetUp() override {
    configure_log({.level = LogLevel::kFatal});
    ASSERT_TRUE(files_.make_directory("p").ok());
    source_ = *Segment::create(files_, "p", {Offset(0)}, {});
    for (int i = 0; i < 40; ++i) {
      const auto bytes = make_batch(Offset(i * 10), 10, kCodecs[i % 5]);
      const std::array parts{ByteView(bytes)};
      ASSERT_TRUE(source_->append(parts).ok());
    }
    ASSERT_TRUE(source_->seal().ok());
  }
  Result<std::optional<SegmentDescription>> rewrite(const Visibility& visibility) {
    return rewrite_segment(files_, *source_, visibility, {.directory = "p", .generation = 1, .settings = {}});
  }
  std::map<Offset, std::int64_t> read_all(Segment& segment) {
    const auto read = segment.read({Offset(0), Offset(10'000), 1 << 20});
    EXPECT_TRUE(read.ok());
    return records_of(read->batches.view());
  }
  sim::Files files_;
  std::unique_ptr<Segment> source_;
};

TEST_F(SegmentRewrite, DropsWhatIsErasedAndIsDurable) {
  ErasedSet erased(Offset(0));
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) erased.insert(Offset(static_cast<std::int64_t>(random() % 400)));
  erased.insert({Offset(350), Offset(400)});
  auto expected = read_all(*source_);
  std::erase_if(expected, [&](const auto& record) { return erased.contains(record.first); });

  const auto rewritten = rewrite({.erased = &erased});
  ASSERT_TRUE(rewritten.ok() && rewritten->has_value());
  EXPECT_EQ((*rewritten)->next_offset, Offset(400));
  EXPECT_TRUE((*rewritten)->sealed);
  EXPECT_LT((*rewritten)->length, source_->size());
  ASSERT_TRUE(source_->remove().ok());
  ASSERT_TRUE(files_.sync_directory("").ok());
  files_.lose_power(3);
  const auto segment = Segment::open(files_, "p", **rewritten, {});
  EXPECT_EQ(read_all(*segment), expected);
  EXPECT_TRUE(segment->read({Offset(380), Offset(1'000)})->batches.empty());
}

TEST_F(SegmentRewrite, NothingAliveLeavesNoFile) {
  const auto rewritten = rewrite({.hidden_below = Offset(400)});
  ASSERT_TRUE(rewritten.ok());
  EXPECT_FALSE(rewritten->has_value());
  EXPECT_EQ(files_.list("p")->size(), 4u) << "the source's";
}

TEST_F(SegmentRewrite, ADamagedSourceAndAFailedWriteLeaveTheSourceAlone) {
  files_.inject({.operation = sim::Operation::kSyncData, .nth = 1});
  EXPECT_EQ(rewrite({.hidden_below = Offset(15)}).error().code, Errc::kStorage);
  EXPECT_EQ(files_.list("p")->size(), 4u);
  files_.flip_bit(source_->path(), 1'000, 3);
  EXPECT_EQ(rewrite({.hidden_below = Offset(15)}).error().code, Errc::kCorrupt);
  EXPECT_EQ(files_.list("p")->size(), 4u);
}

}  // namespace
}  // namespace firth::log
