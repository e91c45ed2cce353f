// What reading makes of damaged segments: what is bad is found and reported, and it alone.
#include <gtest/gtest.h>

#include "base/log.h"
#include "log/segment.h"
#include "tests/log/opaque_batch.h"
#include "tests/sim/files.h"

namespace firth::log {
namespace {

constexpr Offset kEnd{std::numeric_limits<std::int64_t>::max()};
constexpr int kBatches = 60;
constexpr int kOffsets = 4;  // of each batch
constexpr std::size_t kRecordBytes = 39;
constexpr std::size_t kBatchBytes = kBatchHeaderBytes + kRecordBytes;

struct SegmentUnderTest {
  sim::Files files;
  std::unique_ptr<Segment> segment;
  SegmentDescription description;
  std::vector<std::vector<std::byte>> batches;

  explicit SegmentUnderTest(std::uint32_t interval_bytes = 1'000) {
    configure_log({.level = LogLevel::kFatal});
    EXPECT_TRUE(files.make_directory("p").ok());
    segment = *Segment::create(files, "p", {Offset(0)}, {.index_interval_bytes = interval_bytes});
    for (int i = 0; i < kBatches; ++i) {
      batches.push_back(test::make_batch({i * kOffsets, kOffsets, kRecordBytes, 1'000 + i, 1 + i / 20}));
      const std::array parts{ByteView(batches.back())};
      EXPECT_TRUE(segment->append(parts).ok());
    }
    EXPECT_TRUE(segment->sync().ok());
    description = segment->durable();
  }
  void reopen() { segment = Segment::open(files, "p", description, {.index_interval_bytes = 1'000}); }
};

bool is_epoch(std::size_t byte) { return byte >= 12 && byte < 16; }

// Whatever bit of a batch is flipped: its offsets answer kCorrupt, all others are served as they were. Epochs have a test of their own:
// one that is still between its neighbours' is for the seal to find.
TEST(SegmentDamage, OneBadBatchIsFencedAlone) {
  for (const int victim : {0, 10, 11, 20, kBatches - 1}) {
    for (std::size_t byte = 0; byte < kBatchBytes; byte += byte < kBatchHeaderBytes ? 1 : 13) {
      for (const int bit : {0, 6}) {
        if (is_epoch(byte)) continue;
        SCOPED_TRACE(testing::Message() << "batch " << victim << " byte " << byte << " bit " << bit);
        SegmentUnderTest under_test;
        under_test.files.flip_bit(under_test.segment->path(), victim * kBatchBytes + byte, bit);
        for (int i = 0; i < kBatches; ++i) {
          const auto read = under_test.segment->read({Offset(i * kOffsets + 1), kEnd, 1});
          if (i == victim) {
            ASSERT_FALSE(read.ok());
            ASSERT_EQ(read.error().code, Errc::kCorrupt);
            ASSERT_NE(read.error().text.find("00000000000000000000.log"), std::string::npos);
          } else {
            ASSERT_TRUE(read.ok()) << i << ": " << read.error().text;
            ASSERT_TRUE(std::ranges::equal(read->batches.view(), under_test.batches[i])) << i;
          }
        }
      }
    }
  }
}

TEST(SegmentDamage, EpochsRunUpward) {
  for (const int victim : {1, 10, 25, 50}) {
    for (const int bit : {7, 6, 5}) {
      SegmentUnderTest under_test;
      under_test.files.flip_bit(under_test.segment->path(), victim * kBatchBytes + 12 + (bit == 7 ? 0 : 2), bit);
      const auto read = under_test.segment->read({Offset(victim * kOffsets), kEnd, 1});
      ASSERT_FALSE(read.ok()) << victim << " " << bit;
      EXPECT_EQ(read.error().code, Errc::kCorrupt);
      EXPECT_TRUE(under_test.segment->read({Offset((victim + 1) * kOffsets), kEnd, 1}).ok());
    }
  }
}

TEST(SegmentDamage, AReadEndsBeforeIt) {
  SegmentUnderTest under_test;
  under_test.files.flip_bit(under_test.segment->path(), 30 * kBatchBytes + 70, 3);
  const auto read = under_test.segment->read({Offset(0), kEnd});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->next_offset, Offset(30 * kOffsets));
  EXPECT_EQ(under_test.segment->read({read->next_offset, kEnd}).error().code, Errc::kCorrupt);
  EXPECT_EQ(under_test.segment->read({read->next_offset + kOffsets, kEnd})->next_offset, Offset(kBatches * kOffsets));
}

TEST(SegmentDamage, AGarbledStretchIsFencedAndTheRestServed) {
  for (const std::size_t length : {1, 5, 61, 100, 1'234, 3'000}) {
    for (const std::size_t begin : {0, 50, 2'017}) {
      SCOPED_TRACE(testing::Message() << length << " bytes from " << begin);
      SegmentUnderTest under_test;
      auto content = *under_test.files.content(under_test.segment->path());
      for (std::size_t i = begin; i < begin + length; ++i) content[i] = static_cast<std::byte>(i * 7 + 3);
      under_test.files.put_content(under_test.segment->path(), content);
      under_test.reopen();
      for (int i = 0; i < kBatches; ++i) {
        const bool hit = i * kBatchBytes < begin + length && (i + 1) * kBatchBytes > begin;
        const auto read = under_test.segment->read({Offset(i * kOffsets + 3), kEnd, 1});
        ASSERT_EQ(read.ok(), !hit) << i;
      }
    }
  }
}

TEST(SegmentDamage, AShorterFileLosesOnlyItsEnd) {
  SegmentUnderTest under_test;
  auto content = *under_test.files.content(under_test.segment->path());
  content.resize(20 * kBatchBytes + 30);
  under_test.files.put_content(under_test.segment->path(), content);
  under_test.reopen();
  for (int i = 0; i < kBatches; ++i) {
    const auto read = under_test.segment->read({Offset(i * kOffsets), kEnd, 1});
    ASSERT_EQ(read.ok(), i < 20) << i;
    if (!read.ok()) EXPECT_EQ(read.error().code, Errc::kCorrupt);
  }
}

// A record may hold the bytes of whole batches: they are not taken for batches of this segment when the one around them is damaged.
TEST(SegmentDamage, BatchesInsideRecordsAreNoBatches) {
  sim::Files files;
  ASSERT_TRUE(files.make_directory("p").ok());
  auto segment = *Segment::create(files, "p", {Offset(0)}, {});
  const auto inner = test::make_batch({1'000, 5});
  auto outer = test::make_batch({0, 2'000, 3 * inner.size() + 20});
  for (std::size_t i = 0; i < 3; ++i) std::ranges::copy(inner, outer.begin() + kBatchHeaderBytes + 7 + i * inner.size());
  store_be(outer.data() + 17, crc32c(ByteView(outer).subspan(kBatchCrcBegin)));
  const auto last = test::make_batch({2'000, 1});
  const std::array parts{ByteView(outer), ByteView(last)};
  ASSERT_TRUE(segment->append(parts).ok());
  files.flip_bit(segment->path(), 8, 6);  // the length: it cannot be followed
  for (const std::int64_t from : {0, 999, 1'000, 1'004, 1'999})
    EXPECT_EQ(segment->read({Offset(from), kEnd, 1}).error().code, Errc::kCorrupt) << from;
  EXPECT_TRUE(segment->read({Offset(2'000), kEnd, 1}).ok());
}

}  // namespace
}  // namespace firth::log
