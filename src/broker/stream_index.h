// Which messages a stream has: per subject its first, last and count, always in memory; per offset its subject and size, in chunks that are
// a cache: those that lie still are dropped, and made again from the log when somebody asks. So memory follows the subjects and what is
// used, and a start costs what the subjects cost (stream_state.h). It knows both states of log/partition.h at once:
//
//   decided   inserted, and not marked by begin_erase         decisions read it
//   visible   below visible_end, and not taken out by erase    readers do
//
// Memory: 8 bytes a message of a chunk that is held (1,024 of 4,096 offsets at most, and those with something that is not released);
// about 120 bytes and the text a subject, and the offsets of those that have few messages.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "log/byte_io.h"
#include "log/erased_set.h"

namespace firth::broker {

// A message is taken if one of them matches its subject; none: every message is.
using SubjectFilters = std::vector<std::string>;
bool takes(const SubjectFilters& filters, std::string_view subject);

// The log, as the index reads it.
class MessageSource {
 public:
  virtual ~MessageSource() = default;
  using Take = std::function<void(Offset, std::string_view subject, std::uint32_t bytes)>;
  // Every message of the range, in order, also erased ones. What cannot be read is left out.
  virtual void read_messages(log::OffsetRange range, const Take& take) = 0;
  // What of the range is erased, but for what is hidden as a whole.
  virtual log::ErasedSet erased_within(log::OffsetRange range) const = 0;
};

class StreamIndex {
 public:
  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };
  enum class State : std::uint8_t { kDecided, kVisible };
  static constexpr std::int64_t kChunkOffsets = 4096;
  static constexpr std::size_t kHeldChunks = 256;

  // Everything before `end` was released before the index was made.
  explicit StreamIndex(Offset end = Offset(0), std::size_t held_chunks = kHeldChunks) : visible_end_(end), most_held_(held_chunks) {}

  // Where chunks come from; before the first question. Counts what was hidden while there was none. nullptr: it goes away. False: the
  // log does not have what was counted, and the index is to be made anew.
  [[nodiscard]] bool attach(MessageSource* source);

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
  // Everything that is visible in the range, and everything below an offset. Without a source it is counted once there is one.
  void erase(log::OffsetRange range);
  void erase_below(Offset first);

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
  std::optional<Offset> last_of(State state, std::string_view subject) const { return last_of(state, subject, kNoEnd); }
  std::optional<Offset> last_of(State state, std::string_view subject, Offset before) const;
  // The last one of all subjects that the filter takes.
  std::optional<Offset> last_of_filter(State state, std::string_view filter) const;
  std::uint64_t count_of(State state, std::string_view subject) const;
  std::uint64_t size_of(Offset offset) const;
  // Visible ones at or after `from`.
  std::uint64_t count(Offset from, const SubjectFilters& filters) const;
  // Subjects that have messages, in no order.
  void for_each_subject(State state, const std::function<void(const std::string& subject, std::uint64_t count)>& visit) const;
  const std::string* subject_of(Offset offset) const;  // nullptr: not there

  std::size_t held_bytes() const;  // of chunks

  // --- Stored: the visible state, without its chunks. ---
  bool is_whole() const { return is_whole_; }  // the log has shown nothing else than what was counted
  std::size_t stored_subjects() const { return numbers_.size(); }
  void encode(log::ByteWriter& to) const;
  // Nothing: what encode never writes.
  static std::optional<StreamIndex> decode(log::ByteReader& from, std::size_t held_chunks = kHeldChunks);

 private:
  static constexpr std::uint32_t kNone = ~0u;
  static constexpr Offset kNoEnd{INT64_MAX - kChunkOffsets};
  static constexpr std::size_t kFew = 16;
  static constexpr std::size_t kHeldSelections = 32;
  struct Entry {
    std::uint32_t subject = kNone;
    std::uint32_t bytes : 31 = 0;
    std::uint32_t erasing : 1 = 0;
  };
  struct Chunk {
    std::vector<Entry> entries;    // by offset, from the chunk's first; what lies below `held_from` is in the log only
    std::int64_t held_from = 0;    // counted from the chunk's first
    std::uint32_t visible = 0;     // also of what is not held
    std::uint32_t unreleased = 0;  // inserted, not visible yet
    std::uint32_t erasing = 0;
    std::uint64_t used = 0;
  };
  using Chunks = std::map<std::int64_t, Chunk>;  // by offset / kChunkOffsets; none is empty
  struct Subject {
    std::string text;
    Offset first = kNoOffset, last = kNoOffset;        // nothing of it lies outside; not always there themselves
    std::uint64_t visible = 0, decided = 0, held = 0;  // held: inserted and not taken out
    std::vector<Offset> few;                           // all of them, while they are few
    bool has_few = true;
  };
  // Which subjects some filters take, by number; evaluated when asked.
  struct Selection {
    SubjectFilters filters;
    std::vector<std::uint8_t> verdicts;
  };
  enum Verdict : std::uint8_t { kUnknown, kTakes, kRefuses };

  static Offset base_of(std::int64_t number) { return Offset(number * kChunkOffsets); }
  static std::int64_t chunk_of(Offset offset) { return offset.value() / kChunkOffsets; }
  void hold(Chunks::iterator chunk) const;
  void drop_unused() const;
  Chunk& chunk_for(Offset offset);
  Entry* find(Offset offset) const;
  bool counts(State state, Offset offset, const Entry& entry) const;
  bool is_erasing(Offset offset) const;
  bool is_unsettled(Offset offset) const;

  template <class Takes>
  std::optional<Offset> scan(Offset from, Offset end, Takes takes) const;
  template <class Takes>
  std::optional<Offset> scan_back(Offset before, Offset floor, Takes takes) const;

  bool decode_subjects(log::ByteReader& from);
  bool decode_chunks(log::ByteReader& from);
  bool decode_unsettled(log::ByteReader& from);

  const Subject* find_subject(std::string_view text) const;
  std::uint32_t number_of(std::string_view text);
  void note(Subject& subject, Offset offset);
  void become_visible(Chunk& chunk, const Entry& entry);
  void take_out(Offset offset, Entry& entry);
  void let_go(std::uint32_t number);
  Selection& selection_of(const SubjectFilters& filters) const;
  bool selects(Selection& selection, std::uint32_t number) const;
  std::uint64_t count_between(Offset from, Offset end, Selection* selection) const;

  MessageSource* source_ = nullptr;
  Offset visible_end_;
  std::size_t most_held_;
  Offset first_{0};  // nothing below it is left
  Totals visible_, decided_;
  std::uint64_t visible_subjects_ = 0;
  mutable Chunks chunks_;
  mutable std::size_t held_chunks_ = 0;
  mutable std::uint64_t uses_ = 0;
  mutable bool is_whole_ = true;  // whatever was brought back was what was counted
  std::deque<Subject> subjects_;  // by number; an empty text: free
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  mutable std::list<Selection> selections_;  // the last used first
  // Hidden while there was no source.
  std::vector<log::OffsetRange> unsettled_;
  Offset unsettled_below_{0};
};

}  // namespace firth::broker
