#include "log/cleaner.h"

#include <memory>
#include <utility>

namespace firth::log {

Cleaner::Cleaner(ShardLog& shard, Surroundings surroundings) : shard_(shard), around_(std::move(surroundings)) {}

void Cleaner::start() {
  shard_.on_cleaning_wanted([this](const PartitionKey& partition) { want(partition); });
  shard_.loop().post([this] { arm(); });
}

void Cleaner::arm() {
  shard_.loop().schedule(shard_.loop().now() + kInterval, [this] {
    begin_pass();
    arm();
  });
}

// A pass that takes longer than the interval is not begun again before its end.
void Cleaner::begin_pass() {
  around_.checkpointer.request_space_check();
  if (!waiting_.empty()) return;
  for (const auto& [id, group] : shard_.groups())
    for (const auto& [key, partition] : group->partitions()) waiting_.push_back({.partition = key, .why = Visit::Why::kPass});
  go_on();
}

// Ahead of the pass. Not from here: a partition may be in the middle of a write.
void Cleaner::want(const PartitionKey& partition) {
  waiting_.push_front({.partition = partition, .why = Visit::Why::kWanted});
  if (!is_busy_) go_on_next_turn();
}

void Cleaner::go_on_next_turn() {
  is_busy_ = true;
  shard_.loop().post([this] {
    is_busy_ = false;
    go_on();
  });
}

void Cleaner::go_on() {
  if (is_busy_) return;
  for (std::size_t count = 0; !waiting_.empty(); ++count) {
    if (count == kPartitionsPerTurn) return go_on_next_turn();
    const Visit visit = waiting_.front();
    waiting_.pop_front();
    if (look_at(visit)) return;
  }
  if (std::exchange(wants_checkpoint_, false)) around_.checkpointer.request();
}

// Whether a job of it is under way now; then it comes next again.
bool Cleaner::look_at(const Visit& visit) {
  Partition* partition = shard_.find(visit.partition);
  if (partition == nullptr || partition->is_dead()) return false;
  if (visit.why == Visit::Why::kPass) partition->tidy();
  auto job = partition->begin_segment_job();
  wants_checkpoint_ |= partition->has_files_to_let_go();
  if (!job.has_value()) return false;
  hand_out(visit.partition, *std::move(job));
  return true;
}

void Cleaner::hand_out(const PartitionKey& key, SegmentJob job) {
  struct Work {
    SegmentJob job;
    SegmentJobOutcome outcome = Error{Errc::kUnavailable, "not done"};
  };
  is_busy_ = true;
  auto work = std::make_shared<Work>(Work{.job = std::move(job)});
  around_.workers.submit([this, work] { work->outcome = carry_out(around_.files, around_.journal, work->job); }, shard_.loop(),
                         [this, key, work] {
                           is_busy_ = false;
                           Partition* partition = shard_.find(key);
                           // The next try of a job that failed is the next pass's.
                           if (partition != nullptr && partition->end_segment_job(work->job, std::move(work->outcome)))
                             waiting_.push_front({.partition = key, .why = Visit::Why::kWanted});
                           go_on();
                         });
}

}  // namespace firth::log
