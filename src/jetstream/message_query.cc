#include "jetstream/message_query.h"

namespace firth::jetstream {
namespace {

using V = boost::json::value;

constexpr JsonField<MessageQuery> kFields[] = {
    {"seq", [](const V& v, MessageQuery& q) { return read(v, q.sequence); }},
    {"last_by_subj", [](const V& v, MessageQuery& q) { return read(v, q.last); }},
    {"next_by_subj", [](const V& v, MessageQuery& q) { return read(v, q.next); }},
    {"start_time", [](const V& v, MessageQuery& q) { return read_time(v, q.start_ns.emplace()); }},
    {"batch", [](const V& v, MessageQuery& q) { return read(v, q.batch); }},
    {"max_bytes", [](const V& v, MessageQuery& q) { return read(v, q.max_bytes); }},
    {"no_hdr", [](const V& v, MessageQuery& q) { return read(v, q.no_headers); }},
};

}  // namespace

bool MessageQuery::is_contradictory() const {
  const int places = (sequence > 0 ? 1 : 0) + (start_ns.has_value() ? 1 : 0) + (last.empty() ? 0 : 1);
  return places > 1 || (!last.empty() && !next.empty()) || batch > 0 || max_bytes > 0;
}

Result<std::optional<broker::StoredMessage>> MessageQuery::find(broker::Stream& stream) const {
  if (!last.empty()) return stream.last_of(last);
  const Sequence from = start_ns.has_value() ? stream.first_at(*start_ns) : Sequence(sequence);
  return next.empty() ? stream.get(from) : stream.next(from, {next});
}

std::span<const JsonField<MessageQuery>> message_query_fields() { return kFields; }

}  // namespace firth::jetstream
