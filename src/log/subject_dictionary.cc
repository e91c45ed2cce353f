#include "log/subject_dictionary.h"

#include <algorithm>

namespace firth::log {

SubjectId SubjectDictionary::find(std::string_view subject) const {
  const auto found = ids_.find(subject);
  return found == ids_.end() ? kNoSubject : found->second;
}

SubjectId SubjectDictionary::find_or_add(std::string_view subject) {
  const SubjectId known = find(subject);
  if (known != kNoSubject) return known;
  const auto id = static_cast<SubjectId>(texts_.size());
  ids_.emplace(texts_.emplace_back(subject), id);
  return id;
}

std::span<const SubjectId> SubjectDictionary::sorted() const {
  if (sorted_.size() != texts_.size()) {
    while (sorted_.size() < texts_.size()) sorted_.push_back(static_cast<SubjectId>(sorted_.size()));
    std::ranges::sort(sorted_, {}, [this](SubjectId id) { return text(id); });
  }
  return sorted_;
}

std::span<const SubjectId> SubjectDictionary::with_prefix(std::string_view prefix) const {
  const std::span<const SubjectId> all = sorted();
  const auto begin = std::ranges::lower_bound(all, prefix, {}, [this](SubjectId id) { return text(id); });
  const auto end = std::partition_point(begin, all.end(), [&](SubjectId id) { return text(id).starts_with(prefix); });
  return {begin, end};
}

}  // namespace firth::log
