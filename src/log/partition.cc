#include "log/partition.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "log/group.h"
#include "log/shard_log.h"

namespace firth::log {

Partition::Partition(const PartitionKey& key, PartitionEnvironment& environment, Group& group)
    : key_(key), environment_(environment), group_(group) {
  if (environment_.memory != nullptr) tail_memory_.attach(*environment_.memory);
}

Partition::~Partition() = default;

std::string partition_directory(std::string_view below, const PartitionKey& key) {
  std::string path(below);
  path += '/';
  for (const std::byte byte : key.topic.bytes) path += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return path + fmt::format("-{}", key.partition.value());
}

std::string Partition::directory() const { return partition_directory(environment_.directory, key_); }

Result<void> Partition::may_write() const {
  if (!fenced_.empty()) return Error{Errc::kCorrupt, fmt::format("{} is fenced: {}", directory(), fenced_)};
  if (dead_) return Error{Errc::kNotFound, fmt::format("{} was deleted", directory())};
  return {};
}

Result<Offset> Partition::append(SharedBytes batch) {
  FIRTH_CHECK(may_write());
  FIRTH_ASSERT(look_at_batch(batch.view()) == BatchFront::kWhole);
  const Offset base = next_offset_;
  const std::int32_t last_delta = BatchView(batch.view()).last_offset_delta();
  FIRTH_ASSERT(last_delta >= 0);
  FIRTH_CHECK(reserve_for(base + last_delta + 1));
  stamp_batch(batch.writable_by_owner(), base, epoch_);
  FIRTH_CHECK(group_.add(*this, EntryKind::kBatch, std::move(batch)));
  next_offset_ = base + last_delta + 1;
  check_invariants();
  return base;
}

Result<void> Partition::act(EntryKind kind, SharedBytes body) {
  FIRTH_ASSERT(kind != EntryKind::kBatch);
  FIRTH_CHECK(may_write());
  return group_.add(*this, kind, std::move(body));
}

void Partition::when_released(Released done) {
  if (unapplied_.empty()) return done(Result<void>());
  waiters_.push_back({.frame = unapplied_.back(), .done = std::move(done)});
}

void Partition::run_released(FrameIndex index) {
  while (!waiters_.empty() && waiters_.front().frame <= index) {
    Released done = std::move(waiters_.front().done);
    waiters_.pop_front();
    done(Result<void>());
  }
}

void Partition::fail(const Error& why) {
  next_offset_ = state_.next;
  epoch_ = state_.epoch();
  unapplied_.clear();
  reserving_.clear();
  for (Waiter& waiter : std::exchange(waiters_, {})) waiter.done(why);
  for (Waiter& waiter : std::exchange(committed_waiters_, {})) waiter.done(why);
}

void Partition::notify() {
  changed_ = false;
  // An observer may go away while others are told.
  const std::vector<PartitionObserver*> told = observers_;
  for (PartitionObserver* observer : told) {
    if (std::find(observers_.begin(), observers_.end(), observer) == observers_.end()) continue;
    dead_ ? observer->on_dead() : observer->on_released();
  }
}

Piece* Partition::piece(const PieceKey& key) const {
  const auto found = pieces_.find(key);
  return found == pieces_.end() ? nullptr : found->second.piece.get();
}

void Partition::for_each_piece(std::uint16_t kind, const std::function<void(const std::string& id, Piece&)>& visit) const {
  for (auto at = pieces_.lower_bound({.kind = kind, .id = {}}); at != pieces_.end() && at->first.kind == kind; ++at)
    visit(at->first.id, *at->second.piece);
}

void Partition::check_invariants() const {
  FIRTH_ASSERT(state_.log_start <= state_.first);
  FIRTH_ASSERT(state_.first <= state_.next);
  FIRTH_ASSERT(state_.next <= next_offset_);
}

}  // namespace firth::log
