#include "jetstream/consumer_rules.h"

#include <algorithm>

#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::jetstream {
namespace {

using broker::AckTracker;
using broker::ConsumerConfig;
using broker::DeliverPolicy;
using broker::TopicConfig;
using namespace std::chrono_literals;
using C = ConsumerConfig;
using S = TopicConfig;

constexpr std::int64_t kDefaultMaxWaiting = 512;
constexpr std::int64_t kDefaultMaxAckPending = 1000;
constexpr auto kDefaultAckWait = 30s;
constexpr std::size_t kMaxDescriptionBytes = 4096;

bool filters_overlap(const C& c) {
  for (std::size_t i = 0; i < c.filters.size(); ++i)
    for (std::size_t j = i + 1; j < c.filters.size(); ++j)
      if (subject::overlaps(c.filters[i], c.filters[j])) return true;
  return false;
}

// Into the stream itself, or to the server's own subjects: what is delivered must not call the consumer that delivers it.
bool cycles(const C& c, const S& s) {
  if (c.deliver_subject.starts_with("$JS.")) return true;
  return std::ranges::any_of(s.subjects, [&](const std::string& filter) { return subject::matches(filter, c.deliver_subject); });
}

bool is_work_queue(const S& s) { return s.retention == broker::Retention::kWorkQueue; }

struct Rule {
  bool (*broken)(const C&, const S&);
  int code;
  int number;
  const char* text;
};

constexpr Rule kRules[] = {
    {[](const C& c, const S&) { return c.replicas > 1; }, 400, 10126, "consumer config replica count exceeds parent stream"},
    {[](const C& c, const S&) { return c.description.size() > kMaxDescriptionBytes; }, 400, 10107,
     "consumer description is too long, maximum allowed is 4096"},
    {[](const C& c, const S&) { return c.replay_policy != broker::ReplayPolicy::kInstant; }, 500, 10012,
     "replay policy original is not supported"},
    {[](const C& c, const S&) { return std::ranges::count(c.filters, "") > 0; }, 400, 10139,
     "consumer filter in FilterSubjects cannot be empty"},
    {[](const C& c, const S&) { return !std::ranges::all_of(c.filters, subject::is_valid_filter); }, 400, 10093,
     "consumer filter subject is not a valid subset of the interest subjects"},
    {[](const C& c, const S&) { return filters_overlap(c); }, 400, 10138, "consumer subject filters cannot overlap"},
    {[](const C& c, const S&) { return c.is_push() && !subject::is_valid_literal(c.deliver_subject); }, 400, 10079,
     "consumer deliver subject has wildcards"},
    {[](const C& c, const S& s) { return c.is_push() && cycles(c, s); }, 400, 10081, "consumer deliver subject forms a cycle"},
    {[](const C& c, const S&) { return c.is_push() && c.max_waiting != 0; }, 400, 10080, "consumer in push mode can not set max waiting"},
    {[](const C& c, const S&) { return c.is_push() && c.idle_heartbeat != 0ns && c.idle_heartbeat < 100ms; }, 400, 10083,
     "consumer idle heartbeat needs to be >= 100ms"},
    {[](const C& c, const S&) { return c.flow_control && c.is_push() && c.idle_heartbeat == 0ns; }, 400, 10108,
     "consumer with flow control also needs heartbeats"},
    {[](const C& c, const S&) { return !c.is_push() && c.rate_limit_bps != 0; }, 400, 10086,
     "consumer in pull mode can not have rate limit set"},
    {[](const C& c, const S&) { return c.max_waiting < 0; }, 400, 10087, "consumer max waiting needs to be positive"},
    {[](const C& c, const S&) { return !c.is_push() && c.idle_heartbeat != 0ns; }, 400, 10088,
     "consumer idle heartbeat requires a push based consumer"},
    {[](const C& c, const S&) { return !c.is_push() && c.flow_control; }, 400, 10089,
     "consumer flow control requires a push based consumer"},
    {[](const C& c, const S&) { return c.ack_policy == AckTracker::Policy::kNone && c.max_ack_pending > 0; }, 400, 10082,
     "consumer requires ack policy for max ack pending"},
    {[](const C& c, const S&) { return c.max_deliver > 0 && static_cast<std::int64_t>(c.backoff.size()) > c.max_deliver; }, 400, 10116,
     "max deliver is required to be > length of backoff values"},
    {[](const C& c, const S&) { return c.deliver_policy == DeliverPolicy::kByStartSequence && c.start_sequence == 0; }, 400, 10094,
     "consumer delivery policy is deliver by start sequence, but optional start sequence is not set"},
    {[](const C& c, const S&) { return c.deliver_policy == DeliverPolicy::kByStartTime && c.start_time_ns == 0; }, 400, 10094,
     "consumer delivery policy is deliver by start time, but optional start time is not set"},
    {[](const C& c, const S&) { return c.deliver_policy != DeliverPolicy::kByStartSequence && c.start_sequence != 0; }, 400, 10094,
     "consumer delivery policy is not deliver by start sequence, but optional start sequence is set"},
    {[](const C& c, const S&) { return c.deliver_policy != DeliverPolicy::kByStartTime && c.start_time_ns != 0; }, 400, 10094,
     "consumer delivery policy is not deliver by start time, but optional start time is set"},
    {[](const C& c, const S&) { return c.deliver_policy == DeliverPolicy::kLastPerSubject && c.filters.empty(); }, 400, 10094,
     "consumer delivery policy is deliver last per subject, but filter subject is not set"},
    {[](const C& c, const S& s) { return is_work_queue(s) && c.ack_policy != AckTracker::Policy::kExplicit; }, 400, 10098,
     "workqueue stream requires explicit ack"},
    {[](const C& c, const S& s) { return is_work_queue(s) && c.deliver_policy != DeliverPolicy::kAll; }, 400, 10101,
     "consumer must be deliver all on workqueue stream"},
};

struct Constant {
  bool (*changed)(const C&, const C&);
  const char* text;
};
constexpr Constant kConstants[] = {
    {[](const C& a, const C& b) { return a.deliver_policy != b.deliver_policy; }, "deliver policy can not be updated"},
    {[](const C& a, const C& b) { return a.start_sequence != b.start_sequence; }, "start sequence can not be updated"},
    {[](const C& a, const C& b) { return a.start_time_ns != b.start_time_ns; }, "start time can not be updated"},
    {[](const C& a, const C& b) { return a.ack_policy != b.ack_policy; }, "ack policy can not be updated"},
    {[](const C& a, const C& b) { return a.idle_heartbeat != b.idle_heartbeat; }, "heart beats can not be updated"},
    {[](const C& a, const C& b) { return a.flow_control != b.flow_control; }, "flow control can not be updated"},
    {[](const C& a, const C& b) { return a.is_push() != b.is_push(); }, "can not update pull consumer to push based"},
    {[](const C& a, const C& b) { return a.durable_name != b.durable_name; }, "consumer name can not be updated"},
};

}  // namespace

void fill_consumer_defaults(ConsumerConfig& config) {
  if (config.max_deliver == 0 || config.max_deliver < -1) config.max_deliver = -1;
  if (!config.backoff.empty()) config.ack_wait = config.backoff.front();
  if (config.ack_policy != AckTracker::Policy::kNone) {
    if (config.ack_wait == 0ns) config.ack_wait = kDefaultAckWait;
    if (config.max_ack_pending == 0) config.max_ack_pending = kDefaultMaxAckPending;
  }
  if (!config.is_push() && config.max_waiting == 0) config.max_waiting = kDefaultMaxWaiting;
}

ConsumerCheck check_consumer(const ConsumerConfig& config, const TopicConfig& stream) {
  for (const Rule& rule : kRules)
    if (rule.broken(config, stream)) return ConsumerError{rule.code, rule.number, rule.text};
  return std::nullopt;
}

ConsumerCheck check_consumer_update(const ConsumerConfig& before, const ConsumerConfig& after) {
  for (const Constant& constant : kConstants)
    if (constant.changed(before, after)) return ConsumerError{500, 10012, constant.text};
  return std::nullopt;
}

bool is_consumer_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.find_first_of(". \t\r\n\f*>/\\") == std::string_view::npos;
}

}  // namespace firth::jetstream
