#include "broker/stream.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/saturating.h"
#include "broker/header_block.h"
#include "broker/record_headers.h"
#include "broker/streams.h"
#include "log/acts.h"
#include "runtime/deadline.h"

namespace firth::broker {
namespace {

using State = StreamIndex::State;

constexpr std::size_t kMaxBatchBytes = 512 * 1024;  // then the gathered batch goes out before the turn ends
constexpr std::size_t kExpiredPerTurn = 4096;

std::uint32_t index_bytes(std::size_t bytes) { return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, (1u << 30) - 1)); }

PublishOutcome refused(Refusal refusal, std::string text = {}) {
  return {.sequence = {}, .duplicate = false, .refusal = refusal, .last = {}, .text = std::move(text)};
}

PublishOutcome wrong_last(Sequence last) {
  PublishOutcome outcome = refused(Refusal::kWrongLastSequence);
  outcome.last = last;
  return outcome;
}

}  // namespace

Stream::Stream(Streams& owner, TopicPointer topic, PartitionIndex index, log::Partition& partition, runtime::Loop& loop)
    : owner_(owner),
      topic_(std::move(topic)),
      partition_index_(index),
      name_(stream_name(topic_->name, index)),
      partition_(partition),
      loop_(loop),
      record_subject_(*topic_, index),
      reader_(partition, record_subject_) {
  partition_.add_observer(*this);
}

Stream::~Stream() {
  loop_.cancel(age_timer_);
  partition_.remove_observer(*this);
  give_back_index();
}

// --- Decisions. ---

Offset Stream::next_offset() const { return partition_.next_offset() + (builder_.has_value() ? builder_->record_count() : 0); }

void Stream::publish(const PublishRequest& request, Published done) {
  build();
  std::optional<PublishOutcome> outcome = decide(request);
  if (!outcome.has_value()) {
    outcome = PublishOutcome{.sequence = to_sequence(next_offset()), .duplicate = false, .refusal = Refusal::kNone, .last = {}, .text = {}};
    add_record(request);
  }
  open_.answers.emplace_back(std::move(done), *std::move(outcome));
  gather();
  if (batch_.size() >= kMaxBatchBytes) flush();
}

// In nats-server's order: duplicate, expectations, rollup, size, room.
std::optional<PublishOutcome> Stream::decide(const PublishRequest& request) {
  if (failed_) return refused(Refusal::kStorage, "the journal has failed");
  if (config().sealed) return refused(Refusal::kSealed);
  if (!request.message_id.empty()) {
    know_ids();
    const auto original = ids_.find(request.message_id, loop_.wall_now().time_since_epoch().count(), config().duplicate_window);
    if (original.has_value())
      return PublishOutcome{.sequence = *original, .duplicate = true, .refusal = Refusal::kNone, .last = {}, .text = {}};
  }
  if (request.expected_last_of_subject.has_value()) {
    const auto last = index_.last_of_filter(State::kDecided, request.expected_subject.empty() ? request.subject : request.expected_subject);
    const Sequence found = last.has_value() ? to_sequence(*last) : Sequence(0);
    if (found != *request.expected_last_of_subject) return wrong_last(found);
  }
  if (request.expected_last.has_value() && *request.expected_last != decided_last()) return wrong_last(decided_last());
  if (request.expected_last_id.has_value() && *request.expected_last_id != last_id_) return refused(Refusal::kWrongLastId, last_id_);
  if (request.rollup != Rollup::kNone && (!config().allow_rollup_hdrs || config().deny_purge))
    return refused(Refusal::kRollupDenied, "rollup not permitted");
  if (request.rollup == Rollup::kUnknown) return refused(Refusal::kRollupDenied, "rollup value invalid");
  const std::size_t bytes = request.headers.size() + request.payload.size();
  if (config().max_msg_size >= 0 && bytes > static_cast<std::size_t>(config().max_msg_size)) return refused(Refusal::kMessageTooLarge);
  const Refusal room = decide_room(request.subject, message_size(request.subject.size(), request.headers.size(), request.payload.size()));
  if (room != Refusal::kNone) return refused(room);
  return std::nullopt;
}

// Whether a stream that refuses new messages has room. One that replaces an older message of its subject needs none of its own.
Refusal Stream::decide_room(std::string_view subject, std::uint64_t bytes) {
  if (config().discard != Discard::kNew) return Refusal::kNone;
  const StreamIndex::Totals& totals = index_.totals(State::kDecided);
  bool replaces = false;
  std::uint64_t freed = 0;
  if (config().max_msgs_per_subject > 0 &&
      index_.count_of(State::kDecided, subject) >= static_cast<std::uint64_t>(config().max_msgs_per_subject)) {
    if (config().discard_new_per_subject) return Refusal::kFullSubject;
    replaces = true;
    freed = index_.size_of(index_.first_of(State::kDecided, subject).value_or(kNoOffset));
  }
  if (config().max_msgs > 0 && !replaces && totals.messages >= static_cast<std::uint64_t>(config().max_msgs)) return Refusal::kFull;
  if (config().max_bytes > 0 && totals.bytes + bytes - std::min(freed, totals.bytes) > static_cast<std::uint64_t>(config().max_bytes))
    return Refusal::kFullBytes;
  return Refusal::kNone;
}

void Stream::add_record(const PublishRequest& request) {
  const Offset offset = next_offset();
  if (!builder_.has_value()) {
    batch_.clear();
    batch_time_ns_ = last_time_ns_ = std::max<std::int64_t>(last_time_ns_, loop_.wall_now().time_since_epoch().count());
    log::BatchIdentity identity = log::nats_identity(Offset(0), LeaderEpoch(0), std::chrono::nanoseconds(batch_time_ns_));
    if (config().timestamp_type == TimestampType::kLogAppendTime) identity.attributes |= log::batch_attribute::kLogAppendTime;
    builder_.emplace(batch_, identity);
    open_.base = offset;
    open_.last_id_before = last_id_;
  }
  const std::vector<RecordHeader> owned = request.headers.empty() ? std::vector<RecordHeader>() : to_record_headers(request.headers);
  std::vector<log::RecordHeader> headers;
  headers.reserve(owned.size());
  for (const RecordHeader& header : owned) {
    log::RecordHeader& added = headers.emplace_back(log::RecordHeader{.name = header.name, .value = std::nullopt});
    if (header.value.has_value()) added.value = as_bytes(*header.value);
  }
  builder_->append({.timestamp_ms = batch_time_ns_ / 1'000'000,
                    .key = as_bytes(record_subject_.key_of(request.subject)),
                    .value = request.null_value ? std::nullopt : std::optional(as_bytes(request.payload)),
                    .headers = headers});
  index_.insert(offset, request.subject, index_bytes(message_size(request.subject.size(), request.headers.size(), request.payload.size())));
  if (!request.message_id.empty()) {
    ids_.remember(request.message_id, to_sequence(offset), batch_time_ns_);
    if (open_.ids_begin == kNoOffset) open_.ids_begin = offset;
    open_.ids_end = offset + 1;
  }
  last_id_ = request.message_id;
  roll_up(request, offset);
  make_room(request.subject);
  drop_if_unwanted(offset, request.subject);
}

void Stream::drop_if_unwanted(Offset offset, std::string_view subject) {
  if (config().retention != Retention::kInterest) return;
  if (interest_ == nullptr || !interest_->wants(subject)) decide_erase(offset);
}

bool Stream::decide_erase(Offset offset) {
  if (!index_.begin_erase(offset)) return false;
  open_.erased.push_back(offset);
  gather();
  return true;
}

void Stream::roll_up(const PublishRequest& request, Offset offset) {
  if (request.rollup == Rollup::kNone) return;
  while (true) {
    const auto first = request.rollup == Rollup::kAll ? index_.first(State::kDecided) : index_.first_of(State::kDecided, request.subject);
    if (!first.has_value() || *first >= offset) return;
    decide_erase(*first);
  }
}

void Stream::make_room(std::string_view subject) {
  const StreamIndex::Totals& totals = index_.totals(State::kDecided);
  if (config().max_msgs_per_subject > 0) {
    while (index_.count_of(State::kDecided, subject) > static_cast<std::uint64_t>(config().max_msgs_per_subject))
      decide_erase(*index_.first_of(State::kDecided, subject));
  }
  while ((config().max_msgs > 0 && totals.messages > static_cast<std::uint64_t>(config().max_msgs)) ||
         (config().max_bytes > 0 && totals.messages > 0 && totals.bytes > static_cast<std::uint64_t>(config().max_bytes)))
    decide_erase(*index_.next(State::kDecided, decided_first_));
}

Result<Offset> Stream::append_batch(SharedBytes bytes) {
  build();
  flush();
  const log::BatchView batch(bytes.view());
  FIRTH_TRY(const SharedBytes records, reader_.records_of(bytes));
  std::vector<std::string> subjects;
  log::RecordReader reader(batch, records.view());
  for (log::RecordView record; reader.next(record) == log::ReadStep::kRead;) {
    FIRTH_TRY(std::string subject, record_subject_.check(record.key));
    const std::size_t bytes_of_record = record.value.value_or(ByteView()).size();
    if (config().sealed) return Error{Errc::kLimit, "invalid operation on sealed stream"};
    if (config().max_msg_size >= 0 && bytes_of_record > static_cast<std::size_t>(config().max_msg_size))
      return Error{Errc::kLimit, "message size exceeds maximum allowed"};
    const Refusal room = decide_room(subject, message_size(subject.size(), 0, bytes_of_record));
    if (room == Refusal::kFull) return Error{Errc::kLimit, "maximum messages exceeded"};
    if (room == Refusal::kFullBytes) return Error{Errc::kLimit, "maximum bytes exceeded"};
    if (room == Refusal::kFullSubject) return Error{Errc::kLimit, "maximum messages per subject exceeded"};
    subjects.push_back(std::move(subject));
  }
  FIRTH_TRY(const Offset base, partition_.append(bytes));
  index_batch(bytes, false);
  open_.base = base;
  open_.end = partition_.next_offset();
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    make_room(subjects[i]);
    drop_if_unwanted(base + static_cast<std::int64_t>(i), subjects[i]);
  }
  flush();
  if (open_.end > open_.base) launch(std::exchange(open_, {}));
  return base;
}

bool Stream::erase(Sequence sequence) {
  build();
  return sequence > Sequence(0) && decide_erase(to_offset(sequence));
}

std::uint64_t Stream::purge(const Purge& purge) {
  build();
  const SubjectFilters filters = purge.filter.empty() ? SubjectFilters() : SubjectFilters{purge.filter};
  std::vector<Offset> chosen;
  for (auto at = index_.next(State::kDecided, Offset(0), filters); at.has_value(); at = index_.next(State::kDecided, *at + 1, filters)) {
    if (purge.below.has_value() && to_sequence(*at) >= *purge.below) break;
    chosen.push_back(*at);
  }
  if (purge.keep > 0) chosen.resize(chosen.size() - std::min<std::size_t>(chosen.size(), purge.keep));
  for (const Offset offset : chosen) decide_erase(offset);
  open_.moves_start |= purge.filter.empty() && !chosen.empty();
  return chosen.size();
}

void Stream::move_start(Sequence first) {
  (void)purge({.filter = {}, .below = first, .keep = 0});
  flush();
}

void Stream::when_released(log::Partition::Released done) {
  if (const Result<void> written = write_gathered(); !written.ok()) return done(written);
  partition_.when_released(std::move(done));
}

// --- From the turn's end to the release. ---

void Stream::gather() {
  if (!std::exchange(gathering_, true)) owner_.gather(*this);
}

void Stream::flush() { (void)write_gathered().ok(); }

// Who waits for what could not be written has been told.
Result<void> Stream::write_gathered() {
  if (!builder_.has_value() && open_.answers.empty() && open_.erased.empty()) return {};
  Flight flight = std::exchange(open_, {});
  flight.last_id = last_id_;
  Result<void> written = write(flight);
  if (written.ok()) {
    launch(std::move(flight));
  } else {
    ++flights_;
    land(flight, written);
  }
  return written;
}

void Stream::launch(Flight flight) {
  ++flights_;
  partition_.when_released([this, flight = std::move(flight)](const Result<void>& result) mutable { land(flight, result); });
}

Result<void> Stream::write(Flight& flight) {
  const Offset end = next_offset();
  if (builder_.has_value()) {
    SharedBytes bytes = SharedBytes::copy(builder_->finish());
    builder_.reset();
    flight.end = end;
    FIRTH_TRY(const Offset base, partition_.append(std::move(bytes)));
    FIRTH_ASSERT(base == flight.base);  // nobody else appends while a batch is open
  } else if (flight.end == Offset(0)) {
    flight.base = flight.end = end;
  }
  return write_erased(flight);
}

// The front of the stream is one act, whatever was in it; only what lies behind is named.
Result<void> Stream::write_erased(const Flight& flight) {
  if (flight.erased.empty()) return {};
  const Offset first = index_.next(State::kDecided, decided_first_).value_or(partition_.next_offset());
  if (first > decided_first_) {
    const auto kind = flight.moves_start ? log::EntryKind::kLogStart : log::EntryKind::kFirst;
    FIRTH_CHECK(partition_.act(kind, log::encode_offset(first)));
    decided_first_ = first;
  }
  std::vector<Offset> inside;
  for (const Offset offset : flight.erased)
    if (offset >= first) inside.push_back(offset);
  std::sort(inside.begin(), inside.end());
  std::vector<log::OffsetRange> ranges;
  for (const Offset offset : inside) {
    if (!ranges.empty() && ranges.back().end == offset) ranges.back().end = offset + 1;
    else ranges.push_back({offset, offset + 1});
  }
  return ranges.empty() ? Result<void>() : partition_.act(log::EntryKind::kErase, log::encode_erase(ranges));
}

void Stream::land(Flight& flight, const Result<void>& result) {
  --flights_;
  if (result.ok()) {
    catch_up(std::min(flight.base, partition_.high_watermark()));
    scanned_end_ = std::max(scanned_end_, flight.end);
    index_.set_visible_end(flight.end);
    for (const Offset offset : flight.erased) index_.erase(offset);
    note_facts(flight);
  } else {
    for (Offset offset = flight.base; offset < flight.end; ++offset)
      if (index_.subject_of(offset) != nullptr) index_.undo_insert(offset);
    for (const Offset offset : flight.erased) index_.undo_erase(offset);
    if (flight.end > flight.base) {
      ids_.undo(to_sequence(flight.base));
      last_id_ = flight.last_id_before;
    }
    failed_ |= result.error().code == Errc::kStorage;
  }
  for (auto& [done, outcome] : flight.answers) {
    if (!result.ok())
      outcome = refused(result.error().code == Errc::kUnavailable ? Refusal::kBehind : Refusal::kStorage, result.error().text);
    done(outcome);
  }
  watch_age();
}

void Stream::on_released() {
  if (built_ && flights_ == 0) catch_up(partition_.high_watermark());
  follow_index();
  tell(&StreamObserver::on_messages);
  tell(&StreamObserver::on_erased);
}

void Stream::on_dead() { owner_.forget(*this); }

void Stream::tell(void (StreamObserver::*what)()) {
  const std::vector<StreamObserver*> told = observers_;
  for (StreamObserver* observer : told)
    if (std::find(observers_.begin(), observers_.end(), observer) != observers_.end()) (observer->*what)();
}

void Stream::change_config(TopicPointer topic) {
  topic_ = std::move(topic);
  const bool was_built = built_;  // other subjects may have put the index away; the limits hold all the same
  change_subjects(RecordSubject(*topic_, partition_index_));
  if (was_built && config().origin == Origin::kNats) {
    build();
    std::vector<std::string> subjects;
    index_.for_each_subject(State::kDecided, [&](const std::string& subject, std::uint64_t) { subjects.push_back(subject); });
    for (const std::string& subject : subjects) make_room(subject);
    loop_.cancel(std::exchange(age_timer_, {}));
    watch_age();
  }
  tell(&StreamObserver::on_config);
}

// --- Age. ---

// One timer, for the oldest message.
void Stream::watch_age() {
  if (!built_ || failed_ || config().max_age.count() == 0 || age_timer_.value != 0) return;
  const auto first = index_.first(State::kVisible);
  if (!first.has_value()) return;
  const auto message = reader_.read(*first);
  if (!message.ok() || !message->has_value()) return;
  const std::int64_t expires_ns = saturating_add((*message)->time_ns, config().max_age.count());
  const std::int64_t left = saturating_add(expires_ns, -loop_.wall_now().time_since_epoch().count());
  age_timer_ = loop_.schedule(runtime::deadline_after(loop_.now(), std::chrono::nanoseconds(left)), [this] { expire(); });
}

void Stream::expire() {
  age_timer_ = {};
  const std::int64_t oldest = loop_.wall_now().time_since_epoch().count() - config().max_age.count();
  std::size_t expired = 0;
  for (auto at = index_.first(State::kVisible); at.has_value() && expired < kExpiredPerTurn; at = index_.next(State::kVisible, *at + 1)) {
    if (!index_.has(State::kDecided, *at)) continue;
    const auto message = reader_.read(*at);
    if (!message.ok() || !message->has_value() || (*message)->time_ns > oldest) break;
    decide_erase(*at);
    ++expired;
  }
  if (expired == 0) watch_age();  // else when they have landed
}

}  // namespace firth::broker
