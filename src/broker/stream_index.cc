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

const StreamIndex::Entry* StreamIndex::find(Offset offset) const {
  const auto chunk = chunks_.find(offset.value() / kChunkOffsets);
  if (offset < Offset(0) || chunk == chunks_.end()) return nullptr;
  const auto delta = static_cast<std::uint32_t>(offset.value() % kChunkOffsets);
  const auto& entries = chunk->second.entries;
  const auto at = std::lower_bound(entries.begin(), entries.end(), delta, [](const Entry& e, std::uint32_t d) { return e.delta < d; });
  return at == entries.end() || at->delta != delta || at->gone ? nullptr : &*at;
}

bool StreamIndex::counts(State state, Offset offset, const Entry& entry) const {
  return !entry.gone && (state == State::kDecided ? !entry.erasing : offset < visible_end_);
}

const StreamIndex::Subject* StreamIndex::find_subject(std::string_view text) const {
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? nullptr : &subjects_[found->second];
}

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
}

// Into the chain of its subject, almost always at its end.
void StreamIndex::link(Offset offset, Entry& entry) {
  Subject& subject = subjects_[entry.subject];
  entry.previous = subject.last;
  while (entry.previous > offset) entry.previous = find(entry.previous)->previous;
  if (entry.previous == kNoOffset) {
    entry.next = subject.first;
    subject.first = offset;
  } else {
    Entry* before = find(entry.previous);
    entry.next = before->next;
    before->next = offset;
  }
  (entry.next == kNoOffset ? subject.last : find(entry.next)->previous) = offset;
  if (subject.decided_first == kNoOffset || offset < subject.decided_first) subject.decided_first = offset;
}

void StreamIndex::unlink(const Entry& entry) {
  Subject& subject = subjects_[entry.subject];
  (entry.previous == kNoOffset ? subject.first : find(entry.previous)->next) = entry.next;
  (entry.next == kNoOffset ? subject.last : find(entry.next)->previous) = entry.previous;
}

void StreamIndex::insert(Offset offset, std::string_view text, std::uint32_t bytes) {
  Chunk& chunk = chunks_[offset.value() / kChunkOffsets];
  const auto delta = static_cast<std::uint32_t>(offset.value() % kChunkOffsets);
  auto at =
      std::lower_bound(chunk.entries.begin(), chunk.entries.end(), delta, [](const Entry& e, std::uint32_t d) { return e.delta < d; });
  FIRTH_ASSERT(at == chunk.entries.end() || at->delta != delta);
  const std::uint32_t number = number_of(text);
  at = chunk.entries.insert(at, {.delta = delta,
                                 .subject = number,
                                 .bytes = bytes & ((1u << 30) - 1),
                                 .erasing = 0,
                                 .gone = 0,
                                 .previous = kNoOffset,
                                 .next = kNoOffset});
  link(offset, *at);
  ++decided_.messages;
  decided_.bytes += at->bytes;
  ++subjects_[number].decided;
  if (offset >= visible_end_) return;
  ++chunk.visible;
  ++visible_.messages;
  visible_.bytes += at->bytes;
  if (++subjects_[number].visible == 1) ++visible_subjects_;
}

bool StreamIndex::begin_erase(Offset offset) {
  Entry* entry = find(offset);
  if (entry == nullptr || entry->erasing) return false;
  entry->erasing = 1;
  --decided_.messages;
  decided_.bytes -= entry->bytes;
  Subject& subject = subjects_[entry->subject];
  --subject.decided;
  if (subject.decided_first == offset) {
    Offset next = entry->next;
    while (next != kNoOffset && find(next)->erasing) next = find(next)->next;
    subject.decided_first = next;
  }
  return true;
}

void StreamIndex::undo_erase(Offset offset) {
  Entry* entry = find(offset);
  if (entry == nullptr || !entry->erasing) return;
  entry->erasing = 0;
  ++decided_.messages;
  decided_.bytes += entry->bytes;
  Subject& subject = subjects_[entry->subject];
  ++subject.decided;
  if (subject.decided_first == kNoOffset || offset < subject.decided_first) subject.decided_first = offset;
}

void StreamIndex::undo_insert(Offset offset) {
  FIRTH_ASSERT(offset >= visible_end_);
  (void)begin_erase(offset);
  take_out(offset);
}

void StreamIndex::set_visible_end(Offset end) {
  if (end <= visible_end_) return;
  for (auto chunk = chunks_.lower_bound(visible_end_.value() / kChunkOffsets); chunk != chunks_.end(); ++chunk) {
    const Offset base(chunk->first * kChunkOffsets);
    if (base >= end) break;
    for (const Entry& entry : chunk->second.entries) {
      const Offset offset = base + entry.delta;
      if (entry.gone || offset < visible_end_ || offset >= end) continue;
      ++chunk->second.visible;
      ++visible_.messages;
      visible_.bytes += entry.bytes;
      if (++subjects_[entry.subject].visible == 1) ++visible_subjects_;
    }
  }
  visible_end_ = end;
}

void StreamIndex::erase(Offset offset) {
  const Entry* entry = find(offset);
  if (entry == nullptr) return;
  FIRTH_ASSERT(offset < visible_end_);
  (void)begin_erase(offset);
  --visible_.messages;
  visible_.bytes -= entry->bytes;
  --chunks_[offset.value() / kChunkOffsets].visible;
  if (--subjects_[entry->subject].visible == 0) --visible_subjects_;
  take_out(offset);
}

void StreamIndex::take_out(Offset offset) {
  Entry* entry = find(offset);
  unlink(*entry);
  entry->gone = 1;
  const std::uint32_t number = entry->subject;
  if (subjects_[number].first == kNoOffset) let_go(number);
  const auto at = chunks_.find(offset.value() / kChunkOffsets);
  Chunk& chunk = at->second;
  ++chunk.dead;
  if (chunk.dead == chunk.entries.size()) {
    chunks_.erase(at);
  } else if (chunk.dead >= kMinDead && chunk.dead > chunk.entries.size() / 2) {
    std::erase_if(chunk.entries, [](const Entry& e) { return e.gone != 0; });
    chunk.entries.shrink_to_fit();
    chunk.dead = 0;
  }
}

bool StreamIndex::has(State state, Offset offset) const {
  const Entry* entry = find(offset);
  return entry != nullptr && counts(state, offset, *entry);
}

std::optional<Offset> StreamIndex::next(State state, Offset from) const { return next(state, from, {}); }

std::optional<Offset> StreamIndex::next(State state, Offset from, const SubjectFilters& filters) const {
  const Subject* literal = nullptr;
  if (filters.size() == 1 && !subject::has_wildcard(filters[0])) {
    literal = find_subject(filters[0]);
    if (literal == nullptr || from > literal->last) return std::nullopt;
    from = std::max(from, literal->first);
    // A reader that goes on from the message before: its link leads to the next one.
    if (const Entry* before = find(from - 1); before != nullptr && &subjects_[before->subject] == literal) from = before->next;
  }
  for (auto chunk = chunks_.lower_bound(from.value() / kChunkOffsets); chunk != chunks_.end(); ++chunk) {
    const Offset base(chunk->first * kChunkOffsets);
    if (state == State::kVisible && base >= visible_end_) break;
    for (const Entry& entry : chunk->second.entries) {
      const Offset offset = base + entry.delta;
      if (offset < from || !counts(state, offset, entry)) continue;
      const Subject& subject = subjects_[entry.subject];
      if (literal != nullptr ? &subject == literal : takes(filters, subject.text)) return offset;
    }
  }
  return std::nullopt;
}

std::optional<Offset> StreamIndex::previous(State state, Offset before) const {
  auto chunk = chunks_.upper_bound(before.value() / kChunkOffsets);
  while (chunk != chunks_.begin()) {
    --chunk;
    const Offset base(chunk->first * kChunkOffsets);
    for (auto entry = chunk->second.entries.rbegin(); entry != chunk->second.entries.rend(); ++entry)
      if (base + entry->delta < before && counts(state, base + entry->delta, *entry)) return base + entry->delta;
  }
  return std::nullopt;
}

std::optional<Offset> StreamIndex::first_of(State state, std::string_view text) const {
  const Subject* subject = find_subject(text);
  if (subject == nullptr) return std::nullopt;
  const Offset first = state == State::kDecided ? subject->decided_first : subject->first;
  if (first == kNoOffset || (state == State::kVisible && first >= visible_end_)) return std::nullopt;
  return first;
}

std::optional<Offset> StreamIndex::last_of(State state, std::string_view text) const {
  const Subject* subject = find_subject(text);
  Offset at = subject == nullptr ? kNoOffset : subject->last;
  while (at != kNoOffset) {
    const Entry* entry = find(at);
    if (counts(state, at, *entry)) return at;
    at = entry->previous;
  }
  return std::nullopt;
}

std::optional<Offset> StreamIndex::last_of_filter(State state, std::string_view filter) const {
  if (!subject::has_wildcard(filter)) return last_of(state, filter);
  std::optional<Offset> last;
  for (const Subject& subject : subjects_) {
    if (subject.text.empty() || !takes({std::string(filter)}, subject.text)) continue;
    last = std::max(last, last_of(state, subject.text));
  }
  return last;
}

std::uint64_t StreamIndex::count_of(State state, std::string_view text) const {
  const Subject* subject = find_subject(text);
  return subject == nullptr ? 0 : state == State::kDecided ? subject->decided : subject->visible;
}

std::uint64_t StreamIndex::size_of(Offset offset) const {
  const Entry* entry = find(offset);
  return entry == nullptr ? 0 : entry->bytes;
}

const std::string* StreamIndex::subject_of(Offset offset) const {
  const Entry* entry = find(offset);
  return entry == nullptr ? nullptr : &subjects_[entry->subject].text;
}

std::uint64_t StreamIndex::count(Offset from, const SubjectFilters& filters) const {
  const std::optional<Offset> first_visible = first(State::kVisible);
  if (!first_visible.has_value()) return 0;
  std::uint64_t sum = 0;
  if (from <= *first_visible) {
    if (filters.empty()) return visible_.messages;
    for (const Subject& subject : subjects_)
      if (subject.visible > 0 && takes(filters, subject.text)) sum += subject.visible;
    return sum;
  }
  for (auto chunk = chunks_.lower_bound(from.value() / kChunkOffsets); chunk != chunks_.end(); ++chunk) {
    const Offset base(chunk->first * kChunkOffsets);
    if (filters.empty() && base >= from) {
      sum += chunk->second.visible;
      continue;
    }
    for (const Entry& entry : chunk->second.entries) {
      const Offset offset = base + entry.delta;
      if (offset >= from && counts(State::kVisible, offset, entry) && takes(filters, subjects_[entry.subject].text)) ++sum;
    }
  }
  return sum;
}

void StreamIndex::for_each_subject(State state, const std::function<void(const std::string&, std::uint64_t)>& visit) const {
  for (const Subject& subject : subjects_) {
    const std::uint64_t count = state == State::kDecided ? subject.decided : subject.visible;
    if (count > 0) visit(subject.text, count);
  }
}

}  // namespace firth::broker
