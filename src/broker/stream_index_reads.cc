// What the index is asked. A literal subject that has few messages is answered from their list; else columns are scanned, whose cost is
// a nanosecond an entry, from the first to the last message of the subject at most.
#include <algorithm>

#include "broker/stream_index.h"
#include "subject/syntax.h"

namespace firth::broker {

bool StreamIndex::counts(State state, Offset offset, const Entry& entry) const {
  return state == State::kDecided ? !entry.erasing : offset < visible_end_;
}

const StreamIndex::Subject* StreamIndex::find_subject(std::string_view text) const {
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? nullptr : &subjects_[found->second];
}

template <class Takes>
std::optional<Offset> StreamIndex::scan(Offset from, Offset end, Takes takes) const {
  for (auto at = chunks_.lower_bound(chunk_of(from)); at != chunks_.end() && base_of(at->first) < end; ++at) {
    hold(at);
    const Offset base = base_of(at->first);
    const auto& entries = at->second.entries;
    const std::size_t stop = std::min(entries.size(), static_cast<std::size_t>(end - base));
    for (auto i = static_cast<std::size_t>(std::max<std::int64_t>(from - base, 0)); i < stop; ++i) {
      const Offset offset = base + static_cast<std::int64_t>(i);
      if (entries[i].subject != kNone && takes(offset, entries[i])) return offset;
    }
  }
  return std::nullopt;
}

// The last one in [floor, before).
template <class Takes>
std::optional<Offset> StreamIndex::scan_back(Offset before, Offset floor, Takes takes) const {
  for (auto at = chunks_.lower_bound(chunk_of(before - 1) + 1); before > floor && at != chunks_.begin();) {
    --at;
    const Offset base = base_of(at->first);
    if (base + kChunkOffsets <= floor) break;
    hold(at);
    const auto& entries = at->second.entries;
    const auto stop = static_cast<std::size_t>(std::max<std::int64_t>(floor - base, 0));
    for (std::size_t i = std::min(entries.size(), static_cast<std::size_t>(before - base)); i > stop; --i) {
      const Offset offset = base + static_cast<std::int64_t>(i - 1);
      if (entries[i - 1].subject != kNone && takes(offset, entries[i - 1])) return offset;
    }
  }
  return std::nullopt;
}

bool StreamIndex::has(State state, Offset offset) const {
  const Entry* const entry = find(offset);
  return entry != nullptr && counts(state, offset, *entry);
}

std::optional<Offset> StreamIndex::next(State state, Offset from) const { return next(state, from, {}); }

std::optional<Offset> StreamIndex::next(State state, Offset from, const SubjectFilters& filters) const {
  const Offset end = state == State::kVisible ? visible_end_ : kNoEnd;
  from = std::max(from, Offset(0));
  if (from >= end) return std::nullopt;
  if (filters.empty()) return scan(from, end, [&](Offset offset, const Entry& entry) { return counts(state, offset, entry); });
  if (filters.size() == 1 && !subject::has_wildcard(filters[0])) {
    const auto number = numbers_.find(filters[0]);
    if (number == numbers_.end()) return std::nullopt;
    const Subject& subject = subjects_[number->second];
    if (!subject.has_few)
      return scan(std::max(from, subject.first), std::min(end, subject.last + 1),
                  [&](Offset offset, const Entry& entry) { return entry.subject == number->second && counts(state, offset, entry); });
    for (auto at = std::lower_bound(subject.few.begin(), subject.few.end(), from); at != subject.few.end() && *at < end; ++at)
      if (state == State::kVisible || !is_erasing(*at)) return *at;
    return std::nullopt;
  }
  Selection& selection = selection_of(filters);
  return scan(from, end,
              [&](Offset offset, const Entry& entry) { return counts(state, offset, entry) && selects(selection, entry.subject); });
}

std::optional<Offset> StreamIndex::previous(State state, Offset before) const {
  return scan_back(before, first_, [&](Offset offset, const Entry& entry) { return counts(state, offset, entry); });
}

std::optional<Offset> StreamIndex::first_of(State state, std::string_view text) const {
  if (count_of(state, text) == 0) return std::nullopt;
  return next(state, Offset(0), {std::string(text)});
}

std::optional<Offset> StreamIndex::last_of(State state, std::string_view text, Offset before) const {
  const auto number = numbers_.find(text);
  if (number == numbers_.end() || count_of(state, text) == 0) return std::nullopt;
  const Subject& subject = subjects_[number->second];
  const Offset end = std::min({before, subject.last + 1, state == State::kVisible ? visible_end_ : kNoEnd});
  if (!subject.has_few)
    return scan_back(end, subject.first,
                     [&](Offset offset, const Entry& entry) { return entry.subject == number->second && counts(state, offset, entry); });
  for (auto at = subject.few.rbegin(); at != subject.few.rend(); ++at)
    if (*at < end && (state == State::kVisible || !is_erasing(*at))) return *at;
  return std::nullopt;
}

std::optional<Offset> StreamIndex::last_of_filter(State state, std::string_view filter) const {
  if (!subject::has_wildcard(filter)) return last_of(state, filter);
  Selection& selection = selection_of({std::string(filter)});
  std::optional<Offset> last;
  for (std::uint32_t number = 0; number < subjects_.size(); ++number)
    if (!subjects_[number].text.empty() && selects(selection, number)) last = std::max(last, last_of(state, subjects_[number].text));
  return last;
}

std::uint64_t StreamIndex::count_of(State state, std::string_view text) const {
  const Subject* const subject = find_subject(text);
  return subject == nullptr ? 0 : state == State::kDecided ? subject->decided : subject->visible;
}

std::uint64_t StreamIndex::size_of(Offset offset) const {
  const Entry* const entry = find(offset);
  return entry == nullptr ? 0 : entry->bytes;
}

const std::string* StreamIndex::subject_of(Offset offset) const {
  const Entry* const entry = find(offset);
  return entry == nullptr ? nullptr : &subjects_[entry->subject].text;
}

StreamIndex::Selection& StreamIndex::selection_of(const SubjectFilters& filters) const {
  const auto found = std::find_if(selections_.begin(), selections_.end(), [&](const Selection& s) { return s.filters == filters; });
  if (found != selections_.end()) {
    selections_.splice(selections_.begin(), selections_, found);
  } else {
    if (selections_.size() >= kHeldSelections) selections_.pop_back();
    selections_.push_front({.filters = filters, .verdicts = {}});
  }
  selections_.front().verdicts.resize(subjects_.size(), kUnknown);
  return selections_.front();
}

bool StreamIndex::selects(Selection& selection, std::uint32_t number) const {
  std::uint8_t& verdict = selection.verdicts[number];
  if (verdict == kUnknown) verdict = takes(selection.filters, subjects_[number].text) ? kTakes : kRefuses;
  return verdict == kTakes;
}

std::uint64_t StreamIndex::count_between(Offset from, Offset end, Selection* selection) const {
  std::uint64_t sum = 0;
  for (auto at = chunks_.lower_bound(chunk_of(from)); at != chunks_.end() && base_of(at->first) < end; ++at) {
    const Offset base = base_of(at->first);
    if (selection == nullptr && base >= from && base + kChunkOffsets <= end) {
      sum += at->second.visible;
      continue;
    }
    (void)scan(std::max(from, base), std::min(end, base + kChunkOffsets), [&](Offset, const Entry& entry) {
      sum += selection == nullptr || selects(*selection, entry.subject);
      return false;
    });
  }
  return sum;
}

std::uint64_t StreamIndex::count(Offset from, const SubjectFilters& filters) const {
  if (from >= visible_end_ || chunks_.empty()) return 0;
  Selection* const selection = filters.empty() ? nullptr : &selection_of(filters);
  std::uint64_t total = visible_.messages;
  if (selection != nullptr) {
    total = 0;
    for (std::uint32_t number = 0; number < subjects_.size(); ++number)
      if (subjects_[number].visible > 0 && selects(*selection, number)) total += subjects_[number].visible;
  }
  const Offset begin = base_of(chunks_.begin()->first);
  if (from <= begin) return total;
  // The shorter side is counted.
  if (from - begin < visible_end_ - from) return total - count_between(begin, from, selection);
  return count_between(from, visible_end_, selection);
}

void StreamIndex::for_each_subject(State state, const std::function<void(const std::string&, std::uint64_t)>& visit) const {
  for (const Subject& subject : subjects_) {
    const std::uint64_t count = state == State::kDecided ? subject.decided : subject.visible;
    if (count > 0) visit(subject.text, count);
  }
}

}  // namespace firth::broker
