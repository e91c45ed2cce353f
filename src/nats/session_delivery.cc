// What a client is sent, and what ends a session: deliveries, the slow consumer, timers, closing.
#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/mark.h"
#include "nats/errors.h"
#include "nats/message_line.h"
#include "nats/session.h"
#include "nats/sessions.h"
#include "nats/trace.h"
#include "runtime/deadline.h"

namespace firth::nats {

namespace {

using namespace std::chrono_literals;
constexpr auto kFarewellLinger = 1s;
constexpr std::string_view kPingLine = "PING\r\n";
// A backlog below it is nobody's concern: the sockets' buffers hold as much.
constexpr std::size_t kWatchedBacklog = 64 * 1024;
// While the memory budget is passed, whoever has more than that waiting is the reason.
constexpr std::size_t kFairBacklog = 1024 * 1024;

// "MSG ...", payload, line end; a large payload by reference.
void append_message(runtime::OutBuffer& out, const MessageLine& line, const broker::Message& message, std::string_view payload) {
  const bool by_reference = message.block != nullptr && payload.size() >= runtime::kReferenceBytes;
  const std::size_t copied = by_reference ? 0 : payload.size() + kLineEnd.size();
  auto* const start = reinterpret_cast<char*>(out.reserve(message_line_bound(line) + copied));
  char* at = write_message_line(start, line);
  if (by_reference) {
    out.commit(static_cast<std::size_t>(at - start));
    out.append(message.share(payload));
    out.append(kLineEnd);
    return;
  }
  std::memcpy(at, payload.data(), payload.size());
  at += payload.size();
  std::memcpy(at, kLineEnd.data(), kLineEnd.size());
  out.commit(static_cast<std::size_t>(at - start) + kLineEnd.size());
}

}  // namespace

Session::Session(Sessions& owner, runtime::Connection& connection, std::uint64_t id)
    : owner_(owner),
      connection_(&connection),
      id_(id),
      parser_(owner.face().settings.limits),
      keep_alive_(owner.face().settings.keep_alive),
      is_admitted_(!owner.face().settings.credentials.required()),
      traces_(log_enabled(LogLevel::kTrace)),
      backlog_mark_(std::min(kWatchedBacklog, owner.face().settings.max_pending)) {}

Session::~Session() { FIRTH_ASSERT(subscriptions_.empty()); }

const Settings& Session::settings() const { return owner_.face().settings; }

void Session::start() {
  Info info = settings().info;
  info.client_id = id_;
  info.client_ip = connection_->peer().host;
  send(info_line(info));
  if (!is_admitted_) schedule(authentication_timer_, settings().authentication_timeout, &Session::on_authentication_timeout);
  const auto random = static_cast<std::uint32_t>(owner_.random().next());
  schedule(keep_alive_timer_, keep_alive_.first_delay(random), &Session::on_keep_alive);
  log_debug("{} - cid:{} - Client connection created", connection_->peer().to_string(), id_);
}

broker::Pressure Session::deliver(const broker::Message& message, std::uint64_t tag) {
  auto& [sid, subscription] = *reinterpret_cast<Subscriptions::value_type*>(static_cast<std::uintptr_t>(tag));
  const std::string_view payload = options_.headers ? message.payload : message.body();
  const MessageLine line{.subject = message.subject,
                         .sid = sid,
                         .reply = message.reply,
                         .header_bytes = options_.headers ? message.header_bytes : 0,
                         .total_bytes = static_cast<std::uint32_t>(payload.size())};
  append_message(connection_->out(), line, message, payload);
  connection_->touch();
  if (traces_) [[unlikely]]
    trace("->>", traced(line), payload);
  Counters& counters = owner_.shard().counters;
  counters.add(Counter::kMessagesOut);
  counters.add(Counter::kBytesOut, payload.size());
  if (subscription.limit.count() == DeliveryLimit::Verdict::kDeliverLast) remove(subscriptions_.find(sid));
  const std::size_t pending = connection_->out().size();
  return pending < backlog_mark_ ? broker::Pressure::kNone : on_backlog(pending);
}

// Reached rarely: while the write deadline is watched the mark stands at three quarters of max_pending.
broker::Pressure Session::on_backlog(std::size_t pending) {
  const std::size_t limit = settings().max_pending;
  if (pending > limit) {
    FIRTH_MARK("nats.session.max_pending");
    give_up_slow_consumer(fmt::format("MaxPending of {} Exceeded", limit));
    return broker::Pressure::kNone;
  }
  const runtime::MemoryGovernor& memory = owner_.shard().memory;
  if (memory.is_over_budget() && pending > kFairBacklog) {
    FIRTH_MARK("nats.session.memory_budget");
    give_up_slow_consumer(fmt::format("memory budget of {} exceeded with {} bytes pending", memory.budget_bytes(), pending));
    return broker::Pressure::kNone;
  }
  if (backlog_mark_ == 0) backlog_mark_ = write_timer_.value == 0 ? std::min(kWatchedBacklog, limit) : limit / 4 * 3;
  if (write_timer_.value == 0 && pending >= backlog_mark_) watch_write_deadline(pending);
  if (memory.is_over_budget() && pending >= kWatchedBacklog) return broker::Pressure::kHigh;
  return pending > limit / 4 * 3 ? broker::Pressure::kHigh : broker::Pressure::kNone;
}

void Session::watch_write_deadline(std::size_t pending) {
  write_goal_ = connection_->out().written_bytes() + pending;
  backlog_mark_ = std::max(backlog_mark_, settings().max_pending / 4 * 3);
  schedule(write_timer_, settings().write_deadline, &Session::check_write_deadline);
}

void Session::check_write_deadline() {
  const runtime::OutBuffer& out = connection_->out();
  if (out.written_bytes() < write_goal_) {
    FIRTH_MARK("nats.session.write_deadline");
    const auto deadline = std::chrono::duration<double>(settings().write_deadline).count();
    return give_up_slow_consumer(fmt::format("WriteDeadline of {}s exceeded with {} bytes pending", deadline, out.size()));
  }
  backlog_mark_ = std::min(kWatchedBacklog, settings().max_pending);
  if (out.size() >= backlog_mark_) watch_write_deadline(out.size());
}

void Session::give_up_slow_consumer(std::string_view why) {
  log_info("{} - cid:{} - Slow Consumer Detected: {}", connection_->peer().to_string(), id_, why);
  owner_.shard().counters.add(Counter::kSlowConsumers);
  close(Farewell::kNone, "Slow Consumer");
}

void Session::schedule(runtime::TimerId& timer, std::chrono::nanoseconds delay, void (Session::*action)()) {
  runtime::Loop& loop = owner_.shard().loop;
  timer = loop.schedule(runtime::deadline_after(loop.now(), delay), [this, &timer, action] {
    timer = {};
    (this->*action)();
  });
}

void Session::on_keep_alive() {
  const KeepAlive::Action action = keep_alive_.on_timer(owner_.shard().loop.now());
  if (action == KeepAlive::Action::kStale) {
    log_debug("{} - cid:{} - Stale Client Connection - Closing", connection_->peer().to_string(), id_);
    refuse(ProtocolError::kStaleConnection);
    return;
  }
  if (action == KeepAlive::Action::kPing) send(kPingLine);
  schedule(keep_alive_timer_, keep_alive_.interval(), &Session::on_keep_alive);
}

void Session::on_authentication_timeout() { refuse(ProtocolError::kAuthenticationTimeout); }

void Session::resume() {
  if (is_open()) connection_->resume_input();
}

void Session::shut_down() {
  if (is_open()) close(Farewell::kNone, "Server Shutdown");
}

void Session::on_closed(const Error& why) {
  log_debug("{} - cid:{} - Client connection closed: {}", connection_->peer().to_string(), id_, why.text);
  release();
}

void Session::close(Farewell farewell, std::string_view why) {
  log_debug("{} - cid:{} - Client connection closed: {}", connection_->peer().to_string(), id_, why);
  connection_->close(farewell == Farewell::kWritten ? kFarewellLinger : 0s);
  release();
}

void Session::release() {
  connection_ = nullptr;
  runtime::Loop& loop = owner_.shard().loop;
  for (const runtime::TimerId timer : {keep_alive_timer_, authentication_timer_, write_timer_, resume_timer_}) loop.cancel(timer);
  while (!subscriptions_.empty()) remove(subscriptions_.begin());
  owner_.let_go(*this);
}

}  // namespace firth::nats
