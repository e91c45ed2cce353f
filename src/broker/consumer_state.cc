#include "broker/consumer_state.h"

#include <algorithm>

#include "base/assert.h"
#include "broker/piece_kinds.h"
#include "log/partition.h"

namespace firth::broker {
namespace {

constexpr std::uint8_t kStateVersion = 1;
enum class Act : std::uint8_t { kStart = 1, kConfig = 2, kChanges = 3, kReserve = 4 };  // on disk

void put_config(const ConsumerConfig& config, log::ByteWriter& to) {
  log::ByteWriter bytes;
  encode(config, bytes);
  to.prefixed(bytes.view());
}

void put_start(const ConsumerStart& start, log::ByteWriter& to) {
  put_config(start.config, to);
  to.fixed(start.created_ns);
  to.varint(start.behind.value());
  to.varint(start.last_at_start.value());
  to.varint(start.reserved);
}

Result<ConsumerStart> get_start(log::ByteReader& from) {
  ConsumerStart start;
  FIRTH_TRY(start.config, decode_consumer_config(from.prefixed()));
  start.created_ns = from.fixed<std::int64_t>();
  start.behind = Sequence(from.varint());
  start.last_at_start = Sequence(from.varint());
  start.reserved = from.varint();
  return start;
}

bool has_deadline(AckChange::Kind kind) { return kind == AckChange::Kind::kDeliver || kind == AckChange::Kind::kDeadline; }

}  // namespace

void apply(const AckChange& change, AckTracker& tracker) {
  switch (change.kind) {
    case AckChange::Kind::kDeliver:
      tracker.deliver(change.message, change.deadline_ns);
      return;
    case AckChange::Kind::kAcknowledge:
      tracker.acknowledge(change.message);
      return;
    case AckChange::Kind::kLetGo:
      tracker.let_go(change.message);
      return;
    case AckChange::Kind::kDeadline:
      tracker.set_deadline(change.message, change.deadline_ns);
      return;
    case AckChange::Kind::kSkip:
      tracker.skip_to(change.message);
      return;
  }
  FIRTH_ASSERT(false);  // an act is what this server wrote
}

void encode(const AckChange& change, log::ByteWriter& to) {
  to.fixed(static_cast<std::uint8_t>(change.kind));
  to.varint(change.message.value());
  if (has_deadline(change.kind)) to.fixed(change.deadline_ns);
}

std::vector<std::byte> ConsumerState::start_act(const ConsumerStart& start) {
  log::ByteWriter out;
  out.fixed(static_cast<std::uint8_t>(Act::kStart));
  put_start(start, out);
  return out.take();
}

std::vector<std::byte> ConsumerState::config_act(const ConsumerConfig& config) {
  log::ByteWriter out;
  out.fixed(static_cast<std::uint8_t>(Act::kConfig));
  put_config(config, out);
  return out.take();
}

std::vector<std::byte> ConsumerState::reserve_act(const Numbers& numbers) {
  log::ByteWriter out;
  out.fixed(static_cast<std::uint8_t>(Act::kReserve));
  out.varint(numbers.used);
  out.varint(numbers.end);
  return out.take();
}

log::ByteWriter ConsumerState::changes_act() {
  log::ByteWriter out;
  out.fixed(static_cast<std::uint8_t>(Act::kChanges));
  return out;
}

void ConsumerState::apply(ByteView act) {
  log::ByteReader in(act);
  switch (static_cast<Act>(in.fixed<std::uint8_t>())) {
    case Act::kStart: {
      auto start = get_start(in);
      FIRTH_ASSERT(start.ok() && in.done());
      start_ = *std::move(start);
      tracker_ = AckTracker(start_.config.ack_policy, start_.behind);
      return;
    }
    case Act::kConfig: {
      auto config = decode_consumer_config(in.prefixed());
      FIRTH_ASSERT(config.ok() && in.done());
      start_.config = *std::move(config);
      return;
    }
    case Act::kChanges:
      while (!in.rest().empty()) {
        AckChange change{.kind = static_cast<AckChange::Kind>(in.fixed<std::uint8_t>()), .message = Sequence(in.varint())};
        if (has_deadline(change.kind)) change.deadline_ns = in.fixed<std::int64_t>();
        FIRTH_ASSERT(in.ok());
        broker::apply(change, tracker_);
      }
      return;
    case Act::kReserve: {
      tracker_.number_behind(in.varint());
      start_.reserved = std::max(start_.reserved, in.varint());
      FIRTH_ASSERT(in.done());
      return;
    }
  }
  FIRTH_ASSERT(false);
}

SharedBytes ConsumerState::encode() const {
  log::ByteWriter out;
  out.fixed(kStateVersion);
  put_start(start_, out);
  tracker_.encode(out);
  return out.share();
}

Result<void> ConsumerState::restore(ByteView bytes) {
  log::ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != kStateVersion) return Error{Errc::kUnsupported, "the state of a consumer of a later version"};
  FIRTH_TRY(start_, get_start(in));
  FIRTH_TRY(tracker_, AckTracker::decode(in));
  if (!in.done()) return Error{Errc::kCorrupt, "the state of a consumer has bytes behind its end"};
  return {};
}

std::size_t consumer_count(const log::Partition& partition) {
  std::size_t count = 0;
  partition.for_each_piece(static_cast<std::uint16_t>(PieceKind::kConsumer), [&](const std::string&, log::Piece&) { ++count; });
  return count;
}

}  // namespace firth::broker
