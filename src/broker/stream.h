// A stream: one partition as JetStream sees it, messages with sequences and subjects. Made by Streams (streams.h) on the partition's home
// shard, where everything here runs; sequence = offset + 1.
//
//   publish, erase, purge --> decided at once from the overlay, gathered --> end of turn: one batch and the erasures that it caused
//                             (index: decided)                               --> released (index: visible) --> callbacks, observers
//
// Reads see what is released. Whoever appends to or erases in a partition that has a stream does it through the stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/catalog_state.h"
#include "broker/message_ids.h"
#include "broker/record_subject.h"
#include "broker/stream_index.h"
#include "broker/stream_message.h"
#include "broker/stream_reader.h"
#include "broker/stream_state.h"
#include "log/batch_builder.h"
#include "log/partition.h"
#include "runtime/loop.h"

namespace firth::broker {

class Streams;

// Told on the stream's shard, after the visible state changed. It may publish, erase and remove observers in the call.
class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  virtual void on_messages() {}  // new ones are visible
  virtual void on_erased() {}    // some are gone
  virtual void on_config() {}
  virtual void on_gone() = 0;  // the stream is deleted, or its journal failed: let go of it
};

// Asked on the stream's shard, while it decides: a message of an interest stream that nobody wants takes its sequence and is gone.
class StreamInterest {
 public:
  virtual ~StreamInterest() = default;
  virtual bool wants(std::string_view subject) const = 0;
};

struct Purge {
  std::string filter;             // "": all subjects
  std::optional<Sequence> below;  // only messages before this one
  std::uint64_t keep = 0;         // the newest so many stay
};

class Stream final : private log::PartitionObserver, private MessageSource {
 public:
  Stream(Streams& owner, TopicPointer topic, PartitionIndex index, log::Partition& partition, runtime::Loop& loop);
  ~Stream() override;

  const std::string& name() const { return name_; }  // as JetStream shows it: broker::stream_name
  const Topic& topic() const { return *topic_; }
  const TopicConfig& config() const { return topic_->config; }
  log::Partition& partition() { return partition_; }
  const log::Partition& partition() const { return partition_; }
  // The record key of a message that was published to `subject`.
  std::string_view key_of(std::string_view subject) const { return record_subject_.key_of(subject); }
  runtime::Loop& loop() { return loop_; }
  bool is_bucket() const { return !record_subject_.bucket_prefix().empty(); }

  // --- Decisions. The callbacks run when what they say is released. ---

  void publish(const PublishRequest& request, Published done);
  // A batch of a Kafka client, which passed log::check_produced_batch and whose timestamps are final: as it is, offsets stamped. The
  // limits apply. kInvalid names the record whose key is no subject of this stream; kLimit: full; else as Partition::append.
  Result<Offset> append_batch(SharedBytes batch);
  // False: there is no such message.
  bool erase(Sequence sequence);
  // How many messages go.
  std::uint64_t purge(const Purge& purge);
  // Nothing below stays, and Kafka's log start moves there too.
  void move_start(Sequence first);
  // When everything decided so far is released, at once if it is; with the error if it never will be.
  void when_released(log::Partition::Released done);
  // Writes what was gathered. Called at the end of a turn, and by who acts on the partition itself and needs an order.
  void flush();

  // --- Visible. ---

  Result<std::optional<StoredMessage>> get(Sequence sequence);
  // The first at or after `from` whose subject one of the filters takes; no filters: every message.
  Result<std::optional<StoredMessage>> next(Sequence from, const SubjectFilters& filters);
  Result<std::optional<StoredMessage>> last_of(std::string_view subject);
  std::optional<Sequence> next_sequence(Sequence from, const SubjectFilters& filters);
  std::optional<Sequence> last_sequence(std::string_view filter);
  // Of each subject the last message that is not after `up_to`, ascending. Once there are more than `at_most`, no more are looked for.
  struct LastBounds {
    std::optional<Sequence> up_to;
    std::size_t at_most = SIZE_MAX;
  };
  std::vector<Sequence> last_per_subject(const SubjectFilters& filters, const LastBounds& bounds);
  std::vector<Sequence> last_per_subject(const SubjectFilters& filters) { return last_per_subject(filters, {}); }
  // The first message that is not older.
  Sequence first_at(std::int64_t time_ns);
  bool has(Sequence sequence);
  // Of a message that is there, by the index alone.
  std::optional<std::string> subject_of(Sequence sequence);

  StreamCounts counts();
  std::uint64_t pending(Sequence from, const SubjectFilters& filters);  // how many at or after `from`
  std::vector<std::pair<std::string, std::uint64_t>> subjects(std::string_view filter);
  // Sequences between first and last that are gone.
  std::vector<Sequence> erased(std::size_t at_most);
  // Of what was decided, released or not: the next message gets the one after it.
  Sequence decided_last() const { return to_sequence(next_offset() - 1); }

  void add_observer(StreamObserver& observer) { observers_.push_back(&observer); }
  void remove_observer(StreamObserver& observer) { std::erase(observers_, &observer); }
  // Null: nobody wants anything.
  void set_interest(const StreamInterest* interest) { interest_ = interest; }

 private:
  // What was decided in one turn, up to its release.
  struct Flight {
    Offset base, end;  // of the messages that were appended
    std::vector<Offset> erased;
    std::vector<std::pair<Published, PublishOutcome>> answers;
    bool moves_start = false;
    Offset ids_begin = kNoOffset, ids_end = kNoOffset;  // of the messages that have ids
    std::string last_id, last_id_before;
  };

  void on_released() override;
  void on_dead() override;

  // The index, stream_upkeep.cc: made when it is first needed, from the stored one or by a scan; then kept up, and stored.
  void build();
  void scan();
  StreamState* stored_state() const;
  void store_index();
  void follow_index();
  void give_back_index();
  // Indexes what others appended before `end`, and takes out what they hid.
  void catch_up(Offset end);
  void index_batch(const SharedBytes& batch, bool live_only);
  void each_record(const SharedBytes& batch, const std::function<void(const IndexedRecord&)>& take);
  void each_batch(log::OffsetRange range, const std::function<void(const SharedBytes&)>& take);
  void read_messages(log::OffsetRange range, const Take& take) override;
  log::ErasedSet erased_within(log::OffsetRange range) const override { return partition_.erased_within(range); }
  void change_subjects(RecordSubject subject);
  void know_ids();
  void note_facts(const Flight& flight);
  Offset next_offset() const;

  std::optional<PublishOutcome> decide(const PublishRequest& request);
  Refusal decide_room(std::string_view subject, std::uint64_t bytes);
  void add_record(const PublishRequest& request);
  bool decide_erase(Offset offset);
  void make_room(std::string_view subject);
  void roll_up(const PublishRequest& request, Offset offset);
  void drop_if_unwanted(Offset offset, std::string_view subject);

  void gather();
  Result<void> write_gathered();
  Result<void> write(Flight& flight);
  Result<void> write_erased(const Flight& flight);
  void launch(Flight flight);
  void land(Flight& flight, const Result<void>& result);
  void watch_age();
  void expire();

  friend class Streams;
  void change_config(TopicPointer topic);
  void tell(void (StreamObserver::*what)());

  Streams& owner_;
  TopicPointer topic_;
  const PartitionIndex partition_index_;
  const std::string name_;
  log::Partition& partition_;
  runtime::Loop& loop_;
  RecordSubject record_subject_;
  StreamReader reader_;

  bool built_ = false;
  bool failed_ = false;
  StreamIndex index_;
  StreamFacts facts_;
  bool ids_known_ = true;  // those of before the start are in ids_
  MessageIds ids_;
  std::string last_id_;   // of the last message that was published
  Offset scanned_end_;    // everything below is in the index
  Offset decided_first_;  // as the last act said
  std::size_t flights_ = 0;

  // Gathered in this turn.
  bool gathering_ = false;
  std::vector<std::byte> batch_;
  std::optional<log::BatchBuilder> builder_;
  std::int64_t batch_time_ns_ = 0;
  std::int64_t last_time_ns_ = 0;
  Flight open_;

  runtime::TimerId age_timer_;
  std::vector<StreamObserver*> observers_;
  const StreamInterest* interest_ = nullptr;
};

}  // namespace firth::broker
