#include "jetstream/consumer_rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "jetstream/config_limits.h"
#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::jetstream {
namespace {

using broker::AckTracker;
using broker::ConsumerConfig;
using broker::DeliverPolicy;
using broker::TopicConfig;
using enum ApiErrorName;
using namespace std::chrono_literals;
using C = ConsumerConfig;
using R = ConsumerRequest;
using S = TopicConfig;

constexpr std::int64_t kDefaultMaxWaiting = 512;
constexpr std::int64_t kDefaultMaxAckPending = 1000;
constexpr auto kDefaultAckWait = 30s;
constexpr auto kDefaultInactiveThreshold = 5s;  // of ephemerals
constexpr const char* kBadName = "consumer name can not contain '.', '*', '>', '\\', '/'";
constexpr const char* kBadDurable = "consumer durable name can not contain '.', '*', '>', '\\', '/'";
constexpr const char* kBadSubject = "invalid subject";

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

bool has_wildcards(std::string_view subject) { return subject::is_valid_filter(subject) && !subject::is_valid_literal(subject); }
bool is_work_queue(const S& s) { return s.retention == broker::Retention::kWorkQueue; }
bool is_sampling(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  std::int64_t share = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  return error == std::errc() && rest == text.data() + text.size() && share >= 0;
}
constexpr auto kNone = AckTracker::Policy::kNone;

struct Rule {
  bool (*broken)(const C&, const S&, const R&);
  ApiErrorName error;
  const char* detail = "";
};

#define FIRTH_BROKEN(condition) [](const C& c, const S& s, const R& r) { return (void)c, (void)s, (void)r, (condition); }
constexpr Rule kRules[] = {
    {FIRTH_BROKEN(!c.name.empty() && !is_name(c.name)), kStreamConfig, kBadName},
    {FIRTH_BROKEN(!c.durable_name.empty() && !is_name(c.durable_name)), kStreamConfig, kBadDurable},
    {FIRTH_BROKEN(c.replicas < 0), kNegativeReplicas},
    {FIRTH_BROKEN(std::ranges::any_of(c.backoff, [](auto wait) { return wait < 0ns; })), kNegativeBackoff},
    {FIRTH_BROKEN(c.ack_wait < 0ns), kNegativeAckWait},
    {FIRTH_BROKEN(c.max_deliver != -1 && static_cast<std::int64_t>(c.backoff.size()) > c.max_deliver), kMaxDeliverBackoff},
    {FIRTH_BROKEN(c.description.size() > kMaxDescriptionBytes), kDescriptionTooLong, "4096"},
    // Pushed messages.
    {FIRTH_BROKEN(c.is_push() && has_wildcards(c.deliver_subject)), kDeliverToWildcards},
    {FIRTH_BROKEN(c.is_push() && !subject::is_valid_literal(c.deliver_subject)), kDeliverSubject},
    {FIRTH_BROKEN(c.is_push() && cycles(c, s)), kDeliverCycle},
    {FIRTH_BROKEN(c.is_push() && c.max_waiting != 0), kPushMaxWaiting},
    {FIRTH_BROKEN(c.is_push() && c.max_ack_pending > 0 && c.ack_policy == kNone), kMaxAckPendingNeedsPolicy},
    {FIRTH_BROKEN(c.is_push() && c.idle_heartbeat > 0ns && c.idle_heartbeat < 100ms), kSmallHeartbeat},
    // Pulled messages.
    {FIRTH_BROKEN(!c.is_push() && c.ack_policy == kNone && is_work_queue(s)), kPullNeedsAck},
    {FIRTH_BROKEN(!c.is_push() && c.rate_limit_bps > 0), kPullRateLimit},
    {FIRTH_BROKEN(!c.is_push() && c.idle_heartbeat > 0ns), kHeartbeatNeedsPush},
    {FIRTH_BROKEN(!c.is_push() && c.flow_control), kFlowControlNeedsPush},
    {FIRTH_BROKEN(!c.is_push() && c.max_expires > 0ns && c.max_expires < 1ms), kMaxExpiresTooSmall},
    // Filters.
    {FIRTH_BROKEN(r.has_single_filter && c.several_filters), kFilterAndFilters},
    {FIRTH_BROKEN(r.has_single_filter && !subject::is_valid_filter(c.filters.front())), kStreamConfig, kBadSubject},
    {FIRTH_BROKEN(std::ranges::count(c.filters, "") > 0), kEmptyFilter},
    {FIRTH_BROKEN(!std::ranges::all_of(c.filters, subject::is_valid_filter)), kStreamConfig, kBadSubject},
    {FIRTH_BROKEN(filters_overlap(c)), kFiltersOverlap},
};
constexpr Rule kLastRules[] = {
    {FIRTH_BROKEN(!c.sample_frequency.empty() && !is_sampling(c.sample_frequency)), kSampling, "not a percentage"},
    {FIRTH_BROKEN(c.flow_control && c.idle_heartbeat == 0ns), kFlowControlNeedsHeartbeat},
    {FIRTH_BROKEN(!c.durable_name.empty() && !c.name.empty() && c.name != c.durable_name), kDurableAndName},
    {FIRTH_BROKEN(metadata_bytes(c.metadata) > kMaxMetadataBytes), kMetadataTooLong, "128KB"},
    {FIRTH_BROKEN(c.name.size() > kMaxNameBytes), kConsumerNameTooLong, "255"},
    {FIRTH_BROKEN(c.replay_policy != broker::ReplayPolicy::kInstant), kConsumerFailed, "replay policy original is not supported"},
    {FIRTH_BROKEN(c.rate_limit_bps > 0), kConsumerFailed, "rate limits are not supported"},
};
#undef FIRTH_BROKEN

// One row a deliver policy: what its start needs; all else is a conflict.
struct StartRule {
  DeliverPolicy policy;
  const char* name;
  bool takes_sequence, takes_time;
  const char* sequence_word;  // in the conflict
};
constexpr StartRule kStartRules[] = {
    {DeliverPolicy::kAll, "all", false, false, "sequence"},
    {DeliverPolicy::kLast, "last", false, false, "sequence"},
    {DeliverPolicy::kNew, "new", false, false, "sequence"},
    {DeliverPolicy::kLastPerSubject, "last per subject", false, false, "sequence"},
    {DeliverPolicy::kByStartSequence, "by start sequence", true, false, "sequence"},
    {DeliverPolicy::kByStartTime, "by start time", false, true, "start sequence"},
};

ApiCheck check_start(const C& c) {
  const StartRule& rule = *std::ranges::find(kStartRules, c.deliver_policy, &StartRule::policy);
  const auto conflict = [&](std::string_view what) {
    return ApiError{kDeliverPolicy, fmt::format("consumer delivery policy is deliver {}, but optional {}", rule.name, what)};
  };
  const bool has_sequence = c.start_sequence != 0, has_time = c.start_time_ns != 0;
  if (rule.takes_sequence && !has_sequence) return conflict("start sequence is not set");
  if (rule.takes_time && !has_time) return conflict("start time is not set");
  if (!rule.takes_sequence && has_sequence) return conflict(fmt::format("start {} is also set", rule.sequence_word));
  if (!rule.takes_time && has_time) return conflict("start time is also set");
  if (rule.policy == DeliverPolicy::kLastPerSubject && c.filters.empty()) return conflict("filter subject is not set");
  return std::nullopt;
}

struct Constant {
  bool (*changed)(const C&, const C&);
  const char* text;
};
constexpr Constant kConstants[] = {
    {[](const C& a, const C& b) { return a.deliver_policy != b.deliver_policy; }, "deliver policy can not be updated"},
    {[](const C& a, const C& b) { return a.memory_storage != b.memory_storage; }, "storage type can not be updated"},
    {[](const C& a, const C& b) { return a.start_sequence != b.start_sequence; }, "start sequence can not be updated"},
    {[](const C& a, const C& b) { return a.start_time_ns != b.start_time_ns; }, "start time can not be updated"},
    {[](const C& a, const C& b) { return a.ack_policy != b.ack_policy; }, "ack policy can not be updated"},
    {[](const C& a, const C& b) { return a.replay_policy != b.replay_policy; }, "replay policy can not be updated"},
    {[](const C& a, const C& b) { return a.idle_heartbeat != b.idle_heartbeat; }, "heart beats can not be updated"},
    {[](const C& a, const C& b) { return a.flow_control != b.flow_control; }, "flow control can not be updated"},
    {[](const C& a, const C& b) { return !a.is_push() && b.is_push(); }, "can not update pull consumer to push based"},
    {[](const C& a, const C& b) { return a.is_push() && !b.is_push(); }, "can not update push consumer to pull based"},
    {[](const C& a, const C& b) { return a.max_waiting != b.max_waiting; }, "max waiting can not be updated"},
};

}  // namespace

ApiCheck check_address(const ConsumerAddress& address, ConsumerRequest& request) {
  using Form = ConsumerAddress::Form;
  C& config = request.config;
  if (request.stream != address.stream) return ApiError{kStreamMismatch};
  const std::string_view name = address.form == Form::kEphemeral ? std::string_view(config.name) : address.name;
  if (name.find_first_of("/\\") != std::string_view::npos) return ApiError{kConsumerNamePath};
  if (address.form == Form::kDurable && config.durable_name.empty()) return ApiError{kDurableNameMissing};
  if (address.form != Form::kEphemeral && !config.durable_name.empty() && config.durable_name != name)
    return ApiError{kDurableNameMismatch};
  if (address.form == Form::kEphemeral && !config.durable_name.empty()) return ApiError{kEphemeralWithDurableName};
  config.name = name;
  if (!address.filter.empty() && config.several_filters) return ApiError{kFiltersInSubject};
  if (!address.filter.empty() && (!request.has_single_filter || config.filters.front() != address.filter)) return ApiError{kFilterMismatch};
  if (config.replicas > 1) return ApiError{kReplicas};
  return std::nullopt;
}

void fill_consumer_defaults(ConsumerConfig& config) {
  if (config.max_deliver == 0 || config.max_deliver < -1) config.max_deliver = -1;
  for (std::int64_t* const limit : {&config.max_waiting, &config.max_batch, &config.max_bytes}) *limit = std::max<std::int64_t>(*limit, 0);
  for (std::chrono::nanoseconds* const time : {&config.max_expires, &config.idle_heartbeat, &config.inactive_threshold})
    *time = std::max(*time, std::chrono::nanoseconds(0));
  config.max_ack_pending = std::max<std::int64_t>(config.max_ack_pending, -1);
  if (!config.is_push() && config.max_waiting == 0) config.max_waiting = kDefaultMaxWaiting;
  if (config.ack_wait == 0ns && config.ack_policy != kNone) config.ack_wait = kDefaultAckWait;
  if (!config.backoff.empty()) config.ack_wait = config.backoff.front();
  if (config.max_ack_pending == 0 && config.ack_policy != kNone) config.max_ack_pending = kDefaultMaxAckPending;
  if (config.durable_name.empty() && config.inactive_threshold == 0ns) config.inactive_threshold = kDefaultInactiveThreshold;
}

ApiCheck check_consumer(const ConsumerRequest& request, const TopicConfig& stream) {
  const auto first_broken = [&](std::span<const Rule> rules) -> ApiCheck {
    for (const Rule& rule : rules)
      if (rule.broken(request.config, stream, request)) return ApiError{rule.error, rule.detail};
    return std::nullopt;
  };
  if (ApiCheck error = first_broken(kRules)) return error;
  if (ApiCheck error = check_start(request.config)) return error;
  return first_broken(kLastRules);
}

ApiCheck check_consumer_update(const ConsumerConfig& before, const ConsumerConfig& after) {
  for (const Constant& constant : kConstants)
    if (constant.changed(before, after)) return ApiError{kConsumerFailed, constant.text};
  return std::nullopt;
}

}  // namespace firth::jetstream
