// What a stream knows of its messages, as it is stored: a piece of the partition, so that a start reads no segment. While a stream stands
// on the partition, its index is the one that is kept up, and this is what encodes it; else, in recovery above all, the piece keeps one up
// itself, from the released frames alone. What was hidden is counted when the log can be asked (StreamIndex::attach).
//
//   recovery: restore, batches and erasures behind the checkpoint --lend--> the stream --take_back--> the piece
//
// Not stored for streams with more than kMaxSubjects subjects: those are indexed by a scan when they are first used after a start.
// Shard: the partition's.
#pragma once

#include "broker/indexed_record.h"
#include "broker/stream_index.h"
#include "log/compression.h"
#include "log/piece.h"

namespace firth::broker {

// Besides the index.
struct StreamFacts {
  Offset ids_begin = kNoOffset, ids_end = kNoOffset;  // the messages with ids that may lie in the duplicate window; kNoOffset: none
  std::string last_id;                                // of the last message that was published
  std::int64_t last_time_ns = 0;
};

class StreamState final : public log::Piece {
 public:
  static constexpr std::size_t kMaxSubjects = 131'072;

  // The act that makes the piece, or tells it that records have other subjects from here on. `end`: of an empty partition, which needs no
  // scan; nothing: what is there is indexed by the stream.
  static std::vector<std::byte> start_act(const RecordSubject& subject, std::optional<Offset> end);

  // Hands over what the piece knows; false: nothing that can be used, the stream makes its own.
  bool lend(StreamIndex& index, StreamFacts& facts);
  // From here on these are stored; they outlive the piece, or are taken back.
  void follow(const StreamIndex& index, const StreamFacts& facts);
  bool is_following() const { return index_followed_ != nullptr; }
  void take_back(StreamIndex index, StreamFacts facts);
  // They go, and something of theirs is not released: what is stored from here on says that a scan is needed.
  void let_go();
  const RecordSubject& subject() const { return subject_; }

  void apply(ByteView act) override;
  bool follows_data() const override { return true; }
  void on_batch(const log::BatchView& batch, const SharedBytes& bytes) override;
  void on_erased(log::OffsetRange range) override;
  void on_first_moved(Offset first) override;
  SharedBytes encode() const override;
  Result<void> restore(ByteView bytes) override;

 private:
  bool keeps_up() const { return index_followed_ == nullptr && usable_; }

  RecordSubject subject_;
  bool usable_ = false;
  StreamIndex index_;
  StreamFacts facts_;
  const StreamIndex* index_followed_ = nullptr;
  const StreamFacts* facts_followed_ = nullptr;
  log::Decompressor decompressor_;
};

}  // namespace firth::broker
