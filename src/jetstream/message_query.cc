#include "jetstream/message_query.h"

#include <algorithm>
#include <boost/json.hpp>

namespace firth::jetstream {
namespace {

using V = boost::json::value;

// No message has a higher one, and offsets are signed.
constexpr std::uint64_t kMostSequence = std::uint64_t{1} << 62;

bool read_sequence(const V& value, std::uint64_t& to) {
  if (!read(value, to)) return false;
  to = std::min(to, kMostSequence);
  return true;
}

constexpr JsonField<MessageQuery> kFields[] = {
    {"seq", [](const V& v, MessageQuery& q) { return read_sequence(v, q.sequence); }},
    {"last_by_subj", [](const V& v, MessageQuery& q) { return read(v, q.last); }},
    {"next_by_subj", [](const V& v, MessageQuery& q) { return read(v, q.next); }},
    {"start_time", [](const V& v, MessageQuery& q) { return read_time(v, q.start_ns.emplace()); }},
    {"batch", [](const V& v, MessageQuery& q) { return read(v, q.batch); }},
    {"max_bytes", [](const V& v, MessageQuery& q) { return read(v, q.max_bytes); }},
    {"multi_last", [](const V& v, MessageQuery& q) { return read(v, q.each_last); }},
    {"up_to_seq", [](const V& v, MessageQuery& q) { return read_sequence(v, q.up_to); }},
    {"up_to_time", [](const V& v, MessageQuery& q) { return read_time(v, q.up_to_ns.emplace()); }},
    {"no_hdr", [](const V& v, MessageQuery& q) { return read(v, q.no_headers); }},
};

}  // namespace

bool MessageQuery::is_contradictory() const {
  const int places = (sequence > 0 ? 1 : 0) + (start_ns.has_value() ? 1 : 0) + (last.empty() ? 0 : 1);
  return places > 1 || (!last.empty() && !next.empty());
}

Sequence MessageQuery::start(broker::Stream& stream) const {
  return start_ns.has_value() ? stream.first_at(*start_ns) : Sequence(sequence);
}

Result<std::optional<broker::StoredMessage>> MessageQuery::find(broker::Stream& stream) const {
  if (!last.empty()) return stream.last_of(last);
  return next.empty() ? stream.get(start(stream)) : stream.next(start(stream), {next});
}

std::span<const JsonField<MessageQuery>> message_query_fields() { return kFields; }

}  // namespace firth::jetstream
