// The records of `__consumer_offsets`, in Kafka's own format, so that its tools can read them. Strings have two bytes of length, bytes
// four, -1 is null; all big-endian.
//
//   key    i16 1 | group | topic | partition i32                 a committed offset
//          i16 2 | group                                         a group
//   value  i16 4 | offset i64 | leader epoch i32 | metadata (compact) | time i64 | tags: 0 topic id            (null: forgotten)
//          i16 3 | protocol type | generation i32 | protocol? | leader? | time i64 | members: i32, then each
//                  id | instance id? | client id | client host | rebalance timeout i32 | session timeout i32 | subscription | assignment
//
// A topic that is deleted and made anew has another id: that is how an offset of the old one is told from one of the new.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/shared_bytes.h"

namespace firth::broker {

struct OffsetKey {
  std::string group;
  std::string topic;
  PartitionIndex partition;
  auto operator<=>(const OffsetKey&) const = default;
};
struct GroupKey {
  std::string group;
  auto operator<=>(const GroupKey&) const = default;
};
// monostate: a record that other versions of Kafka write, or no record of a group at all.
using GroupRecordKey = std::variant<std::monostate, OffsetKey, GroupKey>;

struct CommittedOffset {
  Offset offset;
  LeaderEpoch leader_epoch{-1};
  std::string metadata;
  std::int64_t commit_time_ms = 0;
  TopicId topic;
  bool operator==(const CommittedOffset&) const = default;
};

struct MemberMetadata {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  std::int32_t rebalance_timeout_ms = 0;
  std::int32_t session_timeout_ms = 0;
  SharedBytes subscription;
  SharedBytes assignment;
};

struct GroupMetadata {
  std::string protocol_type;
  std::int32_t generation = 0;
  std::optional<std::string> protocol;
  std::optional<std::string> leader;
  std::int64_t state_time_ms = -1;
  std::vector<MemberMetadata> members;
};

// REQUIRES: strings of at most 32,767 bytes.
std::vector<std::byte> encode(const OffsetKey& key);
std::vector<std::byte> encode(const GroupKey& key);
std::vector<std::byte> encode(const CommittedOffset& value);
std::vector<std::byte> encode(const GroupMetadata& value);

GroupRecordKey decode_group_record_key(ByteView bytes);
// kUnsupported: another version of the value. kCorrupt: not what its version says.
Result<CommittedOffset> decode_committed_offset(ByteView bytes);
Result<GroupMetadata> decode_group_metadata(ByteView bytes);

}  // namespace firth::broker
