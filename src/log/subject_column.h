// The subject column of a segment: for each offset the number of its subject, so that filtered reads scan four bytes a message instead of
// the messages. A sidecar: made from the segment, rebuilt from it when lost.
//
//   dictionary | 0: orders.eu | 1: orders.us | ...          a filter is evaluated over this once: a set of numbers
//   column     | 0 | 0 | 1 | none | 0 | ...                 then the column is scanned for members of the set
//              ^ base offset
//
// Erased messages stay in the column; queries take a Visibility. On the partition's shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "log/subject_dictionary.h"
#include "log/visibility.h"

namespace firth::log {

// Subjects that some filters take, as numbers of one column's dictionary.
class SubjectSelection {
 public:
  // An empty list takes every message, also those without a subject.
  explicit SubjectSelection(std::vector<std::string> filters) : filters_(std::move(filters)) {}

  bool takes(SubjectId id) const { return filters_.empty() || (id < members_.size() && members_[id]); }
  const std::vector<std::string>& filters() const { return filters_; }

 private:
  friend class SubjectColumn;
  std::vector<std::string> filters_;
  std::vector<bool> members_;  // by id, up to where the dictionary was evaluated
};

class SubjectColumn {
 public:
  struct Subject {  // of all its messages in the segment, erased ones included
    Offset first;
    Offset last;
    std::int64_t count = 0;
  };
  struct Query {
    Offset from;
    Offset bound;  // exclusive
    Visibility visibility;
  };

  explicit SubjectColumn(Offset base) : base_(base) {}

  // REQUIRES: offset >= next_offset(). Those between have no subject.
  void append(Offset offset, std::string_view subject);
  Offset base() const { return base_; }
  Offset next_offset() const { return base_ + static_cast<std::int64_t>(column_.size()); }

  const SubjectDictionary& dictionary() const { return dictionary_; }
  const Subject& subject(SubjectId id) const { return subjects_[id]; }
  // kNoSubject also for offsets that the column does not have.
  SubjectId id_at(Offset offset) const;

  // Evaluates the filters over what the dictionary has got since the last time. Call before a query.
  void evaluate(SubjectSelection& selection) const;

  std::optional<Offset> next(const SubjectSelection& selection, const Query& query) const;
  std::optional<Offset> last(std::string_view subject, const Query& query) const;
  std::int64_t count(const SubjectSelection& selection, const Query& query) const;

  // The file: blocks, each of them whole and by itself believable, little-endian:
  //   magic "FSC1" u32 | length of the block u32 | CRC of all behind this field u32
  //   | offset of its first entry i64 | number of its first new subject u32 | new subjects u32 | entries u32
  //   | new subjects, each: length u32, text | entries, each: number u32
  // Appends a block with what came since `offset`. `known_subjects`: how many the file has; returns how many it has then.
  SubjectId encode_since(Offset offset, SubjectId known_subjects, std::vector<std::byte>& to) const;
  // Takes the blocks from the front that are good and go on where the last one ended; the rest is to be appended again from the segment.
  struct Loaded;
  static Loaded load(Offset base, ByteView file);

 private:
  void add(Offset offset, SubjectId id);
  bool take_block(ByteView body);

  Offset base_;
  std::vector<SubjectId> column_;
  SubjectDictionary dictionary_;
  std::vector<Subject> subjects_;  // by id
};

struct SubjectColumn::Loaded {
  SubjectColumn column;
  std::size_t good_bytes = 0;
};

}  // namespace firth::log
