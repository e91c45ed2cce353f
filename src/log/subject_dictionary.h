// The subjects of one segment, numbered in the order in which they first occurred. Plain: texts, a hash table and a sorted list of ids that
// is made when it is asked for.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace firth::log {

using SubjectId = std::uint32_t;
inline constexpr SubjectId kNoSubject = 0xFFFFFFFF;

class SubjectDictionary {
 public:
  SubjectDictionary() = default;
  SubjectDictionary(SubjectDictionary&&) noexcept = default;  // never copied: the table's keys are views of the texts
  SubjectDictionary& operator=(SubjectDictionary&&) noexcept = default;

  SubjectId find(std::string_view subject) const;  // kNoSubject: it does not occur
  SubjectId find_or_add(std::string_view subject);
  // REQUIRES: id < size(). Valid as long as the dictionary.
  std::string_view text(SubjectId id) const { return texts_[id]; }
  std::size_t size() const { return texts_.size(); }

  // All ids by text, and those whose text begins with `prefix`; valid until the next find_or_add.
  std::span<const SubjectId> sorted() const;
  std::span<const SubjectId> with_prefix(std::string_view prefix) const;

 private:
  std::deque<std::string> texts_;  // by id; never moved, so that the table's views stay
  std::unordered_map<std::string_view, SubjectId> ids_;
  mutable std::vector<SubjectId> sorted_;
};

}  // namespace firth::log
