#include "log/segment.h"

#include <gtest/gtest.h>

#include <map>

#include "base/log.h"
#include "tests/log/opaque_batch.h"
#include "tests/mark.h"
#include "tests/sim/files.h"

namespace firth::log {
namespace {

using test::make_batch;
using test::OpaqueBatch;

constexpr std::string_view kDirectory = "p";
constexpr Offset kEnd{std::numeric_limits<std::int64_t>::max()};

// A segment and what was appended to it: the model is a map from base offset to batch.
class SegmentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    configure_log({.level = LogLevel::kFatal});
    ASSERT_TRUE(files_.make_directory(kDirectory).ok());
    ASSERT_TRUE(files_.sync_directory(".").ok());
  }
  void create(std::int64_t base, SegmentSettings settings = {}) {
    auto created = Segment::create(files_, kDirectory, {Offset(base)}, settings);
    ASSERT_TRUE(created.ok()) << created.error().text;
    segment_ = *std::move(created);
    settings_ = settings;
  }
  void append(const OpaqueBatch& fields) {
    const auto bytes = make_batch(fields);
    const std::array parts{ByteView(bytes)};
    const auto appended = segment_->append(parts);
    ASSERT_TRUE(appended.ok()) << appended.error().text;
    batches_[fields.base_offset + fields.offsets - 1] = bytes;
  }
  void reopen() {
    const SegmentDescription description = segment_->durable();
    segment_ = Segment::open(files_, kDirectory, description, settings_);
  }
  SegmentRead read(SegmentReadRequest request) {
    auto read = segment_->read(request);
    EXPECT_TRUE(read.ok()) << read.error().text;
    return read.ok() ? *std::move(read) : SegmentRead{};
  }
  // What a read must return.
  std::vector<std::byte> expected(const SegmentReadRequest& request) const {
    std::vector<std::byte> bytes;
    for (auto it = batches_.lower_bound(request.from.value()); it != batches_.end() && it->first < request.bound.value(); ++it) {
      if (!bytes.empty() && bytes.size() + it->second.size() > request.max_bytes) break;
      bytes.insert(bytes.end(), it->second.begin(), it->second.end());
    }
    return bytes;
  }
  // Whole batches, the right ones, at least one if there is one; fewer than asked for are allowed.
  void expect_reads(const SegmentReadRequest& request) {
    const SegmentRead got = read(request);
    const auto want = expected(request);
    const bool is_prefix =
        got.batches.size() <= want.size() && std::ranges::equal(got.batches.view(), ByteView(want).first(got.batches.size()));
    ASSERT_TRUE(is_prefix && got.batches.empty() == want.empty())
        << "from " << request.from.value() << " bound " << request.bound.value() << " max " << request.max_bytes << ": "
        << got.batches.size() << " bytes, not " << want.size();
    if (want.empty()) return;
    ASSERT_TRUE(got.batches.size() == want.size() || batches_.contains(got.next_offset.value() - 1));
  }
  void expect_everything_reads() {
    for (std::int64_t from = segment_->base().value(); from <= segment_->next_offset().value() + 1; ++from)
      for (const std::size_t max_bytes : {1, 300, 100'000}) expect_reads({Offset(from), kEnd, max_bytes});
  }
  // Batches of different sizes with some gaps between.
  void fill(std::int64_t base, int count) {
    std::int64_t next = base;
    for (int i = 0; i < count; ++i) {
      const std::int32_t offsets = 1 + i % 5;
      append({next, offsets, static_cast<std::size_t>(i * 37 % 400), 1'000 + i * 10 - i % 3 * 25, 1 + i / 50});
      next += offsets + (i % 11 == 0 ? 3 : 0);
    }
  }

  sim::Files files_;
  SegmentSettings settings_;
  std::unique_ptr<Segment> segment_;
  std::map<std::int64_t, std::vector<std::byte>> batches_;  // by last offset
};

TEST_F(SegmentTest, EmptyReadsNothing) {
  create(100);
  EXPECT_EQ(segment_->size(), 0u);
  EXPECT_EQ(segment_->next_offset(), Offset(100));
  EXPECT_TRUE(read({Offset(100), kEnd}).batches.empty());
  ASSERT_TRUE(segment_->sync().ok());
  reopen();
  EXPECT_TRUE(read({Offset(100), kEnd}).batches.empty());
  append({100, 3});
  EXPECT_EQ(read({Offset(101), kEnd}).next_offset, Offset(103));
}

TEST_F(SegmentTest, ReadsWholeBatchesFromAnyOffset) {
  create(1'000);
  fill(1'000, 150);
  expect_everything_reads();
  ASSERT_TRUE(segment_->sync().ok());
  reopen();
  expect_everything_reads();
  ASSERT_TRUE(segment_->seal().ok());
  expect_everything_reads();
  reopen();
  EXPECT_TRUE(segment_->sealed());
  expect_everything_reads();
  segment_->drop_idle_caches();  // was read
  segment_->drop_idle_caches();
  expect_everything_reads();
}

TEST_F(SegmentTest, WhoReadToTheEndReadsOnWhatIsAppendedLater) {
  create(0);
  append({0, 3});
  expect_reads({Offset(0), kEnd});
  append({3, 2});
  expect_reads({Offset(3), kEnd});
  append({5, 1});
  expect_reads({Offset(5), kEnd});
}

TEST_F(SegmentTest, NeverReadsBeyondTheBound) {
  create(0);
  for (int i = 0; i < 10; ++i) append({i * 10, 10});
  struct Row {
    std::int64_t from, bound, next;
  };
  for (const Row& row : {Row{0, 0, 0}, {0, 9, 0}, {0, 10, 10}, {0, 11, 10}, {5, 30, 30}, {30, 30, 30}, {95, 100, 100}, {100, 200, 100}}) {
    EXPECT_EQ(read({Offset(row.from), Offset(row.bound)}).next_offset, Offset(row.next)) << row.from << " " << row.bound;
    expect_reads({Offset(row.from), Offset(row.bound)});
  }
}

TEST_F(SegmentTest, OneBatchIsReadHoweverLarge) {
  create(0);
  append({0, 1, 3'000'000});
  append({1, 1, 10});
  append({2, 1, 2'000'000});
  for (std::int64_t from = 0; from < 3; ++from) expect_reads({Offset(from), kEnd, 100});
  ASSERT_TRUE(segment_->sync().ok());
  reopen();
  for (std::int64_t from = 2; from >= 0; --from) expect_reads({Offset(from), kEnd, 100});
}

TEST_F(SegmentTest, LimitsAreThoseOfKafkasIndexes) {
  create(100, {.segment_bytes = 1'000});
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  EXPECT_TRUE(segment_->has_room_for(5'000, Offset(100)));  // an empty one takes any batch
  EXPECT_FALSE(segment_->has_room_for(std::uint64_t{1} << 31, Offset(100)));
  EXPECT_TRUE(segment_->has_room_for(100, Offset(100 + kMax)));
  EXPECT_FALSE(segment_->has_room_for(100, Offset(101 + kMax)));
  append({100, 1, 400});
  EXPECT_TRUE(segment_->has_room_for(1'000 - segment_->size(), Offset(101)));
  EXPECT_FALSE(segment_->has_room_for(1'001 - segment_->size(), Offset(101)));
}

TEST_F(SegmentTest, WriteOutOfEachFullChunkIsStartedOnce) {
  create(0, {.writeout_chunk_bytes = 1'000});
  files_.reset_counters();
  for (int i = 0; i < 100; ++i) append({i, 1, 39});  // 100 bytes each
  EXPECT_EQ(files_.counters().write_at, 100u);
  EXPECT_EQ(files_.counters().start_writeout, 10u);
}

TEST_F(SegmentTest, IndexesHaveKafkasBytes) {
  create(50, {.index_interval_bytes = 250});
  // 100 bytes each: an entry for the batch that comes after more than 250 bytes, that is every third.
  const std::int64_t times[] = {5, 9, 8, 9, 7, 7, 20, 1};
  for (int i = 0; i < 8; ++i) append({50 + 2 * i, 2, 39, times[i]});
  ASSERT_TRUE(segment_->seal().ok());
  const auto index = files_.content("p/00000000000000000050.index");
  const auto time_index = files_.content("p/00000000000000000050.timeindex");
  ASSERT_TRUE(index && time_index);
  const auto ints = [](ByteView bytes) {
    std::vector<std::int32_t> result;
    for (; bytes.size() >= 4; bytes = bytes.subspan(4)) result.push_back(load_be<std::int32_t>(bytes.data()));
    return result;
  };
  EXPECT_EQ(ints(*index), (std::vector<std::int32_t>{7, 300, 13, 600}));
  EXPECT_EQ(ints(*time_index), (std::vector<std::int32_t>{0, 9, 3, 0, 20, 13}));
}

TEST_F(SegmentTest, OpeningReadsNothingAndASealedOneOnlyWhatIsAsked) {
  create(0);
  for (int i = 0; i < 2'000; ++i) append({i, 1, 39});
  ASSERT_TRUE(segment_->seal().ok());
  files_.reset_counters();
  reopen();
  EXPECT_EQ(segment_->next_offset(), Offset(2'000));
  EXPECT_EQ(segment_->max_timestamp_ms(), 1'000);
  EXPECT_TRUE(files_.reads().empty());
  expect_reads({Offset(1'500), kEnd, 1'000});
  EXPECT_LT(files_.bytes_read("p/00000000000000000000.log"), 8'000u);
}

TEST_F(SegmentTest, FirstBatchSinceATime) {
  create(0, {.index_interval_bytes = 100});
  const std::int64_t times[] = {100, 300, 200, 300, 500, 400, 600};
  for (int i = 0; i < 7; ++i) append({i * 10, 10, 39, times[i]});
  struct Row {
    std::int64_t timestamp, from, bound, last;  // last: of the batch that is found, -1 none
  };
  const Row rows[] = {{0, 0, 70, 9},    {100, 0, 70, 9},  {101, 0, 70, 19},  {101, 20, 70, 29}, {201, 20, 70, 39},
                      {300, 5, 70, 19}, {301, 0, 70, 49}, {400, 50, 70, 59}, {600, 0, 70, 69},  {600, 0, 69, -1},
                      {601, 0, 70, -1}, {400, 0, 49, -1}, {0, 69, 70, 69},   {0, 70, 70, -1}};
  for (int round = 0; round < 3; ++round) {
    for (const Row& row : rows) {
      const auto found = segment_->read_since(row.timestamp, {Offset(row.from), Offset(row.bound)});
      ASSERT_TRUE(found.ok());
      const auto want = row.last < 0 ? std::vector<std::byte>() : batches_.at(row.last);
      EXPECT_TRUE(std::ranges::equal(found->batches.view(), want)) << "since " << row.timestamp << " from " << row.from;
    }
    ASSERT_TRUE(round == 0 ? segment_->sync().ok() : round == 1 ? segment_->seal().ok() : true);
    reopen();
  }
}

TEST_F(SegmentTest, BytesBeyondTheDurableLengthDoNotExist) {
  create(0, {.index_interval_bytes = 100});
  fill(0, 40);
  ASSERT_TRUE(segment_->sync().ok());
  const Offset next = segment_->next_offset();
  const auto kept = batches_;
  fill(next.value(), 40);
  ASSERT_TRUE(segment_->flush().ok());  // sidecars too are ahead
  reopen();
  batches_ = kept;
  EXPECT_EQ(segment_->next_offset(), next);
  expect_everything_reads();
  append({next.value() + 7, 2, 10, 1'400, 3});
  ASSERT_TRUE(segment_->seal().ok());
  EXPECT_EQ(files_.content("p/00000000000000000000.log")->size(), segment_->size());
  reopen();
  const test::Mark rebuilt("log.segment.rebuild_index");
  expect_everything_reads();
  EXPECT_EQ(rebuilt.hits(), 0u);
}

TEST_F(SegmentTest, LostOrWrongSidecarsAreRebuilt) {
  const test::Mark rebuilt("log.segment.rebuild_index");
  create(0, {.index_interval_bytes = 100});
  fill(0, 100);
  for (const bool seal : {false, true}) {
    ASSERT_TRUE(seal ? segment_->seal().ok() : segment_->sync().ok());
    const std::string index = segment_->path(kOffsetIndexEnding);
    const auto true_index = *files_.content(index);
    const auto true_time_index = *files_.content(segment_->path(kTimeIndexEnding));
    struct Damage {
      const char* what;
      std::function<void()> inflict;
    };
    const Damage damages[] = {
        {"lost", [&] { ASSERT_TRUE(files_.remove(index).ok()); }},
        {"both lost",
         [&] {
           ASSERT_TRUE(files_.remove(index).ok());
           ASSERT_TRUE(files_.remove(segment_->path(kTimeIndexEnding)).ok());
         }},
        {"zeroes", [&] { files_.put_content(index, std::vector<std::byte>(true_index.size())); }},
        {"first entry wrong", [&] { files_.flip_bit(index, 7, 0); }},
        {"middle entry wrong", [&] { files_.flip_bit(index, true_index.size() / 16 * 8 + 7, 2); }},
        {"last entry wrong", [&] { files_.flip_bit(index, true_index.size() - 5, 1); }},
    };
    for (const Damage& damage : damages) {
      SCOPED_TRACE(damage.what);
      damage.inflict();
      reopen();
      expect_everything_reads();
      ASSERT_TRUE(segment_->sync().ok());
      EXPECT_EQ(*files_.content(index), true_index);
      EXPECT_EQ(*files_.content(segment_->path(kTimeIndexEnding)), true_time_index);
    }
  }
  EXPECT_GE(rebuilt.hits(), 12u);
}

TEST_F(SegmentTest, SyncedIsThereAfterPowerLoss) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    batches_.clear();
    create(0, {.index_interval_bytes = 100});
    fill(0, 30);
    ASSERT_TRUE(segment_->sync().ok());
    const auto kept = batches_;
    fill(segment_->next_offset().value(), 30);
    ASSERT_TRUE(segment_->flush().ok());
    files_.lose_power(seed);
    reopen();
    batches_ = kept;
    expect_everything_reads();
    ASSERT_TRUE(segment_->seal().ok());
    files_.lose_power(seed);
    reopen();
    expect_everything_reads();
    ASSERT_TRUE(segment_->remove().ok());
  }
}

TEST_F(SegmentTest, AFailedSyncHurtsWhatWasNotDurable) {
  create(0);
  fill(0, 10);
  ASSERT_TRUE(segment_->sync().ok());
  const SegmentDescription durable = segment_->durable();
  append({1'000, 1});
  files_.inject({.operation = sim::Operation::kSyncData, .nth = 1});
  EXPECT_FALSE(segment_->sync().ok());
  EXPECT_TRUE(segment_->failed());
  EXPECT_EQ(segment_->durable(), durable);
  batches_.erase(1'000);
  for (std::int64_t from = 0; from < durable.next_offset.value(); ++from) expect_reads({Offset(from), kEnd});
  EXPECT_EQ(segment_->read({Offset(1'000), kEnd}).error().code, Errc::kStorage);
  const auto bytes = make_batch({1'001});
  const std::array parts{ByteView(bytes)};
  EXPECT_EQ(segment_->append(parts).error().code, Errc::kStorage);
  EXPECT_EQ(segment_->sync().error().code, Errc::kStorage) << "it is not tried again";
}

TEST_F(SegmentTest, AFullDiskTakesNothingAndCanBeTriedAgain) {
  create(0);
  append({0, 1});
  files_.inject({.operation = sim::Operation::kWrite, .nth = 1, .effect = sim::Effect::kNoSpace});
  const auto bytes = make_batch({1});
  const std::array parts{ByteView(bytes)};
  EXPECT_EQ(segment_->append(parts).error().code, Errc::kNoSpace);
  EXPECT_EQ(segment_->next_offset(), Offset(1));
  append({1, 1});
  expect_everything_reads();
}

TEST_F(SegmentTest, RemoveLeavesNoFile) {
  create(7);
  append({7, 1});
  ASSERT_TRUE(segment_->seal().ok());
  ASSERT_TRUE(segment_->remove().ok());
  EXPECT_TRUE(files_.list(kDirectory)->empty());
}

}  // namespace
}  // namespace firth::log
