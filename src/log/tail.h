// The newest released batches of a partition, held in memory: readers at the end are served from here, and segments are written behind
// from here. Batches are held by reference to the frame that brought them; nothing is copied.
//
//   | in a segment already, kept for readers | not in a segment yet |
//   ^ begin()                                ^ written_end()        ^ end()
//
// Shard: the partition's.
#pragma once

#include <deque>
#include <vector>

#include "base/ids.h"
#include "base/shared_bytes.h"

namespace firth::log {

class Tail {
 public:
  explicit Tail(Offset begin) : begin_(begin), written_end_(begin), end_(begin) {}

  struct Batch {
    Offset base, next;
    SharedBytes bytes;
  };

  // REQUIRES: base >= end().
  void push(Batch batch);

  // Whole batches from the one that holds `from` (or the next) that end at or below `bound`: the first however large, then up to
  // max_bytes. REQUIRES: from >= begin().
  struct ReadRequest {
    Offset from, bound;
    std::size_t max_bytes = 0;
  };
  void read(const ReadRequest& request, std::vector<SharedBytes>& out) const;

  // The batches that are in no segment yet, and the mark after some of them went into one.
  const Batch* first_unwritten() const { return unwritten_ == batches_.size() ? nullptr : &batches_[unwritten_]; }
  std::size_t unwritten_count() const { return batches_.size() - unwritten_; }
  const Batch& unwritten(std::size_t i) const { return batches_[unwritten_ + i]; }
  void mark_written(std::size_t count);

  // Lets go of the oldest written batches until at most `keep_bytes` are held.
  void trim(std::size_t keep_bytes);

  Offset begin() const { return begin_; }
  Offset written_end() const { return written_end_; }
  Offset end() const { return end_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t unwritten_bytes() const { return unwritten_bytes_; }

 private:
  std::deque<Batch> batches_;
  std::size_t unwritten_ = 0;  // index of the first that is in no segment
  Offset begin_, written_end_, end_;
  std::size_t bytes_ = 0;
  std::size_t unwritten_bytes_ = 0;
};

}  // namespace firth::log
