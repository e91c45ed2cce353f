#include "broker/stream_state.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::vector<std::byte> StreamState::start_act(const RecordSubject& subject, std::optional<Offset> end) {
  log::ByteWriter out;
  out.fixed(kVersion);
  out.offset(end.value_or(kNoOffset));
  subject.encode(out);
  return out.take();
}

void StreamState::apply(ByteView act) {
  log::ByteReader in(act);
  (void)in.fixed<std::uint8_t>();
  const Offset end = in.offset();
  subject_ = RecordSubject::decode(in);
  FIRTH_ASSERT(in.done());  // the frame's CRC held: this is what this server wrote
  usable_ = end != kNoOffset;
  take_back(StreamIndex(std::max(end, Offset(0))), {});
}

bool StreamState::lend(StreamIndex& index, StreamFacts& facts) {
  if (!keeps_up()) return false;
  index = std::exchange(index_, StreamIndex());
  facts = std::exchange(facts_, {});
  follow(index, facts);
  return true;
}

void StreamState::follow(const StreamIndex& index, const StreamFacts& facts) {
  index_followed_ = &index;
  facts_followed_ = &facts;
  usable_ = true;
}

void StreamState::take_back(StreamIndex index, StreamFacts facts) {
  index_ = std::move(index);
  facts_ = std::move(facts);
  index_followed_ = nullptr;
  facts_followed_ = nullptr;
}

void StreamState::let_go() {
  take_back(StreamIndex(), {});
  usable_ = false;
}

void StreamState::on_batch(const log::BatchView& batch, const SharedBytes& bytes) {
  if (!keeps_up()) return;
  const auto taken = for_each_record(bytes, subject_, decompressor_, [this](const IndexedRecord& record) {
    index_.insert(record.offset, record.subject, record.bytes);
    if (!record.is_nats_born) return;
    facts_.last_time_ns = std::max(facts_.last_time_ns, record.time_ns);
    facts_.last_id = record.message_id.value_or(std::string());
    if (!record.message_id.has_value()) return;
    if (facts_.ids_begin == kNoOffset) facts_.ids_begin = record.offset;
    facts_.ids_end = record.offset + 1;
  });
  if (!taken.ok()) {
    log_warning("a batch of a stream cannot be indexed, it is scanned when it is used: {}", taken.error().text);
    usable_ = false;
  }
  index_.set_visible_end(batch.next_offset());
}

void StreamState::on_erased(log::OffsetRange range) {
  if (keeps_up()) index_.erase(range);
}

void StreamState::on_first_moved(Offset first) {
  if (keeps_up()) index_.erase_below(first);
}

SharedBytes StreamState::encode() const {
  const StreamIndex& index = index_followed_ == nullptr ? index_ : *index_followed_;
  const StreamFacts& facts = facts_followed_ == nullptr ? facts_ : *facts_followed_;
  const bool is_stored = usable_ && index.is_whole() && index.stored_subjects() <= kMaxSubjects;
  log::ByteWriter out;
  out.fixed(kVersion);
  out.fixed(static_cast<std::uint8_t>(is_stored));
  subject_.encode(out);
  if (!is_stored) return out.share();
  out.offset(facts.ids_begin);
  out.offset(facts.ids_end);
  out.prefixed(facts.last_id);
  out.signed_varint(facts.last_time_ns);
  index.encode(out);
  return out.share();
}

Result<void> StreamState::restore(ByteView bytes) {
  log::ByteReader in(bytes);
  if (const auto version = in.fixed<std::uint8_t>(); version != kVersion)
    return Error{Errc::kUnsupported, "the state of a stream is of a later version"};
  usable_ = in.fixed<std::uint8_t>() != 0;
  subject_ = RecordSubject::decode(in);
  if (usable_) {
    facts_.ids_begin = in.offset();
    facts_.ids_end = in.offset();
    facts_.last_id = in.text();
    facts_.last_time_ns = in.signed_varint();
    auto index = StreamIndex::decode(in);
    if (!index.has_value()) return Error{Errc::kCorrupt, "the state of a stream is not of the form that is written"};
    index_ = *std::move(index);
  }
  if (!in.done()) return Error{Errc::kCorrupt, "the state of a stream is not of the form that is written"};
  return {};
}

}  // namespace firth::broker
