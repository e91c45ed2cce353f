// Which messages a stream has: per offset its subject and size, per subject its first, last and count, in memory. Made from the log, kept
// up by the stream. It knows both states of log/partition.h at once:
//
//   decided   inserted, and not marked by begin_erase         decisions read it
//   visible   below visible_end, and not taken out by erase    readers do
//
// Memory: 32 bytes a message, 100 bytes and the text a subject; erased messages leave within a factor of two.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace firth::broker {

// A message is taken if one of them matches its subject; none: every message is.
using SubjectFilters = std::vector<std::string>;
bool takes(const SubjectFilters& filters, std::string_view subject);

class StreamIndex {
 public:
  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };
  enum class State : std::uint8_t { kDecided, kVisible };

  // Everything before `end` was released before the index was made.
  explicit StreamIndex(Offset end = Offset(0)) : visible_end_(end) {}

  // --- Decided. ---
  // In any order; each offset once.
  void insert(Offset offset, std::string_view subject, std::uint32_t bytes);
  // False: it is not there, or was marked before.
  bool begin_erase(Offset offset);
  void undo_insert(Offset offset);
  void undo_erase(Offset offset);

  // --- Visible. ---
  void set_visible_end(Offset end);
  Offset visible_end() const { return visible_end_; }
  // Takes it out for good. A no-op if it is not there.
  void erase(Offset offset);

  // --- Questions. ---
  bool has(State state, Offset offset) const;
  const Totals& totals(State state) const { return state == State::kDecided ? decided_ : visible_; }
  std::uint64_t subject_count() const { return visible_subjects_; }
  // Nothing: no message.
  std::optional<Offset> first(State state) const { return next(state, Offset(0)); }
  std::optional<Offset> next(State state, Offset from) const;
  std::optional<Offset> next(State state, Offset from, const SubjectFilters& filters) const;
  std::optional<Offset> previous(State state, Offset before) const;
  std::optional<Offset> first_of(State state, std::string_view subject) const;
  std::optional<Offset> last_of(State state, std::string_view subject) const;
  // The last one of all subjects that the filter takes.
  std::optional<Offset> last_of_filter(State state, std::string_view filter) const;
  std::uint64_t count_of(State state, std::string_view subject) const;
  std::uint64_t size_of(Offset offset) const;
  // Visible ones at or after `from`.
  std::uint64_t count(Offset from, const SubjectFilters& filters) const;
  // Subjects that have messages, in no order.
  void for_each_subject(State state, const std::function<void(const std::string& subject, std::uint64_t count)>& visit) const;
  const std::string* subject_of(Offset offset) const;  // nullptr: not there

 private:
  static constexpr std::int64_t kChunkOffsets = 1024;
  static constexpr std::uint32_t kMinDead = 32;
  struct Entry {
    std::uint32_t delta;  // from the chunk's first offset
    std::uint32_t subject;
    std::uint32_t bytes : 30;
    std::uint32_t erasing : 1;
    std::uint32_t gone : 1;
    Offset previous, next;  // of the same subject; kNoOffset: none
  };
  struct Chunk {
    std::vector<Entry> entries;  // by delta
    std::uint32_t dead = 0;
    std::uint32_t visible = 0;
  };
  struct Subject {
    std::string text;
    Offset first = kNoOffset, last = kNoOffset;  // of its chain: everything that is not gone
    Offset decided_first = kNoOffset;            // not erasing
    std::uint64_t visible = 0, decided = 0;
  };

  const Entry* find(Offset offset) const;
  Entry* find(Offset offset) { return const_cast<Entry*>(std::as_const(*this).find(offset)); }
  bool counts(State state, Offset offset, const Entry& entry) const;
  const Subject* find_subject(std::string_view text) const;
  std::uint32_t number_of(std::string_view text);
  void link(Offset offset, Entry& entry);
  void unlink(const Entry& entry);
  void take_out(Offset offset);
  void let_go(std::uint32_t number);

  Offset visible_end_;
  Totals visible_, decided_;
  std::uint64_t visible_subjects_ = 0;
  std::map<std::int64_t, Chunk> chunks_;  // by offset / kChunkOffsets
  std::deque<Subject> subjects_;          // by number; an empty text: free
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

}  // namespace firth::broker
