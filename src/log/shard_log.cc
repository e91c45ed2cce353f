#include "log/shard_log.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace firth::log {
namespace {

using namespace std::chrono_literals;

// After the last commit: then what nobody waits for is synced, and the journal says up to where it is (Committer::settle).
constexpr auto kSettleAfter = 1s;

}  // namespace

ShardLog::ShardLog(runtime::Loop& loop, PartitionEnvironment& environment, DiskStatus& status)
    : loop_(loop), environment_(environment), status_(status) {
  loop_.set_turn_end_hook(runtime::TurnStage::kCommit, *this);
}

ShardLog::~ShardLog() = default;

void ShardLog::attach(Committer& committer) {
  committer_ = &committer;
  client_ = committer.add_client(*this, loop_);
  last_replay_from_ = committer.synced();
  notify_changed();  // what recovery changed: nobody observes it yet, and a dead partition may go before the next frame comes
  for (const auto& [id, group] : groups_)
    for (const auto& [key, partition] : group->partitions()) partition->take_leadership();
}

void ShardLog::give_back_reservations(std::function<void()> done) {
  auto left = std::make_shared<std::size_t>(1);
  const auto one_less = [left, done = std::move(done)](const Result<void>&) {
    if (--*left == 0) done();
  };
  for (const auto& [id, group] : groups_) {
    for (const auto& [key, partition] : group->partitions()) {
      if (partition->is_dead() || partition->is_fenced()) continue;
      if (auto given = partition->give_back_reservation(); !given.ok()) log_warning("{}: {}", partition->directory(), given.error().text);
      ++*left;
      partition->when_released(one_less);
    }
  }
  one_less({});
}

Group& ShardLog::group(GroupId id) {
  auto& group = groups_[id];
  if (group == nullptr) group = std::make_unique<Group>(id, *this);
  return *group;
}

Partition* ShardLog::find(const PartitionKey& key) const {
  for (const auto& [id, group] : groups_)
    if (Partition* partition = group->find(key); partition != nullptr) return partition;
  return nullptr;
}

// Whether to wait for more before the frame is closed.
bool ShardLog::gather_on() {
  std::size_t bytes = 0;
  for (const auto& [id, group] : groups_) bytes += group->open_bytes();
  const runtime::MonotonicTime now = loop_.now();
  if (!gathering_since_.has_value()) gathering_since_ = now;
  return bytes < kGatherBytes && now - *gathering_since_ < kGatherTime && !loop_.nothing_ready();
}

void ShardLog::on_turn_end() {
  FIRTH_ASSERT(committer_ != nullptr);
  if (gather_on()) return loop_.request_turn_end(runtime::TurnStage::kCommit);
  gathering_since_.reset();
  CommitUrgency urgency = CommitUrgency::kSoon;
  for (const auto& [id, group] : groups_) {
    if (group->wants_sync()) urgency = CommitUrgency::kSync;
    group->submit(*this);
  }
  const bool syncs_earlier = urgency == CommitUrgency::kSync && !is_idle();  // frames that were handed over before
  if (!gathered_.empty() || syncs_earlier) committer_->submit(client_, std::exchange(gathered_, {}), urgency);
}

void ShardLog::submit(const Frame& frame, ReplicationListener& listener) {
  gathered_.push_back(&frame);
  submitted_.push_back({.index = frame.id.index, .listener = &listener, .replay_from = {}, .bytes = frame.bytes()});
  unreleased_bytes_ += frame.bytes();
}

void ShardLog::on_written(const std::vector<JournalPosition>& replay_from) {
  FIRTH_ASSERT(replay_from.size() <= submitted_.size());
  for (const JournalPosition position : replay_from) {
    const Submitted frame = submitted_.front();
    submitted_.pop_front();
    written_.push_back({.index = frame.index, .listener = frame.listener, .replay_from = position, .bytes = frame.bytes});
    last_replay_from_ = position;
    frame.listener->on_written(frame.index, position);
  }
  notify_changed();
  arm_settle_timer();
}

void ShardLog::on_committed() {
  for (const Submitted& frame : std::exchange(written_, {})) {
    unreleased_bytes_ -= frame.bytes;
    frame.listener->on_committed(frame.index);
  }
  notify_changed();
  if (checkpoint_wanted_ && committer_->held_bytes() > checkpoint_above_) checkpoint_wanted_();
}

void ShardLog::on_failed(const Error& why) {
  status_.failed.store(true, std::memory_order_relaxed);
  submitted_.clear();
  written_.clear();
  gathered_.clear();
  unreleased_bytes_ = 0;
  for (const auto& [id, group] : groups_) group->on_failed(why);
}

void ShardLog::notify_changed() {
  for (Partition* partition : std::exchange(changed_, {})) partition->notify();
}

void ShardLog::arm_settle_timer() {
  if (std::exchange(settle_armed_, true)) return;
  loop_.schedule(loop_.now() + kSettleAfter, [this] {
    settle_armed_ = false;
    committer_->settle();
  });
}

JournalPosition ShardLog::held_from(JournalPosition synced) const {
  JournalPosition oldest = synced;
  if (!submitted_.empty()) oldest = std::min(oldest, last_replay_from_);
  if (!written_.empty()) oldest = std::min(oldest, written_.front().replay_from);
  for (const auto& [id, group] : groups_) {
    for (const auto& [key, partition] : group->partitions())
      if (const auto held = partition->held_from(); held.has_value()) oldest = std::min(oldest, *held);
  }
  return oldest;
}

bool ShardLog::is_idle() const {
  return submitted_.empty() && written_.empty() && gathered_.empty() &&
         std::all_of(groups_.begin(), groups_.end(), [](const auto& entry) { return entry.second->idle(); });
}

}  // namespace firth::log
