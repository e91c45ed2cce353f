#include "log/partition_state.h"

#include <gtest/gtest.h>

namespace firth::log {
namespace {

PartitionState some_state() {
  PartitionState state{.log_start = Offset(3),
                       .first = Offset(4),
                       .next = Offset(90),
                       .reserved = Offset(100),
                       .epochs = {{.epoch = LeaderEpoch(2), .start = Offset(50)}},
                       .catalog_version = 7,
                       .config = SharedBytes::copy(as_bytes("sync"))};
  state.segments = {
      {.name = {.base = Offset(0), .generation = 2}, .length = 1000, .next_offset = Offset(60), .max_timestamp_ms = 5, .sealed = true},
      {.name = {.base = Offset(60)}, .length = 400, .next_offset = Offset(90)}};
  return state;
}

void expect_equal(const PartitionState& a, const PartitionState& b) {
  EXPECT_EQ(a.log_start, b.log_start);
  EXPECT_EQ(a.first, b.first);
  EXPECT_EQ(a.next, b.next);
  EXPECT_EQ(a.reserved, b.reserved);
  EXPECT_EQ(a.epochs, b.epochs);
  EXPECT_EQ(a.catalog_version, b.catalog_version);
  EXPECT_EQ(as_text(a.config.view()), as_text(b.config.view()));
  EXPECT_EQ(a.segments, b.segments);
  EXPECT_EQ(a.rewritten, b.rewritten);
}

TEST(PartitionState, RoundTrips) {
  PartitionState state = some_state();
  state.rewritten = {{.base = Offset(0), .live = 12}};
  const auto decoded = decode_partition_state(encode_partition_state(state).view());
  ASSERT_TRUE(decoded.ok());
  expect_equal(*decoded, state);
}

TEST(PartitionState, OfVersionOneHasNoRewrittenSegments) {
  const PartitionState state = some_state();
  const SharedBytes now = encode_partition_state(state);
  ASSERT_EQ(now.view().back(), std::byte{0}) << "no rewritten segment: what version 1 did not have";
  std::vector<std::byte> old(now.view().begin(), now.view().end() - 1);
  old[0] = std::byte{1};
  const auto decoded = decode_partition_state(old);
  ASSERT_TRUE(decoded.ok());
  expect_equal(*decoded, state);
}

TEST(PartitionState, RefusesWhatIsCutAndWhatIsNewer) {
  PartitionState state = some_state();
  state.rewritten = {{.base = Offset(0), .live = 12}};
  const SharedBytes bytes = encode_partition_state(state);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto decoded = decode_partition_state(bytes.view().first(size));
    ASSERT_FALSE(decoded.ok()) << size;
    EXPECT_EQ(decoded.error().code, Errc::kCorrupt);
  }
  std::vector<std::byte> newer(bytes.view().begin(), bytes.view().end());
  newer[0] = std::byte{3};
  EXPECT_EQ(decode_partition_state(newer).error().code, Errc::kUnsupported);
}

}  // namespace
}  // namespace firth::log
