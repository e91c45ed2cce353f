#include "log/subject_column.h"

#include <algorithm>

#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::log {

void SubjectColumn::add(Offset offset, SubjectId id) {
  FIRTH_ASSERT(offset >= next_offset());
  FIRTH_ASSERT(offset - base_ < ErasedSet::kMaxSpan);
  column_.resize(static_cast<std::size_t>(offset - base_), kNoSubject);
  column_.push_back(id);
  if (id == kNoSubject) return;
  if (id == subjects_.size()) subjects_.push_back({offset, offset, 0});
  Subject& subject = subjects_[id];
  subject.last = offset;
  ++subject.count;
}

void SubjectColumn::append(Offset offset, std::string_view subject) { add(offset, dictionary_.find_or_add(subject)); }

SubjectId SubjectColumn::id_at(Offset offset) const {
  return offset < base_ || offset >= next_offset() ? kNoSubject : column_[static_cast<std::size_t>(offset - base_)];
}

void SubjectColumn::evaluate(SubjectSelection& selection) const {
  if (selection.filters_.empty() || selection.members_.size() == dictionary_.size()) return;
  const bool is_first = selection.members_.empty();
  const std::size_t evaluated = selection.members_.size();
  selection.members_.resize(dictionary_.size());
  for (const std::string& filter : selection.filters_) {
    if (!subject::has_wildcard(filter)) {
      const SubjectId id = dictionary_.find(filter);
      if (id != kNoSubject) selection.members_[id] = true;
    } else if (is_first) {
      // The literal front of the filter bounds the range of the sorted dictionary.
      const std::string_view literal = std::string_view(filter).substr(0, filter.find_first_of("*>"));
      for (const SubjectId id : dictionary_.with_prefix(literal))
        if (subject::matches(filter, dictionary_.text(id))) selection.members_[id] = true;
    } else {
      for (std::size_t id = evaluated; id < dictionary_.size(); ++id)
        if (subject::matches(filter, dictionary_.text(static_cast<SubjectId>(id)))) selection.members_[id] = true;
    }
  }
}

std::optional<Offset> SubjectColumn::next(const SubjectSelection& selection, const Query& query) const {
  const Offset end = std::min(query.bound, next_offset());
  const Visibility& visible = query.visibility;
  for (Offset at = std::max({query.from, base_, visible.hidden_below}); at < end; ++at) {
    if (!selection.takes(column_[static_cast<std::size_t>(at - base_)])) continue;
    if (!visible.hides(at)) return at;
    at = visible.erased->next_live(at) - 1;
  }
  return std::nullopt;
}

std::optional<Offset> SubjectColumn::last(std::string_view subject, const Query& query) const {
  const SubjectId id = dictionary_.find(subject);
  if (id == kNoSubject) return std::nullopt;
  const Offset first = std::max({query.from, subjects_[id].first, query.visibility.hidden_below});
  for (Offset at = std::min(query.bound - 1, subjects_[id].last); at >= first; at += -1)
    if (column_[static_cast<std::size_t>(at - base_)] == id && !query.visibility.hides(at)) return at;
  return std::nullopt;
}

std::int64_t SubjectColumn::count(const SubjectSelection& selection, const Query& query) const {
  const Offset from = std::max({query.from, base_, query.visibility.hidden_below});
  const Offset end = std::min(query.bound, next_offset());
  const ErasedSet* const erased = query.visibility.erased;
  std::int64_t total = 0;
  if (from == base_ && end == next_offset() && (erased == nullptr || erased->empty()) && !selection.filters_.empty()) {
    for (std::size_t id = 0; id < subjects_.size(); ++id) total += selection.takes(static_cast<SubjectId>(id)) ? subjects_[id].count : 0;
    return total;
  }
  // Live stretch by live stretch, so that the inner loop looks at the column alone.
  for (Offset at = from; at < end;) {
    const Offset stretch = erased == nullptr ? at : erased->next_live(at);
    if (stretch >= end) break;
    const Offset stretch_end = erased == nullptr ? end : erased->next_erased(stretch, end);
    for (Offset live = stretch; live < stretch_end; ++live) total += selection.takes(column_[static_cast<std::size_t>(live - base_)]);
    at = stretch_end;
  }
  return total;
}

}  // namespace firth::log
