// The records of __consumer_offsets, byte for byte as Kafka 4.4's own classes write them.
#include "broker/group_records.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace firth::broker {
namespace {

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

SharedBytes bytes_of(std::string_view text) { return SharedBytes::copy(as_bytes(text)); }

CommittedOffset an_offset() {
  CommittedOffset value{
      .offset = Offset(42), .leader_epoch = LeaderEpoch(3), .metadata = "note", .commit_time_ms = 1'700'000'000'000, .topic = {}};
  for (std::size_t i = 0; i < value.topic.bytes.size(); ++i) value.topic.bytes[i] = static_cast<std::byte>(i + 1);
  return value;
}

GroupMetadata a_group() {
  return {.protocol_type = "consumer",
          .generation = 5,
          .protocol = "range",
          .leader = "m-1",
          .state_time_ms = 1'700'000'000'000,
          .members = {{.id = "m-1",
                       .instance_id = "i",
                       .client_id = "c",
                       .client_host = "/127.0.0.1",
                       .rebalance_timeout_ms = 60'000,
                       .session_timeout_ms = 45'000,
                       .subscription = bytes_of("\x01\x02"),
                       .assignment = bytes_of("\x03")}}};
}

TEST(GroupRecords, AreWhatKafkaWrites) {
  EXPECT_EQ(hex(encode(OffsetKey{.group = "g", .topic = "orders", .partition = PartitionIndex(7)})), "000100016700066f726465727300000007");
  EXPECT_EQ(hex(encode(GroupKey{"g"})), "0002000167");
  EXPECT_EQ(hex(encode(an_offset())), "0004000000000000002a00000003056e6f74650000018bcfe568000100100102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(hex(encode(CommittedOffset{.offset = Offset(42), .commit_time_ms = 1'700'000'000'000})),
            "0004000000000000002affffffff010000018bcfe5680000");
  EXPECT_EQ(hex(encode(a_group())),
            "00030008636f6e73756d657200000005000572616e676500036d2d310000018bcfe568000000000100036d2d31000169000163000a2f3132372e302e302e31"
            "0000ea600000afc80000000201020000000103");
  EXPECT_EQ(hex(encode(GroupMetadata{.protocol_type = "consumer", .generation = 6, .state_time_ms = 1'700'000'000'000})),
            "00030008636f6e73756d657200000006ffffffff0000018bcfe5680000000000");
}

TEST(GroupRecords, ComeBack) {
  EXPECT_EQ(decode_group_record_key(encode(OffsetKey{.group = "g", .topic = "t", .partition = PartitionIndex(1)})),
            GroupRecordKey(OffsetKey{.group = "g", .topic = "t", .partition = PartitionIndex(1)}));
  EXPECT_EQ(decode_group_record_key(encode(GroupKey{""})), GroupRecordKey(GroupKey{""}));
  const auto offset = decode_committed_offset(encode(an_offset()));
  ASSERT_TRUE(offset.ok());
  EXPECT_EQ(*offset, an_offset());
  const auto group = decode_group_metadata(encode(a_group()));
  ASSERT_TRUE(group.ok());
  EXPECT_EQ(encode(*group), encode(a_group()));
}

TEST(GroupRecords, RefuseWhateverIsCutShortOrTooLong) {
  const auto every_prefix = [](std::vector<std::byte> bytes, auto decodes) {
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decodes(ByteView(bytes).first(size))) << size;
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decodes(ByteView(bytes)));
  };
  const auto key = [](ByteView bytes) { return decode_group_record_key(bytes).index() != 0; };
  every_prefix(encode(OffsetKey{.group = "g", .topic = "t", .partition = PartitionIndex(1)}), key);
  every_prefix(encode(GroupKey{"group"}), key);
  every_prefix(encode(an_offset()), [](ByteView bytes) { return decode_committed_offset(bytes).ok(); });
  every_prefix(encode(a_group()), [](ByteView bytes) { return decode_group_metadata(bytes).ok(); });
}

TEST(GroupRecords, OfOtherVersionsAreTold) {
  std::vector<std::byte> offset = encode(an_offset());
  offset[1] = std::byte{9};
  EXPECT_EQ(decode_committed_offset(offset).error().code, Errc::kUnsupported);
  std::vector<std::byte> group = encode(a_group());
  group[1] = std::byte{9};
  EXPECT_EQ(decode_group_metadata(group).error().code, Errc::kUnsupported);
  EXPECT_EQ(decode_group_record_key(as_bytes("\x01\x01")).index(), 0u);
}

}  // namespace
}  // namespace firth::broker
