#include "broker/group_records.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "base/varint.h"

namespace firth::broker {
namespace {

constexpr std::int16_t kOffsetKeyVersion = 1;
constexpr std::int16_t kGroupKeyVersion = 2;
constexpr std::int16_t kOffsetValueVersion = 4;
constexpr std::int16_t kGroupValueVersion = 3;
constexpr std::uint32_t kTopicIdTag = 0;
constexpr std::size_t kLeastMemberBytes = 24;

class BigEndianWriter {
 public:
  template <std::integral T>
  BigEndianWriter& put(T value) {
    bytes_.resize(bytes_.size() + sizeof value);
    store_be(bytes_.data() + bytes_.size() - sizeof value, value);
    return *this;
  }
  BigEndianWriter& put(std::string_view text) {
    FIRTH_ASSERT(text.size() <= std::size_t{std::numeric_limits<std::int16_t>::max()});
    return put(static_cast<std::int16_t>(text.size())).raw(as_bytes(text));
  }
  BigEndianWriter& put(const std::optional<std::string>& text) { return text ? put(std::string_view(*text)) : put(std::int16_t{-1}); }
  BigEndianWriter& put(const SharedBytes& bytes) { return put(static_cast<std::int32_t>(bytes.size())).raw(bytes.view()); }
  BigEndianWriter& varint(std::uint64_t value) {
    std::byte buffer[kMaxVarint64Bytes];
    return raw({&buffer[0], put_varint(buffer, value)});
  }
  BigEndianWriter& raw(ByteView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// The first failure sticks: what is read after it is zero or empty.
class BigEndianReader {
 public:
  explicit BigEndianReader(ByteView bytes) : left_(bytes) {}

  template <std::integral T>
  T number() {
    const ByteView bytes = raw(sizeof(T));
    return bytes.empty() ? T{} : load_be<T>(bytes.data());
  }
  std::optional<std::string> nullable_string() {
    const auto length = number<std::int16_t>();
    if (!ok_ || length < 0) return std::nullopt;
    return std::string(as_text(raw(static_cast<std::size_t>(length))));
  }
  std::string string() {
    std::optional<std::string> text = nullable_string();
    if (!text) fail();
    return std::move(text).value_or("");
  }
  std::string compact_string() {
    const std::uint64_t length = varint();
    if (length == 0) fail();
    return ok_ ? std::string(as_text(raw(length - 1))) : "";
  }
  SharedBytes bytes() {
    const auto length = number<std::int32_t>();
    if (length < 0) fail();
    return ok_ ? SharedBytes::copy(raw(static_cast<std::size_t>(length))) : SharedBytes();
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    if (!ok_ || !get_varint(left_, value)) fail();
    return ok_ ? value : 0;
  }
  ByteView raw(std::size_t size) {
    if (!ok_ || left_.size() < size) {
      fail();
      return {};
    }
    const ByteView taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  void fail() {
    ok_ = false;
    left_ = {};
  }
  std::size_t left() const { return left_.size(); }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && left_.empty(); }

 private:
  ByteView left_;
  bool ok_ = true;
};

Error other_version(std::string_view what, std::int16_t version) {
  return Error{Errc::kUnsupported, fmt::format("version {} of {} is not one that this server reads", version, what)};
}

}  // namespace

std::vector<std::byte> encode(const OffsetKey& key) {
  BigEndianWriter out;
  out.put(kOffsetKeyVersion).put(std::string_view(key.group)).put(std::string_view(key.topic)).put(key.partition.value());
  return out.take();
}

std::vector<std::byte> encode(const GroupKey& key) {
  BigEndianWriter out;
  out.put(kGroupKeyVersion).put(std::string_view(key.group));
  return out.take();
}

std::vector<std::byte> encode(const CommittedOffset& value) {
  BigEndianWriter out;
  out.put(kOffsetValueVersion).put(value.offset.value()).put(value.leader_epoch.value());
  out.varint(value.metadata.size() + 1).raw(as_bytes(value.metadata)).put(value.commit_time_ms);
  if (value.topic.is_zero()) out.varint(0);
  else out.varint(1).varint(kTopicIdTag).varint(value.topic.bytes.size()).raw(value.topic.bytes);
  return out.take();
}

std::vector<std::byte> encode(const GroupMetadata& value) {
  BigEndianWriter out;
  out.put(kGroupValueVersion).put(std::string_view(value.protocol_type)).put(value.generation);
  out.put(value.protocol).put(value.leader).put(value.state_time_ms).put(static_cast<std::int32_t>(value.members.size()));
  for (const MemberMetadata& member : value.members) {
    out.put(std::string_view(member.id)).put(member.instance_id);
    out.put(std::string_view(member.client_id)).put(std::string_view(member.client_host));
    out.put(member.rebalance_timeout_ms).put(member.session_timeout_ms).put(member.subscription).put(member.assignment);
  }
  return out.take();
}

GroupRecordKey decode_group_record_key(ByteView bytes) {
  BigEndianReader in(bytes);
  const auto version = in.number<std::int16_t>();
  if (version == kOffsetKeyVersion) {
    OffsetKey key{.group = in.string(), .topic = in.string(), .partition = PartitionIndex(in.number<std::int32_t>())};
    if (in.done()) return key;
  } else if (version == kGroupKeyVersion) {
    GroupKey key{.group = in.string()};
    if (in.done()) return key;
  }
  return {};
}

Result<CommittedOffset> decode_committed_offset(ByteView bytes) {
  BigEndianReader in(bytes);
  const auto version = in.number<std::int16_t>();
  if (in.ok() && version != kOffsetValueVersion) return other_version("a committed offset", version);
  CommittedOffset value;
  value.offset = Offset(in.number<std::int64_t>());
  value.leader_epoch = LeaderEpoch(in.number<std::int32_t>());
  value.metadata = in.compact_string();
  value.commit_time_ms = in.number<std::int64_t>();
  for (std::uint64_t tags = in.varint(); tags != 0 && in.ok(); --tags) {
    const std::uint64_t tag = in.varint();
    const ByteView field = in.raw(in.varint());
    if (tag != kTopicIdTag) continue;
    if (field.size() != value.topic.bytes.size()) in.fail();
    else std::copy(field.begin(), field.end(), value.topic.bytes.begin());
  }
  if (!in.done()) return Error{Errc::kCorrupt, "a committed offset is not of the form that its version says"};
  return value;
}

Result<GroupMetadata> decode_group_metadata(ByteView bytes) {
  BigEndianReader in(bytes);
  const auto version = in.number<std::int16_t>();
  if (in.ok() && version != kGroupValueVersion) return other_version("a group", version);
  GroupMetadata value;
  value.protocol_type = in.string();
  value.generation = in.number<std::int32_t>();
  value.protocol = in.nullable_string();
  value.leader = in.nullable_string();
  value.state_time_ms = in.number<std::int64_t>();
  const auto count = in.number<std::int32_t>();
  if (count < 0 || static_cast<std::size_t>(count) > in.left() / kLeastMemberBytes) in.fail();
  for (std::int32_t i = 0; i < count && in.ok(); ++i) {
    MemberMetadata& member = value.members.emplace_back();
    member.id = in.string();
    member.instance_id = in.nullable_string();
    member.client_id = in.string();
    member.client_host = in.string();
    member.rebalance_timeout_ms = in.number<std::int32_t>();
    member.session_timeout_ms = in.number<std::int32_t>();
    member.subscription = in.bytes();
    member.assignment = in.bytes();
  }
  if (!in.done()) return Error{Errc::kCorrupt, "a group's record is not of the form that its version says"};
  return value;
}

}  // namespace firth::broker
