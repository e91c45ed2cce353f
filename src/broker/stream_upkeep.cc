// How a stream comes to its index, and how the index is stored: by the partition's checkpoints (stream_state.h).
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/mark.h"
#include "broker/piece_kinds.h"
#include "broker/stream.h"

namespace firth::broker {

StreamState* Stream::stored_state() const { return static_cast<StreamState*>(partition_.piece(piece_key(PieceKind::kStream))); }

void Stream::build() {
  if (std::exchange(built_, true)) return;
  decided_first_ = partition_.first();
  StreamState* const state = stored_state();
  const bool is_lent = state != nullptr && state->subject().is_same_mapping(record_subject_) && state->lend(index_, facts_);
  if (is_lent && index_.attach(this)) {
    scanned_end_ = index_.visible_end();
    last_id_ = facts_.last_id;
    last_time_ns_ = facts_.last_time_ns;
    ids_known_ = facts_.ids_begin == kNoOffset;
    catch_up(partition_.high_watermark());
  } else {
    if (is_lent) log_warning("{}: the stored index is not what the log has; it is made anew", partition_.directory());
    scan();
    if (is_lent) state->follow(index_, facts_);
    else store_index();
  }
  watch_age();
}

// Reads all that is there. Synchronous: what comes meanwhile waits.
void Stream::scan() {
  FIRTH_MARK("broker.stream.scan");
  scanned_end_ = partition_.log_start();
  facts_ = {};
  ids_known_ = true;
  index_ = StreamIndex(partition_.high_watermark());
  (void)index_.attach(this);  // whatever it holds comes from the log
  catch_up(partition_.high_watermark());
}

// A failure leaves it in memory: the next start scans.
void Stream::store_index() {
  const Offset next = partition_.next_offset();
  const auto end = next == partition_.log_start() ? std::optional(next) : std::nullopt;
  const auto act = StreamState::start_act(record_subject_, end);
  if (auto written = partition_.act_on_piece({.piece = piece_key(PieceKind::kStream), .act = act}); !written.ok())
    log_warning("{}: the index is not stored: {}", partition_.directory(), written.error().text);
}

void Stream::follow_index() {
  if (!built_) return;
  if (StreamState* const state = stored_state(); state != nullptr && !state->is_following()) state->follow(index_, facts_);
}

void Stream::give_back_index() {
  StreamState* const state = stored_state();
  if (state == nullptr || !state->is_following()) return;
  (void)index_.attach(nullptr);
  if (flights_ == 0 && !gathering_) state->take_back(std::move(index_), std::move(facts_));
  else state->let_go();
}

void Stream::index_batch(const SharedBytes& bytes, bool live_only) {
  each_record(bytes, [&](const IndexedRecord& record) {
    if (record.is_nats_born) {
      last_time_ns_ = facts_.last_time_ns = std::max(last_time_ns_, record.time_ns);
      last_id_ = facts_.last_id = record.message_id.value_or(std::string());
    }
    if (record.message_id.has_value()) {
      ids_.remember(*record.message_id, to_sequence(record.offset), last_time_ns_);
      (void)ids_.find({}, last_time_ns_, config().duplicate_window);
      facts_.ids_begin = to_offset(ids_.oldest().value_or(to_sequence(record.offset)));
      facts_.ids_end = record.offset + 1;
    }
    if (!live_only || !partition_.is_erased(record.offset)) index_.insert(record.offset, record.subject, record.bytes);
  });
}

// What is damaged ends it, and is told in the log.
void Stream::each_record(const SharedBytes& batch, const std::function<void(const IndexedRecord&)>& take) {
  const auto read = reader_.for_each_record(batch, take);
  if (!read.ok()) log_error("{}: {}", partition_.directory(), read.error().text);
}

// Every whole batch that holds an offset of the range. Ends where the log cannot be read.
void Stream::each_batch(log::OffsetRange range, const std::function<void(const SharedBytes&)>& take) {
  constexpr std::size_t kReadBytes = 256 * 1024;
  while (range.first < range.end) {
    const auto read = partition_.read_raw({.from = range.first, .bound = partition_.high_watermark(), .max_bytes = kReadBytes});
    if (!read.ok()) log_error("{}: {}", partition_.directory(), read.error().text);
    if (!read.ok() || read->next_offset <= range.first) return;
    for (const SharedBytes& bytes : read->batches) {
      for (std::size_t at = 0; at < bytes.size();) {
        const log::BatchView batch(bytes.view().subspan(at));
        if (batch.base_offset() < range.end) take(bytes.slice(at, batch.size()));
        at += batch.size();
      }
    }
    range.first = read->next_offset;
  }
}

void Stream::catch_up(Offset end) {
  each_batch({scanned_end_, end}, [this](const SharedBytes& batch) {
    if (log::BatchView(batch.view()).base_offset() >= scanned_end_) index_batch(batch, true);
  });
  scanned_end_ = std::max(scanned_end_, end);
  index_.set_visible_end(end);
  decided_first_ = std::max(decided_first_, partition_.first());
  index_.erase_below(partition_.first());
}

void Stream::read_messages(log::OffsetRange range, const Take& take) {
  each_batch(range, [&](const SharedBytes& batch) {
    each_record(batch, [&](const IndexedRecord& record) {
      if (record.offset >= range.first && record.offset < range.end) take(record.offset, record.subject, record.bytes);
    });
  });
}

// Records have other subjects now: what is indexed under the old ones is read anew, if nothing is under way; else at the next start.
void Stream::change_subjects(RecordSubject subject) {
  const bool is_same = subject.is_same_mapping(record_subject_);
  record_subject_ = std::move(subject);
  if (is_same || !built_) return;
  store_index();
  if (flights_ == 0 && !gathering_) {
    give_back_index();
    built_ = false;
  }
}

// Ids are in the log only: read when the first one is asked for after a start, from within the window alone.
void Stream::know_ids() {
  if (std::exchange(ids_known_, true)) return;
  std::int64_t newest_ns = 0;
  each_batch({facts_.ids_begin, facts_.ids_end}, [&](const SharedBytes& batch) {
    each_record(batch, [&](const IndexedRecord& record) {
      if (record.is_nats_born) newest_ns = std::max(newest_ns, record.time_ns);  // a producer may write any time
      const bool is_in_range = record.offset >= facts_.ids_begin && record.offset < facts_.ids_end;
      if (is_in_range && record.message_id.has_value()) ids_.remember(*record.message_id, to_sequence(record.offset), newest_ns);
    });
  });
}

void Stream::note_facts(const Flight& flight) {
  if (flight.end > flight.base) {
    facts_.last_id = flight.last_id;
    facts_.last_time_ns = last_time_ns_;
  }
  if (flight.ids_begin == kNoOffset) return;
  facts_.ids_begin = to_offset(ids_.oldest().value_or(to_sequence(flight.ids_begin)));
  facts_.ids_end = flight.ids_end;
}

}  // namespace firth::broker
