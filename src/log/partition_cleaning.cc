// What becomes of a partition's segments behind the write path: which of them are dead, are to be sealed, rewritten or repaired, and how
// the result takes the place of what was there. Readers are on the same shard, so that a segment is replaced between two reads.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/mark.h"
#include "log/group.h"
#include "log/partition.h"

namespace firth::log {
namespace {

// Offsets stand for bytes here: a segment is rewritten once half of what it held is dead, so that each byte is copied at most once for
// each halving. Dead ones at its front alone do not count before they are nearly all: most such segments are soon dropped whole.
constexpr std::int64_t kRewriteShare = 2;
constexpr std::int64_t kInsideShare = 4;
constexpr std::int64_t kFrontShare = 8;

}  // namespace

std::size_t Partition::segment_place(const SegmentName& name) const {
  const auto found = std::ranges::find_if(segments_, [&](const auto& segment) { return segment->name() == name; });
  return static_cast<std::size_t>(found - segments_.begin());
}

// After the last offset that the segment answers for.
Offset Partition::segment_end(std::size_t index) const {
  return index + 1 < segments_.size() ? segments_[index + 1]->base() : segments_[index]->next_offset();
}

// Below the log start, or erased whole, and taking no more.
bool Partition::is_dead_segment(std::size_t index) const {
  const Segment& segment = *segments_[index];
  if (segment.takes_batches()) return false;
  const Offset end = segment_end(index);
  return end <= state_.log_start || next_live(segment.base(), end) >= end;
}

void Partition::retire(std::size_t index) {
  retired_.push_back({.stage = Retired::Stage::kNamed, .name = segments_[index]->name()});
  rewritten_live_.erase(segments_[index]->base());
  refused_live_.erase(segments_[index]->base());
  segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Partition::retire_dead_segments() {
  for (std::size_t i = segments_.size(); i > 0; --i)
    if (is_dead_segment(i - 1)) retire(i - 1);
}

void Partition::close_last() {
  segments_.back()->close();
  group_.request_cleaning(*this);
}

bool Partition::has_files_to_let_go() const {
  if (!retired_.empty()) return true;
  for (std::size_t i = 0; i < segments_.size(); ++i)
    if (is_dead_segment(i)) return true;
  return false;
}

std::int64_t Partition::live_count(OffsetRange range) const {
  range.first = std::max(range.first, state_.first);
  if (range.first >= range.end) return 0;
  std::int64_t live = range.end - range.first;
  for (auto at = erased_.lower_bound(range.first.value() / kErasedChunkOffsets); at != erased_.end(); ++at) {
    const Offset chunk_begin(at->first * kErasedChunkOffsets);
    if (chunk_begin >= range.end) break;
    live -= at->second.set.count({std::max(range.first, chunk_begin), std::min(range.end, chunk_begin + kErasedChunkOffsets)});
  }
  return live;
}

void Partition::tidy() {
  if (environment_.memory != nullptr && environment_.memory->is_tight()) {
    tail_.trim(0);
    (void)tail_memory_.follow(tail_.bytes());
  }
  for (const auto& segment : segments_) segment->drop_idle_caches();
  if (segments_.empty() || !segments_.back()->takes_batches() || !fenced_.empty()) return;
  const Segment& last = *segments_.back();
  const std::int64_t span = last.next_offset() - last.base();
  const std::int64_t live = live_count({last.base(), last.next_offset()});
  const bool is_mostly_dead = last.size() >= settings_.dead_roll_bytes && live * kRewriteShare <= span;
  const bool is_all_dead = last.size() > 0 && live == 0;
  if (is_mostly_dead || is_all_dead) close_last();
}

std::optional<RewriteOrder> Partition::rewrite_order(std::size_t index) const {
  const Segment& segment = *segments_[index];
  const OffsetRange range{segment.base(), segment.next_offset()};
  const std::int64_t live = live_count(range);
  const std::int64_t span = range.end - range.first;
  const std::int64_t hidden = std::clamp<std::int64_t>(state_.first - range.first, 0, span);
  std::int64_t held = span;
  for (const auto* known : {&rewritten_live_, &refused_live_})
    if (const auto found = known->find(range.first); found != known->end()) held = std::min(held, found->second);
  const bool is_worth_it = (span - hidden - live) * kInsideShare >= span || live * kFrontShare <= held;
  if (live * kRewriteShare > held || !is_worth_it) return std::nullopt;
  return RewriteOrder{.directory = directory(),
                      .source = segment.durable(),
                      .settings = settings_.segments,
                      .erased = erased_within({std::max(range.first, state_.first), std::max(range.end, state_.first)}),
                      .hidden_below = state_.first,
                      .live = live};
}

// New segments begin where the tail is not written yet, and rewritten ones are made by jobs, of which there is one at a time.
SweepOrder Partition::sweep_order() const {
  SweepOrder order{.directory = directory(), .known = {}, .end = tail_.written_end()};
  for (const auto& segment : segments_) order.known.push_back(segment->name());
  for (const Retired& retired : retired_) order.known.push_back(retired.name);
  return order;
}

std::optional<SegmentJob> Partition::begin_segment_job() {
  if (segment_job_under_way_ || dead_ || !fenced_.empty()) return std::nullopt;
  std::optional<SegmentJob> job;
  for (std::size_t i = 0; i < segments_.size() && !job; ++i) {
    Segment& segment = *segments_[i];
    if (segment.takes_batches() || is_dead_segment(i)) continue;  // a dead one goes with the next checkpoint
    if (segment.failed()) {
      job = RepairOrder{.partition = key_,
                        .directory = directory(),
                        .durable = segment.durable(),
                        .end = segment.next_offset(),
                        .settings = settings_.segments,
                        .from = held_from()};
    } else if (!segment.sealed()) {
      auto order = segment.seal_order();
      if (order.ok()) job = *std::move(order);
      else log_warning("{}: not sealed: {}", segment.path(), order.error().text);
    } else if (auto order = rewrite_order(i); order.has_value()) {
      job = *std::move(order);
    }
  }
  if (!job && !std::exchange(was_swept_, true)) job = sweep_order();
  segment_job_under_way_ = job.has_value();
  return job;
}

bool Partition::end_segment_job(const SegmentJob& job, SegmentJobOutcome outcome) {
  segment_job_under_way_ = false;
  const Result<void> done = outcome.ok() ? Result<void>() : outcome.error();
  has_new_files_ |= done.ok();
  if (!done.ok()) log_warning("{}: work behind the write path: {}", directory(), done.error().text);
  if (const auto* seal = std::get_if<SealOrder>(&job)) {
    const std::size_t at = segment_place(seal->segment.name);
    if (at < segments_.size()) segments_[at]->end_seal(*seal, done);
    return done.ok();
  }
  if (std::holds_alternative<SweepOrder>(job)) return done.ok();
  const auto* rewrite = std::get_if<RewriteOrder>(&job);
  const SegmentName source = rewrite != nullptr ? rewrite->source.name : std::get<RepairOrder>(job).durable.name;
  if (done.ok()) replace_segment(source, *outcome);
  if (rewrite != nullptr && !done.ok()) refused_live_[source.base] = rewrite->live;
  if (rewrite != nullptr && done.ok() && outcome->has_value() && segment_place((*outcome)->name) < segments_.size())
    rewritten_live_[source.base] = rewrite->live;
  return done.ok();
}

// The files that were there go when no checkpoint names them; if the source is gone meanwhile, those that were made.
void Partition::replace_segment(const SegmentName& source, const std::optional<SegmentDescription>& made) {
  const std::size_t at = segment_place(source);
  if (at == segments_.size()) {
    if (made.has_value() && !dead_) retired_.push_back({.stage = Retired::Stage::kForgotten, .name = made->name});
    return;
  }
  retire(at);
  if (!made.has_value()) return;
  auto segment = Segment::open(environment_.files, directory(), *made, settings_.segments);
  if (!segment->sealed()) segment->close();
  segments_.insert(segments_.begin() + static_cast<std::ptrdiff_t>(at), std::move(segment));
}

void Partition::fail_unsynced_segments() {
  bool failed = false;
  for (const auto& segment : segments_) {
    if (segment->failed() || segment->size() == segment->durable().length) continue;
    segment->fail();
    failed = true;
    log_error("{}: a sync failed: its bytes from {} to {} are written again from the journal", segment->path(), segment->durable().length,
              segment->size());
  }
  if (failed) group_.request_cleaning(*this);
}

Offset Partition::expired_end(const RetentionLimits& limits) const {
  std::uint64_t bytes = size_bytes();
  Offset expired = state_.log_start;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = *segments_[i];
    const bool is_last = i + 1 == segments_.size();
    const Offset end = segment_end(i);
    if (end > state_.log_start) {
      const std::int64_t newest_ms = segment.max_timestamp_ms();
      const bool is_old = limits.oldest_ms.has_value() && newest_ms >= 0 && newest_ms < *limits.oldest_ms;
      const bool is_too_much = limits.max_bytes.has_value() && !is_last && bytes >= segment.size() + *limits.max_bytes;
      // What is in no segment yet is newer.
      if (is_last && tail_.unwritten_count() > 0) return expired;
      if (!is_old && !is_too_much) return expired;
      expired = std::min(end, state_.next);
    }
    bytes -= segment.size();
  }
  return expired;
}

}  // namespace firth::log
