// Retention in virtual time: what falls behind the log start, what stays, and that its files go; after kills and power losses, too.
#include "broker/segment_retention.h"

#include <gtest/gtest.h>

#include "broker/streams.h"
#include "log/batch_builder.h"
#include "tests/broker/broker_world.h"

namespace firth::broker {
namespace {

using namespace test;

constexpr std::int64_t kSegmentBytes = 1 << 20;  // the smallest
constexpr std::int64_t kPerSegment = 3;          // batches of 300 KiB

class SegmentRetentionTest : public testing::Test {
 protected:
  void make(TopicConfig config) {
    ASSERT_TRUE(world.open()) << world.error;
    config.segment_bytes = kSegmentBytes;
    const auto made = world.run(world.broker->create_topic(world.shard(), {.name = "t", .config = config}));
    ASSERT_TRUE(made.has_value() && made->ok());
    topic = **made;
  }
  log::Partition& partition() { return *world.shard().local_partition(*topic, PartitionIndex(0)); }
  void on_shard(std::function<void()> job) {
    world.shard().shard().loop.post(std::move(job));
    world.world.run_until_idle();
  }
  std::int64_t now_ms() { return std::chrono::floor<std::chrono::milliseconds>(world.world.clock().wall()).time_since_epoch().count(); }
  // One record of 300 KiB in a batch of its own.
  void append(std::int64_t timestamp_ms) {
    std::vector<std::byte> bytes;
    const std::string value(300 * 1024, 'v');
    log::BatchBuilder builder(bytes, {.base_timestamp_ms = timestamp_ms});
    builder.append({.timestamp_ms = timestamp_ms, .key = as_bytes("s.a"), .value = as_bytes(value)});
    builder.finish();
    on_shard([&] {
      Streams* streams = world.shard().streams();
      Stream* stream = streams == nullptr ? nullptr : streams->find(partition().key());
      const SharedBytes batch = SharedBytes::copy(bytes);
      ASSERT_TRUE(stream != nullptr ? stream->append_batch(batch).ok() : partition().append(batch).ok());
    });
  }
  void append_now(std::int64_t count) {
    for (; count > 0; --count) append(now_ms());
  }
  void pass(int count = 1) {
    for (; count > 0; --count) world.world.run_for(SegmentRetention::kInterval + 1s);
  }
  std::size_t log_files() {
    const auto entries = world.world.files().list(partition().directory());
    std::size_t count = 0;
    if (entries.ok())
      for (const auto& entry : *entries) count += entry.name.ends_with(".log") ? 1 : 0;
    return count;
  }
  void again() {
    world.lose_power();
    ASSERT_TRUE(world.open()) << world.error;
    // Retention looks at segments; a checkpoint writes what recovery left in memory.
    world.broker->disk().checkpointer().request();
    world.world.run_for(1s);
  }

  BrokerWorld world{7};
  TopicPointer topic;
};

TEST_F(SegmentRetentionTest, SegmentsGoByTheAgeOfTheirNewestRecord) {
  TopicConfig config = kafka_defaults();
  config.retention_ms = 60'000;
  make(config);
  append_now(kPerSegment);
  world.world.run_for(40s);
  append_now(kPerSegment);
  pass(2);
  EXPECT_EQ(partition().log_start(), Offset(0)) << "62 s and 22 s at most";
  pass();
  EXPECT_EQ(partition().log_start(), Offset(kPerSegment));
  again();
  EXPECT_EQ(partition().log_start(), Offset(kPerSegment));
  pass(6);
  EXPECT_EQ(partition().log_start(), Offset(2 * kPerSegment)) << "the newest goes, too";
  EXPECT_EQ(partition().log_start(), partition().high_watermark());
  pass(3);
  EXPECT_EQ(log_files(), 0u);
  append_now(1);
  EXPECT_EQ(partition().high_watermark(), Offset(2 * kPerSegment + 1)) << "no offset twice";
}

TEST_F(SegmentRetentionTest, OneYoungRecordKeepsItsSegmentAndAllBehindIt) {
  TopicConfig config = kafka_defaults();
  config.retention_ms = 60'000;
  make(config);
  append(now_ms() + 1'000'000);  // a producer's clock is ahead
  append_now(2 * kPerSegment);
  pass(10);
  EXPECT_EQ(partition().log_start(), Offset(0));
}

TEST_F(SegmentRetentionTest, SegmentsGoBySize) {
  TopicConfig config = kafka_defaults();
  config.retention_ms = -1;
  config.retention_bytes = 2 * kSegmentBytes;
  make(config);
  append_now(6 * kPerSegment);
  pass(5);
  EXPECT_GT(partition().log_start(), Offset(0));
  const std::int64_t left = partition().high_watermark() - partition().log_start();
  EXPECT_GE(left * 300 * 1024, config.retention_bytes) << "as much as was asked for stays";
  EXPECT_LE(left * 300 * 1024, config.retention_bytes + kSegmentBytes);
  EXPECT_LE(log_files(), 3u);
}

TEST_F(SegmentRetentionTest, WhatIsOnlyCompactedOrHasNoLimitStays) {
  TopicConfig config = kafka_defaults();
  config.retention_ms = 1'000;
  config.retention_bytes = 1;
  config.cleanup_policy = {.remove = false, .compact = true};
  make(config);
  append_now(2 * kPerSegment);
  pass(5);
  EXPECT_EQ(partition().log_start(), Offset(0));
}

TEST_F(SegmentRetentionTest, WhatIsExpiredStaysHiddenWhenTheLimitIsRaised) {
  TopicConfig config = kafka_defaults();
  config.retention_ms = 5'000;
  make(config);
  append_now(2 * kPerSegment);
  pass(2);
  ASSERT_EQ(partition().log_start(), Offset(2 * kPerSegment));
  config.retention_ms = -1;
  config.segment_bytes = kSegmentBytes;
  ASSERT_TRUE(world.run(world.broker->update_topic(world.shard(), topic->id, config))->ok());
  again();
  EXPECT_EQ(partition().log_start(), Offset(2 * kPerSegment));
}

TEST_F(SegmentRetentionTest, AStreamOfTheTopicIsToldThroughItsOwnDoor) {
  std::unique_ptr<Streams> streams;
  TopicConfig config = kafka_defaults();
  config.subjects = {"s.*"};
  config.retention_ms = 60'000;
  make(config);
  on_shard([&] {
    streams = std::make_unique<Streams>(world.shard());
    ASSERT_NE(streams->open(*topic, PartitionIndex(0)), nullptr);
  });
  append_now(kPerSegment);
  world.world.run_for(50s);
  append_now(1);
  pass(3);
  EXPECT_EQ(partition().log_start(), Offset(kPerSegment));
  on_shard([&] {
    Stream& stream = *streams->find(partition().key());
    EXPECT_EQ(stream.counts().messages, 1u);
    EXPECT_EQ(stream.counts().first, to_sequence(Offset(kPerSegment)));
  });
  on_shard([&] { streams.reset(); });
}

TEST_F(SegmentRetentionTest, ASegmentEndsWhenItsTimeIsOver) {
  TopicConfig config = kafka_defaults();
  config.retention_ms = -1;
  config.segment_ms = 60'000;
  make(config);
  append_now(1);
  world.world.run_for(50s);
  append_now(1);
  again();
  world.world.run_for(50s);
  append_now(1);  // 100 s after the first of the segment
  world.broker->disk().checkpointer().request();
  world.world.run_until_idle();
  EXPECT_EQ(log_files(), 2u);
}

}  // namespace
}  // namespace firth::broker
