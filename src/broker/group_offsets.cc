#include "broker/group_offsets.h"

#include "base/log.h"
#include "base/mark.h"
#include "broker/piece_kinds.h"
#include "log/byte_io.h"
#include "log/record.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kStateVersion = 1;

// Puts what a value says into `held`, or empties it. A value that cannot be read leaves it as it was, and is told: the record stays in the
// log for a version that reads it.
template <class T>
bool take(std::optional<T>& held, std::optional<ByteView> value, Result<T> (*decode)(ByteView)) {
  if (!value) {
    held.reset();
    return true;
  }
  Result<T> decoded = decode(*value);
  if (decoded.ok()) {
    held = *std::move(decoded);
    return true;
  }
  FIRTH_MARK("broker.group_offsets.unreadable");
  log_warning("a record of __consumer_offsets is left out: {}", decoded.error().text);
  return false;
}

}  // namespace

const GroupOffsets* GroupOffsets::of(const log::Partition& partition) {
  return static_cast<const GroupOffsets*>(partition.piece(piece_key(PieceKind::kOffsets)));
}

Result<void> GroupOffsets::begin(log::Partition& partition) {
  if (of(partition) != nullptr) return {};
  return partition.act_on_piece({.piece = piece_key(PieceKind::kOffsets), .operation = log::PieceOperation::kAct, .act = {}});
}

const GroupOffsets::Group* GroupOffsets::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

const CommittedOffset* GroupOffsets::find(std::string_view group, const TopicPartition& key) const {
  const Group* in = find(group);
  if (in == nullptr) return nullptr;
  const auto found = in->offsets.find(key);
  return found == in->offsets.end() ? nullptr : &found->second;
}

// Only this server writes into these partitions, and it does not compress; what else is there is no record of a group.
void GroupOffsets::on_batch(const log::BatchView& batch, const SharedBytes&) {
  if (batch.is_control() || batch.codec() != log::Codec::kNone) return;
  log::RecordReader records(batch, batch.records());
  log::RecordView record;
  while (records.next(record) == log::ReadStep::kRead)
    if (record.key) apply_record(*record.key, record.value);
}

void GroupOffsets::apply_record(ByteView key_bytes, std::optional<ByteView> value) {
  const GroupRecordKey key = decode_group_record_key(key_bytes);
  if (const auto* group = std::get_if<GroupKey>(&key)) {
    Group& held = groups_[group->group];
    take(held.metadata, value, decode_group_metadata);
    if (!held.metadata && held.offsets.empty()) groups_.erase(group->group);
  } else if (const auto* offset = std::get_if<OffsetKey>(&key)) {
    Group& held = groups_[offset->group];
    std::optional<CommittedOffset> committed;
    if (take(committed, value, decode_committed_offset)) {
      if (committed) held.offsets.insert_or_assign({offset->topic, offset->partition}, *std::move(committed));
      else held.offsets.erase({offset->topic, offset->partition});
    }
    if (!held.metadata && held.offsets.empty()) groups_.erase(offset->group);
  }
}

SharedBytes GroupOffsets::encode() const {
  log::ByteWriter out;
  out.fixed(kStateVersion);
  for (const auto& [name, group] : groups_) {
    if (group.metadata) {
      out.prefixed(ByteView(broker::encode(GroupKey{name})));
      out.prefixed(ByteView(broker::encode(*group.metadata)));
    }
    for (const auto& [at, offset] : group.offsets) {
      out.prefixed(ByteView(broker::encode(OffsetKey{.group = name, .topic = at.first, .partition = at.second})));
      out.prefixed(ByteView(broker::encode(offset)));
    }
  }
  return out.share();
}

Result<void> GroupOffsets::restore(ByteView bytes) {
  log::ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (in.ok() && version != kStateVersion) return Error{Errc::kUnsupported, "the groups' offsets are of a later version"};
  while (in.ok() && !in.rest().empty()) {
    const ByteView key = in.prefixed();
    const ByteView value = in.prefixed();
    if (in.ok()) apply_record(key, value);
  }
  if (!in.done()) return Error{Errc::kCorrupt, "the groups' offsets are not of the form that is written"};
  return {};
}

}  // namespace firth::broker
