#include "log/group.h"

#include <algorithm>
#include <utility>

#include "log/shard_log.h"

namespace firth::log {
namespace {

// Room for directory and header beside the payload, so that the whole frame stays below kMaxFrameBytes.
constexpr std::size_t kMaxPayloadBytes = kMaxFrameBytes - 64 * 1024;

}  // namespace

Group::Group(GroupId id, ShardLog& shard_log) : id_(id), shard_log_(shard_log) {}
Group::~Group() = default;

Partition* Group::find(const PartitionKey& key) const {
  const auto found = partitions_.find(key);
  return found == partitions_.end() ? nullptr : found->second.get();
}

Partition& Group::restore(const PartitionKey& key) {
  auto& partition = partitions_[key];
  if (partition == nullptr) partition = std::make_unique<Partition>(key, shard_log_.environment(), *this);
  return *partition;
}

Result<Partition*> Group::create(const PartitionKey& key, const ConfigAct& config) {
  FIRTH_ASSERT(!partitions_.contains(key));
  if (shard_log_.status().below_reserve.load(std::memory_order_relaxed))
    return Error{Errc::kNoSpace, "the disk is below its reserve: delete something first"};
  Partition& partition = restore(key);
  if (auto born = partition.act(EntryKind::kBirth, encode_config(config)); !born.ok()) {
    partitions_.erase(key);
    return std::move(born).error();
  }
  return &partition;
}

Result<void> Group::add(Partition& partition, EntryKind kind, SharedBytes body) {
  const DiskStatus& status = shard_log_.status();
  if (status.failed.load(std::memory_order_relaxed))
    return Error{Errc::kStorage, "the journal has failed: nothing is written until restart"};
  if (kind == EntryKind::kBatch && status.below_reserve.load(std::memory_order_relaxed))
    return Error{Errc::kNoSpace, "the disk is below its reserve: delete something first"};
  if (kind == EntryKind::kBatch && shard_log_.unreleased_bytes() > ShardLog::kMostUnreleasedBytes)
    return Error{Errc::kUnavailable, "the disk is behind: too much waits for it"};
  const std::size_t bytes = body.size() + kEntryHeaderBytes + 2 * kDirectoryEntryBytes;
  if (bytes > kMaxPayloadBytes) return Error{Errc::kLimit, "larger than the journal takes in one frame"};
  if (open_bytes_ + bytes > kMaxPayloadBytes) open_next();
  if (partition.slot_frame_ != next_index_) {
    partition.slot_frame_ = next_index_;
    partition.frame_slot_ = open_.frame.add_partition(partition.key());
    partition.unapplied_.push_back(next_index_);
    open_.partitions.push_back(&partition);
  }
  open_.frame.add(partition.frame_slot_, kind, std::move(body));
  open_bytes_ += bytes;
  // What is handed out ahead of its sync must lie below what is reserved for sure.
  open_wants_sync_ |= partition.settings().durability == Durability::kSync || kind == EntryKind::kReserve;
  shard_log_.request_submit();
  return {};
}

void Group::open_next() {
  open_.frame.id = {.group = id_, .term = 0, .index = next_index_};
  open_.applied.assign(open_.partitions.size(), false);
  ready_.push_back(std::make_unique<InFlight>(std::exchange(open_, {})));
  ++next_index_;
  open_bytes_ = 0;
}

void Group::submit(Replicator& replicator) {
  if (!open_.frame.empty()) open_next();
  open_wants_sync_ = false;
  while (!ready_.empty()) {
    in_flight_.push_back(std::move(ready_.front()));
    ready_.pop_front();
    replicator.submit(in_flight_.back()->frame, *this);
  }
}

void Group::apply(InFlight& in_flight, std::size_t slot) {
  Partition& partition = *in_flight.partitions[slot];
  const FrameIndex index = in_flight.frame.id.index;
  FIRTH_ASSERT(!partition.unapplied_.empty() && partition.unapplied_.front() == index);
  partition.unapplied_.pop_front();
  partition.apply(index, in_flight.frame.slots()[slot], in_flight.replay_from);
  in_flight.applied[slot] = true;
  partition.run_released(index);
}

void Group::want_sync() {
  open_wants_sync_ = true;
  shard_log_.request_submit();
}

bool Group::is_committed(FrameIndex index) const {
  if (index >= next_index_) return false;
  return in_flight_.empty() ? ready_.empty() : index < in_flight_.front()->frame.id.index;
}

void Group::on_written(FrameIndex index, JournalPosition replay_from) {
  InFlight& in_flight = *in_flight_[index - in_flight_.front()->frame.id.index];
  in_flight.replay_from = replay_from;
  in_flight.written = true;
  apply_written(in_flight, nullptr);
}

void Group::apply_written(InFlight& in_flight, const Partition* only) {
  for (std::size_t slot = 0; slot < in_flight.partitions.size(); ++slot) {
    const Partition& partition = *in_flight.partitions[slot];
    if (only != nullptr && only != &partition) continue;
    if (partition.is_released_by_writing(in_flight.frame.id.index, in_flight.frame.slots()[slot])) apply(in_flight, slot);
  }
}

void Group::on_committed(FrameIndex index) {
  FIRTH_ASSERT(!in_flight_.empty() && in_flight_.front()->frame.id.index == index);
  const std::unique_ptr<InFlight> in_flight = std::move(in_flight_.front());
  in_flight_.pop_front();
  for (std::size_t slot = 0; slot < in_flight->partitions.size(); ++slot)
    if (!in_flight->applied[slot]) apply(*in_flight, slot);
  for (Partition* partition : in_flight->partitions) {
    if (!partition->note_committed(index)) continue;
    // More is reserved now: what waited for that alone is released.
    for (const auto& later : in_flight_)
      if (later->written) apply_written(*later, partition);
  }
}

void Group::on_failed(const Error& why) {
  in_flight_.clear();
  ready_.clear();
  open_ = {};
  open_bytes_ = 0;
  for (const auto& [key, partition] : partitions_) partition->fail(why);
}

void Group::note_changed(Partition& partition) { shard_log_.note_changed(partition); }
void Group::request_cleaning(Partition& partition) { shard_log_.request_cleaning(partition); }

void Group::replay(const Frame& frame, JournalPosition replay_from) {
  next_index_ = std::max(next_index_, frame.id.index + 1);
  for (const Frame::Slot& slot : frame.slots()) {
    Partition* partition = find(slot.partition);
    const bool is_birth = slot.entries.front().kind == EntryKind::kBirth;
    if (partition == nullptr && !is_birth) continue;  // it died, and a checkpoint has forgotten it
    if (partition == nullptr) partition = &restore(slot.partition);
    if (partition->is_fenced()) continue;
    if (frame.id.index > partition->applied_) partition->replay(frame.id.index, slot, replay_from);
    else partition->replay_recorded(frame.id.index, slot, replay_from);
  }
}

void Group::remove_dead(const PartitionKey& key) {
  const Partition* partition = find(key);
  const bool is_done = partition != nullptr && partition->is_dead() && partition->unapplied_.empty();
  if (is_done && (partition->slot_frame_ == FrameIndex(0) || is_committed(partition->slot_frame_))) partitions_.erase(key);
}

}  // namespace firth::log
