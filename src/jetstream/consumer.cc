#include "jetstream/consumer.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/saturating.h"

namespace firth::jetstream {
namespace {

using broker::AckChange;
using broker::AckTracker;
using runtime::deadline_after;
using std::chrono::nanoseconds;
using Kind = AckChange::Kind;

constexpr std::size_t kFlowWindowBytes = 2u << 20;  // sent and not answered: then a push consumer with flow control pauses

}  // namespace

Consumer::Consumer(Around around, broker::ConsumerStart start, AckTracker tracker, Origin origin)
    : around_(around), start_(std::move(start)), tracker_(std::move(tracker)), changes_(broker::ConsumerState::changes_act()) {
  if (origin == Origin::kFound) forgotten_ = start_.reserved;
  last_client_ = last_sent_ = around_.loop.now();
  find_initial();
  pump_later();
}

Consumer::~Consumer() {
  *alive_ = false;
  around_.loop.cancel(timer_);
}

// `last_per_subject` picks among the messages that there were at the start; after them it goes on like any other.
void Consumer::find_initial() {
  if (config().deliver_policy != broker::DeliverPolicy::kLastPerSubject) return;
  if (tracker_.delivered().stream >= start_.last_at_start) return;
  for (const Sequence sequence : around_.stream.last_per_subject(config().filters))
    if (sequence > tracker_.delivered().stream && sequence <= start_.last_at_start) initial_.push_back(sequence);
}

void Consumer::change_config(broker::ConsumerConfig config) {
  start_.config = std::move(config);
  pending_known_ = false;
  pump_later();
}

void Consumer::pull(std::string_view body, std::string_view reply) {
  last_client_ = around_.loop.now();
  const auto parsed = parse_pull_request(body);
  if (!parsed.ok()) return status_to(reply, fmt::format("400 {}", parsed.error().text));
  const PullRequest& request = *parsed;
  const broker::ConsumerConfig& config = this->config();
  if (config.max_batch > 0 && request.batch > config.max_batch)
    return status_to(reply, fmt::format("409 Exceeded MaxRequestBatch of {}", config.max_batch));
  if (config.max_expires.count() > 0 && request.expires > config.max_expires)
    return status_to(reply, fmt::format("409 Exceeded MaxRequestExpires of {}", go_duration(config.max_expires)));
  if (config.max_bytes > 0 && request.max_bytes > config.max_bytes)
    return status_to(reply, fmt::format("409 Exceeded MaxRequestMaxBytes of {}", config.max_bytes));
  drop_uninterested();
  if (request.no_wait && !may_start_now(request, reply)) return;
  if (static_cast<std::int64_t>(waiting_.size()) >= config.max_waiting) {
    // A client that gets heartbeats misses them, and asks again in its time: an answer would make it ask at once, over and over.
    if (request.idle_heartbeat.count() == 0) status_to(reply, "409 Exceeded MaxWaiting");
    return;
  }
  Waiting waiting{.reply = std::string(reply), .request = request, .left = request.batch, .bytes_left = request.max_bytes};
  if (request.expires.count() > 0) waiting.expires = deadline_after(around_.loop.now(), request.expires);
  if (request.idle_heartbeat.count() > 0) waiting.heartbeat = deadline_after(around_.loop.now(), request.idle_heartbeat);
  waiting_.push_back(std::move(waiting));
  pump();
}

// Whether a request that does not wait can get something; else it has its answer.
bool Consumer::may_start_now(const PullRequest& request, std::string_view reply) {
  const std::uint64_t there = pending() + tracker_.count_due(now_ns());
  if (there == 0 && request.expires.count() == 0) return status_to(reply, "404 No Messages"), false;
  std::uint64_t asked = 0;
  for (const Waiting& waiting : waiting_) asked += static_cast<std::uint64_t>(waiting.left);
  if (there > 0 && there < asked) return status_to(reply, "408 Requests Pending"), false;
  return true;
}

void Consumer::acknowledge(Sequence message, std::string_view body, std::string_view reply) {
  last_client_ = around_.loop.now();
  const std::int64_t now = now_ns();
  if (message > tracker_.delivered().stream) return;  // its delivery was lost in a crash: it comes again, and nothing is promised
  bool done = false, next = false;
  if (body.empty() || body.starts_with("+ACK") || body.starts_with("+OK") || body.starts_with("+NXT")) {
    acknowledged_ns_ = now;
    next = body.starts_with("+NXT");
    done = true;
    std::vector<Sequence> going;
    if (tracker_.policy() == AckTracker::Policy::kAll) {
      for (const auto& [pending, state] : tracker_.pending())
        if (pending <= message) going.push_back(pending);
    } else {
      going.push_back(message);
    }
    change({.kind = Kind::kAcknowledge, .message = message});
    flush();
    for (const Sequence gone : going) around_.owner.on_done(gone);
  } else if (body.starts_with("-NAK")) {
    change({.kind = Kind::kDeadline, .message = message, .deadline_ns = saturating_add(now, parse_nak_delay(body.substr(4)).count())});
  } else if (body.starts_with("+WPI")) {
    const AckTracker::Pending* const pending = tracker_.find(message);
    change({.kind = Kind::kDeadline, .message = message, .deadline_ns = ack_deadline(pending == nullptr ? 1 : pending->deliveries)});
  } else if (body.starts_with("+TERM")) {
    change({.kind = Kind::kLetGo, .message = message});
    flush();
    around_.owner.on_done(message);
    done = true;
  }
  if (!reply.empty() && !next) {
    confirmations_.emplace_back(reply);
    changed_ = true;
  }
  if (done) flush();
  if (next) return pull(body.substr(4), reply);
  pump_later();
}

void Consumer::change(const AckChange& change) {
  broker::apply(change, tracker_);
  broker::encode(change, changes_);
  changed_ = true;
}

// One act for what changed since the last; confirmations wait for it, deliveries do not.
void Consumer::flush() {
  if (!changed_) return;
  changed_ = false;
  log::ByteWriter changes = std::exchange(changes_, broker::ConsumerState::changes_act());
  log::Partition& partition = around_.stream.partition();
  const auto written =
      partition.act_on_piece({.piece = broker::piece_key(broker::PieceKind::kConsumer, config().name), .act = changes.view()});
  auto confirmations = std::exchange(confirmations_, {});
  if (!written.ok() || confirmations.empty()) return;
  partition.when_committed([&router = around_.router, confirmations = std::move(confirmations)](const Result<void>& released) {
    if (!released.ok()) return;
    for (const std::string& reply : confirmations) router.publish(broker::kGlobalAccount, {.subject = reply, .reply = {}, .payload = {}});
  });
}

void Consumer::end(std::string_view status) {
  flush();
  for (const Waiting& waiting : waiting_) status_to(waiting.reply, status);
  waiting_.clear();
}

bool Consumer::is_done_with(Sequence message, std::string_view subject) const {
  if (!broker::takes(config().filters, subject)) return true;
  return message <= tracker_.delivered().stream && tracker_.find(message) == nullptr;
}

// --- Time: expirations, heartbeats, redeliveries, clients that are gone. ---

bool Consumer::has_client() const {
  if (config().is_push()) return around_.router.has_interest(broker::kGlobalAccount, config().deliver_subject);
  return !waiting_.empty();
}

void Consumer::watch_time() {
  const runtime::MonotonicTime now = around_.loop.now();
  constexpr nanoseconds kCheck = std::chrono::seconds(1);  // of clients that come and go unseen
  runtime::MonotonicTime next = now + kCheck;
  for (const Waiting& waiting : waiting_) {
    if (waiting.expires) next = std::min(next, *waiting.expires);
    if (waiting.heartbeat) next = std::min(next, *waiting.heartbeat);
  }
  if (config().is_push() && config().idle_heartbeat.count() > 0) next = std::min(next, next_heartbeat());
  if (const auto due = tracker_.next_deadline(); due.has_value() && (!is_stalled() || config().max_deliver > 0)) {
    const nanoseconds wait(due->first - now_ns());
    if (wait.count() > 0) next = std::min(next, deadline_after(now, wait));
  }
  around_.loop.cancel(timer_);
  timer_ = around_.loop.schedule(std::max(next, now + nanoseconds(1)), [this] { on_time(); });
}

void Consumer::on_time() {
  timer_ = {};
  const runtime::MonotonicTime now = around_.loop.now();
  drop_uninterested();
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->expires && *at->expires <= now) {
      status_to(at->reply, "408 Request Timeout", pending_lines(*at));
      at = waiting_.erase(at);
      continue;
    }
    if (at->heartbeat && *at->heartbeat <= now) {
      status_to(at->reply, "100 Idle Heartbeat", position_lines());
      at->heartbeat = deadline_after(now, at->request.idle_heartbeat);
    }
    ++at;
  }
  if (config().is_push() && config().idle_heartbeat.count() > 0 && next_heartbeat() <= now && has_client()) {
    status_to(config().deliver_subject, "100 Idle Heartbeat", position_lines());
    last_sent_ = now;
  }
  drop_exhausted();
  if (has_client()) last_client_ = now;
  if (is_abandoned()) {
    around_.loop.post([&owner = around_.owner, name = config().name, alive = alive_] {
      if (*alive) owner.on_inactive(name);
    });
    return;
  }
  pump();
}

// Nobody has asked for too long, nor is anybody still at work on a message.
bool Consumer::is_abandoned() const {
  const nanoseconds threshold = config().inactive_threshold;
  if (threshold.count() == 0 || around_.loop.now() - last_client_ < threshold) return false;
  if (config().is_push()) return true;
  const auto in_time = [&](const auto& entry) { return saturating_add(entry.second.deadline_ns, threshold.count()) > now_ns(); };
  return std::ranges::none_of(tracker_.pending(), in_time);
}

// Who asked and listens no more: its request goes without a word.
void Consumer::drop_uninterested() {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return !around_.router.has_interest(broker::kGlobalAccount, waiting.reply); });
}

void Consumer::status_to(std::string_view subject, std::string_view status, std::string_view lines, std::string_view reply) {
  const std::string block = status_block(status, lines);
  around_.router.publish(broker::kGlobalAccount,
                         {.subject = subject, .reply = reply, .header_bytes = static_cast<std::uint32_t>(block.size()), .payload = block});
}

std::string Consumer::pending_lines(const Waiting& waiting) const {
  return fmt::format("Nats-Pending-Messages: {}\r\nNats-Pending-Bytes: {}\r\n", waiting.left, waiting.bytes_left);
}

std::string Consumer::position_lines() const {
  const std::string stalled =
      flow_asked_ && unanswered_bytes_ >= kFlowWindowBytes
          ? fmt::format("Nats-Consumer-Stalled: $JS.FC.{}.{}.{}\r\n", around_.stream.name(), config().name, flow_id_)
          : std::string();
  return fmt::format("Nats-Last-Consumer: {}\r\nNats-Last-Stream: {}\r\n{}", tracker_.delivered().consumer,
                     tracker_.delivered().stream.value(), stalled);
}

void Consumer::ask_flow_control(std::size_t bytes) {
  if (!config().flow_control) return;
  unanswered_bytes_ += bytes;
  if (flow_asked_ || unanswered_bytes_ < kFlowWindowBytes / 2) return;
  flow_asked_ = true;
  status_to(config().deliver_subject, "100 FlowControl Request", {},
            fmt::format("$JS.FC.{}.{}.{}", around_.stream.name(), config().name, ++flow_id_));
}

bool Consumer::is_stalled() const {
  if (config().is_push()) return unanswered_bytes_ >= kFlowWindowBytes || !has_client();
  return waiting_.empty();
}

std::string Consumer::info() {
  drop_uninterested();
  return info_members({.stream = around_.stream.name(),
                       .config = config(),
                       .created_ns = start_.created_ns,
                       .delivered = tracker_.delivered(),
                       .floor = tracker_.floor(),
                       .delivered_ns = delivered_ns_,
                       .acknowledged_ns = acknowledged_ns_,
                       .ack_pending = tracker_.pending_count(),
                       .redelivered = config().max_deliver == 1 ? 0 : tracker_.redelivered_count(),
                       .waiting = waiting_.size(),
                       .pending = pending(),
                       .push_bound = config().is_push() && has_client(),
                       .now_ns = now_ns()});
}

}  // namespace firth::jetstream
