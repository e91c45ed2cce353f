// How the index changes, and how its chunks come and go. A chunk is dropped only when all of it is visible and none of it is being erased:
// then the log and the erased sets say the same.
#include "broker/stream_index.h"

#include <algorithm>

#include "base/assert.h"
#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::broker {

bool takes(const SubjectFilters& filters, std::string_view subject) {
  return filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const auto& filter) {
           return filter == subject || filter == subject::kAnyRest || subject::matches(filter, subject);
         });
}

// --- Chunks. ---

// Brings back what the log has of it.
void StreamIndex::hold(Chunks::iterator at) const {
  Chunk& chunk = at->second;
  chunk.used = ++uses_;
  if (chunk.held_from == 0 || source_ == nullptr) return;
  drop_unused();
  const Offset base = base_of(at->first);
  const Offset end = std::min(base + chunk.held_from, visible_end_);
  if (chunk.entries.empty()) ++held_chunks_;
  chunk.entries.resize(std::max(chunk.entries.size(), static_cast<std::size_t>(end - base)));
  const log::ErasedSet erased = source_->erased_within({base, end});
  source_->read_messages({base, end}, [&](Offset offset, std::string_view subject, std::uint32_t bytes) {
    if (offset < first_ || (erased.contains(offset) && !is_unsettled(offset))) return;
    if (const auto number = numbers_.find(subject); number != numbers_.end())
      chunk.entries[static_cast<std::size_t>(offset - base)] = {.subject = number->second, .bytes = bytes, .erasing = 0};
  });
  chunk.held_from = 0;
  const auto there = std::count_if(chunk.entries.begin(), chunk.entries.end(), [](const Entry& entry) { return entry.subject != kNone; });
  is_whole_ &= there == chunk.visible + chunk.unreleased;
}

void StreamIndex::drop_unused() const {
  while (source_ != nullptr && held_chunks_ >= most_held_) {
    Chunk* oldest = nullptr;
    for (auto& [number, chunk] : chunks_) {
      if (chunk.entries.empty() || chunk.unreleased > 0 || chunk.erasing > 0) continue;
      if (oldest == nullptr || chunk.used < oldest->used) oldest = &chunk;
    }
    if (oldest == nullptr) return;
    oldest->entries = std::vector<Entry>();  // assigned from {} it would keep its memory
    oldest->held_from = kChunkOffsets;
    --held_chunks_;
  }
}

// With room for an entry at the offset.
StreamIndex::Chunk& StreamIndex::chunk_for(Offset offset) {
  const auto [at, is_new] = chunks_.try_emplace(chunk_of(offset));
  Chunk& chunk = at->second;
  const std::int64_t index = offset - base_of(at->first);
  if (is_new) drop_unused();
  else if (source_ == nullptr) chunk.held_from = std::min(chunk.held_from, index);
  else hold(at);
  chunk.used = ++uses_;
  if (chunk.entries.empty()) ++held_chunks_;
  if (chunk.entries.size() <= static_cast<std::size_t>(index)) chunk.entries.resize(static_cast<std::size_t>(index) + 1);
  return chunk;
}

StreamIndex::Entry* StreamIndex::find(Offset offset) const {
  const auto at = chunks_.find(chunk_of(offset));
  if (offset < Offset(0) || at == chunks_.end()) return nullptr;
  const std::int64_t index = offset - base_of(at->first);
  if (index < at->second.held_from) hold(at);
  auto& entries = at->second.entries;
  if (static_cast<std::size_t>(index) >= entries.size() || entries[static_cast<std::size_t>(index)].subject == kNone) return nullptr;
  return &entries[static_cast<std::size_t>(index)];
}

std::size_t StreamIndex::held_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [number, chunk] : chunks_) bytes += chunk.entries.capacity() * sizeof(Entry);
  return bytes;
}

// Without bringing anything back: what is being erased is held.
bool StreamIndex::is_erasing(Offset offset) const {
  const auto at = chunks_.find(chunk_of(offset));
  if (at == chunks_.end() || at->second.erasing == 0) return false;
  const auto index = static_cast<std::size_t>(offset - base_of(at->first));
  return index < at->second.entries.size() && at->second.entries[index].erasing;
}

bool StreamIndex::is_unsettled(Offset offset) const {
  const auto after = std::upper_bound(unsettled_.begin(), unsettled_.end(), offset,
                                      [](Offset wanted, const log::OffsetRange& range) { return wanted < range.first; });
  return after != unsettled_.begin() && offset < std::prev(after)->end;
}

bool StreamIndex::attach(MessageSource* source) {
  source_ = source;
  if (source_ == nullptr) return true;
  std::sort(unsettled_.begin(), unsettled_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < unsettled_.size(); ++i) erase(unsettled_[i]);
  unsettled_.clear();
  erase_below(std::exchange(unsettled_below_, Offset(0)));
  return is_whole_;
}

// --- Subjects. ---

std::uint32_t StreamIndex::number_of(std::string_view text) {
  if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
  auto number = static_cast<std::uint32_t>(subjects_.size());
  if (free_.empty()) {
    subjects_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  subjects_[number].text = text;
  numbers_.emplace(subjects_[number].text, number);
  return number;
}

void StreamIndex::let_go(std::uint32_t number) {
  numbers_.erase(subjects_[number].text);
  subjects_[number] = Subject();
  free_.push_back(number);
  for (Selection& selection : selections_)
    if (number < selection.verdicts.size()) selection.verdicts[number] = kUnknown;
}

void StreamIndex::note(Subject& subject, Offset offset) {
  if (subject.first == kNoOffset || offset < subject.first) subject.first = offset;
  subject.last = std::max(subject.last, offset);
  ++subject.held;
  if (!subject.has_few) return;
  subject.few.insert(std::upper_bound(subject.few.begin(), subject.few.end(), offset), offset);
  if (subject.few.size() <= kFew) return;
  subject.few = std::vector<Offset>();
  subject.has_few = false;
}

// --- Decided. ---

void StreamIndex::insert(Offset offset, std::string_view text, std::uint32_t bytes) {
  Chunk& chunk = chunk_for(offset);
  Entry& entry = chunk.entries[static_cast<std::size_t>(offset - base_of(chunk_of(offset)))];
  FIRTH_ASSERT(entry.subject == kNone);
  entry = {.subject = number_of(text), .bytes = bytes & ((1u << 31) - 1), .erasing = 0};
  Subject& subject = subjects_[entry.subject];
  note(subject, offset);
  ++subject.decided;
  ++decided_.messages;
  decided_.bytes += entry.bytes;
  ++chunk.unreleased;
  if (offset < visible_end_) become_visible(chunk, entry);
}

bool StreamIndex::begin_erase(Offset offset) {
  Entry* const entry = find(offset);
  if (entry == nullptr || entry->erasing) return false;
  entry->erasing = 1;
  ++chunks_.find(chunk_of(offset))->second.erasing;
  --subjects_[entry->subject].decided;
  --decided_.messages;
  decided_.bytes -= entry->bytes;
  return true;
}

void StreamIndex::undo_erase(Offset offset) {
  Entry* const entry = find(offset);
  if (entry == nullptr || !entry->erasing) return;
  entry->erasing = 0;
  --chunks_.find(chunk_of(offset))->second.erasing;
  ++subjects_[entry->subject].decided;
  ++decided_.messages;
  decided_.bytes += entry->bytes;
}

void StreamIndex::undo_insert(Offset offset) {
  FIRTH_ASSERT(offset >= visible_end_);
  (void)begin_erase(offset);
  if (Entry* const entry = find(offset); entry != nullptr) take_out(offset, *entry);
}

// --- Visible. ---

void StreamIndex::become_visible(Chunk& chunk, const Entry& entry) {
  --chunk.unreleased;
  ++chunk.visible;
  ++visible_.messages;
  visible_.bytes += entry.bytes;
  if (++subjects_[entry.subject].visible == 1) ++visible_subjects_;
}

void StreamIndex::set_visible_end(Offset end) {
  if (end <= visible_end_) return;
  for (auto at = chunks_.lower_bound(chunk_of(visible_end_)); at != chunks_.end() && base_of(at->first) < end; ++at) {
    Chunk& chunk = at->second;
    const Offset base = base_of(at->first);
    const auto stop = std::min(chunk.entries.size(), static_cast<std::size_t>(end - base));
    for (auto i = static_cast<std::size_t>(std::max<std::int64_t>(visible_end_ - base, 0)); i < stop; ++i)
      if (chunk.entries[i].subject != kNone) become_visible(chunk, chunk.entries[i]);
  }
  visible_end_ = end;
}

void StreamIndex::erase(Offset offset) {
  Entry* const entry = find(offset);
  if (entry == nullptr) return;
  FIRTH_ASSERT(offset < visible_end_);
  (void)begin_erase(offset);
  --visible_.messages;
  visible_.bytes -= entry->bytes;
  if (--subjects_[entry->subject].visible == 0) --visible_subjects_;
  take_out(offset, *entry);
}

void StreamIndex::erase(log::OffsetRange range) {
  if (source_ == nullptr) return unsettled_.push_back(range);
  for (auto at = next(State::kVisible, range.first); at.has_value() && *at < range.end; at = next(State::kVisible, *at + 1)) erase(*at);
}

void StreamIndex::erase_below(Offset first) {
  if (source_ == nullptr) {
    unsettled_below_ = std::max(unsettled_below_, first);
    return;
  }
  if (first <= first_) return;
  erase(log::OffsetRange{first_, first});
  first_ = first;
  is_whole_ &= chunks_.empty() || base_of(chunks_.begin()->first + 1) > first;
}

// REQUIRES: it is marked as erasing.
void StreamIndex::take_out(Offset offset, Entry& entry) {
  const auto at = chunks_.find(chunk_of(offset));
  Chunk& chunk = at->second;
  --chunk.erasing;
  --(offset < visible_end_ ? chunk.visible : chunk.unreleased);
  const std::uint32_t number = entry.subject;
  Subject& subject = subjects_[number];
  entry = Entry();
  if (chunk.visible + chunk.unreleased == 0) {
    --held_chunks_;
    chunks_.erase(at);
  }
  if (--subject.held == 0) return let_go(number);
  if (subject.has_few) {
    std::erase(subject.few, offset);
    subject.first = subject.few.front();
    subject.last = subject.few.back();
  } else {
    if (subject.first == offset) subject.first = offset + 1;
    if (subject.last == offset) subject.last = offset - 1;
  }
}

}  // namespace firth::broker
