// The operations of a client. What is delivered to it, and what its timers do, is in session_delivery.cc.
#include "nats/session.h"

#include <fmt/core.h>

#include "base/log.h"
#include "nats/errors.h"
#include "nats/headers.h"
#include "nats/sessions.h"
#include "nats/trace.h"
#include "security/password.h"
#include "subject/syntax.h"

namespace firth::nats {

namespace {

using namespace std::chrono_literals;
constexpr std::string_view kOkLine = "+OK\r\n";
constexpr std::string_view kPongLine = "PONG\r\n";
constexpr auto kProducerStall = 2ms;

}  // namespace

std::size_t Session::on_input(const SharedBytes& input) {
  const std::string_view text = as_text(input.view());
  std::size_t at = 0;
  Operation operation;
  operation.message.block = &input;
  bool heard = false;
  published_ = {};
  while (at < text.size()) {
    const Parser::Outcome outcome = parser_.next(text.substr(at), operation);
    if (outcome == Parser::Outcome::kIncomplete) {
      connection_->expect(parser_.expected_bytes());
      break;
    }
    if (outcome == Parser::Outcome::kError) {
      // Before it is admitted a client may say CONNECT and nothing else.
      const bool connecting = text[at] == 'C' || text[at] == 'c';
      refuse(is_admitted_ || connecting ? operation.error : ProtocolError::kAuthorizationViolation);
      break;
    }
    heard = heard || (operation.verb != Verb::kPong && operation.verb != Verb::kConnect);
    const Step step = handle(operation);
    if (step == Step::kAgain) break;
    at += parser_.consumed();
    if (step == Step::kEnd) break;
  }
  if (heard) keep_alive_.on_data(owner_.shard().loop.now());
  finish_input();
  return at;
}

// Counters are written once for all that came in, and who publishes faster than others read waits for a moment.
void Session::finish_input() {
  Counters& counters = owner_.shard().counters;
  if (published_.messages != 0) {
    counters.add(Counter::kMessagesIn, published_.messages);
    counters.add(Counter::kBytesIn, published_.bytes);
  }
  if (published_.pressure != broker::Pressure::kHigh || !is_open() || resume_timer_.value != 0) return;
  counters.add(Counter::kProducerStalls);
  connection_->pause_input();
  schedule(resume_timer_, kProducerStall, &Session::resume);
}

Session::Step Session::handle(const Operation& operation) {
  if (traces_) [[unlikely]]
    trace("<<-", traced(operation), operation.verb == Verb::kPublish ? operation.message.payload : std::string_view());
  if (operation.verb == Verb::kConnect) return connect(operation.arguments);
  if (!is_admitted_) return refuse(ProtocolError::kAuthorizationViolation);
  switch (operation.verb) {
    case Verb::kPublish:
      return publish(operation);
    case Verb::kSubscribe:
      return subscribe(operation);
    case Verb::kUnsubscribe:
      return unsubscribe(operation);
    case Verb::kPing:
      return ping();
    case Verb::kPong:
      keep_alive_.on_pong(owner_.shard().loop.now());
      return Step::kNext;
    case Verb::kError:
      return refuse(ProtocolError::kErrorFromClient);
    case Verb::kConnect:
    case Verb::kInfo:
    case Verb::kOk:
      return Step::kNext;  // means nothing to a server
  }
  return Step::kNext;
}

Session::Step Session::connect(std::string_view arguments) {
  if (!read_connect(arguments, options_)) return refuse(ProtocolError::kMalformedConnect);
  const Admission admission = judge_credentials();
  if (admission == Admission::kAwaited) return Step::kAgain;
  if (admission == Admission::kRefused) {
    log_error("{} - cid:{} - authentication error - User \"{}\"", connection_->peer().to_string(), id_, options_.user);
    return refuse(ProtocolError::kAuthorizationViolation);
  }
  if (const ProtocolError problem = problem_of(options_); problem != ProtocolError::kNone) return refuse(problem);
  is_admitted_ = true;
  owner_.shard().loop.cancel(authentication_timer_);
  info_is_due_ = options_.protocol >= 1;
  return ok();
}

Session::Admission Session::judge_credentials() {
  if (!settings().credentials.required()) return Admission::kAccepted;
  if (hash_verdict_ != Admission::kAwaited) return std::exchange(hash_verdict_, Admission::kAwaited);
  const auto claim = settings().credentials.claim_of(options_);
  if (!claim) return Admission::kRefused;
  if (!security::is_bcrypt_hash(claim->stored))
    return security::password_matches(claim->given, claim->stored) ? Admission::kAccepted : Admission::kRefused;
  compare_hash(*claim);
  return Admission::kAwaited;
}

// On the worker pool: a hash takes as long as ten thousand messages. CONNECT is read again when the verdict is there.
void Session::compare_hash(const Credentials::Claim& claim) {
  connection_->pause_input();
  auto matches = std::make_shared<bool>(false);
  owner_.face().workers->submit([given = std::string(claim.given), stored = std::string(claim.stored),
                                 matches] { *matches = security::password_matches(given, stored); },
                                owner_.shard().loop,
                                [&owner = owner_, id = id_, matches] {
                                  Session* const session = owner.find(id);
                                  if (session == nullptr) return;
                                  session->hash_verdict_ = *matches ? Admission::kAccepted : Admission::kRefused;
                                  session->resume();
                                });
}

Session::Step Session::publish(const Operation& operation) {
  const broker::Message& message = operation.message;
  if (operation.has_headers && !(options_.headers && settings().info.headers)) return refuse(ProtocolError::kHeadersNotSupported);
  ++published_.messages;
  published_.bytes += message.payload.size();
  if (options_.pedantic && !subject::is_valid_literal(message.subject)) refuse(ProtocolError::kInvalidPublishSubject);
  ok();
  const broker::Routed routed = owner_.router().publish(broker::kGlobalAccount, message, options_.echo ? nullptr : this);
  if (routed.pressure == broker::Pressure::kHigh) published_.pressure = broker::Pressure::kHigh;
  if (routed.receivers == 0 && options_.no_responders && !message.reply.empty()) answer_no_responders(message);
  return is_open() ? Step::kNext : Step::kEnd;  // it may have been its own slow consumer
}

void Session::answer_no_responders(const broker::Message& request) {
  const std::string block = no_responders_block(request.subject);
  const broker::Message message{
      .subject = request.reply, .reply = {}, .header_bytes = static_cast<std::uint32_t>(block.size()), .payload = block};
  owner_.router().publish_to(broker::kGlobalAccount, message, *this);
}

Session::Step Session::subscribe(const Operation& operation) {
  const std::size_t token_limit = settings().max_subscription_tokens;
  if (token_limit != 0 && subject::token_count(operation.subject) > token_limit) {
    send(error_line(too_many_tokens(operation.subject)));
    return Step::kNext;
  }
  const std::size_t limit = settings().max_subscriptions;
  if (limit != 0 && subscriptions_.size() >= limit) return refuse(ProtocolError::kMaximumSubscriptions);
  if (subscriptions_.contains(operation.sid)) return ok();  // the same sid again changes nothing, whatever its subject
  if (!subject::is_valid_filter(operation.subject)) return refuse(ProtocolError::kInvalidSubject);
  const auto entry = subscriptions_.emplace(operation.sid, Subscription{}).first;
  const auto tag = reinterpret_cast<std::uintptr_t>(&*entry);
  entry->second.id = owner_.router().subscribe(broker::kGlobalAccount, *this, tag, operation.subject, operation.queue);
  owner_.shard().counters.add(Counter::kSubscriptions);
  return ok();
}

Session::Step Session::unsubscribe(const Operation& operation) {
  const auto found = subscriptions_.find(operation.sid);
  if (found != subscriptions_.end() && found->second.limit.set(operation.maximum)) remove(found);
  return ok();
}

void Session::remove(Subscriptions::iterator subscription) {
  owner_.router().unsubscribe(subscription->second.id);
  owner_.shard().counters.subtract(Counter::kSubscriptions);
  subscriptions_.erase(subscription);
}

// PONG promises that everything sent before it has been done: on every shard subscriptions are known and messages are with their
// receivers. If some of it is still under way to another shard, the PING is read again once it has arrived.
Session::Step Session::ping() {
  if (!owner_.router().settled()) {
    connection_->pause_input();
    owner_.router().when_settled([&owner = owner_, id = id_] {
      if (Session* const session = owner.find(id)) session->resume();
    });
    return Step::kAgain;
  }
  send(kPongLine);
  if (std::exchange(info_is_due_, false)) {
    Info info = settings().info;
    info.client_id = id_;
    info.client_ip = connection_->peer().host;
    info.connect_info = true;
    info.remote_account = "$G";
    send(info_line(info));
  }
  return Step::kNext;
}

Session::Step Session::ok() {
  if (options_.verbose) send(kOkLine);
  return Step::kNext;
}

Session::Step Session::refuse(ProtocolError error) {
  log_debug("{} - cid:{} - {}", connection_->peer().to_string(), id_, name_of(error));
  send(error_line(error));
  if (fate_of(error) == Fate::kStays) return Step::kNext;
  close(Farewell::kWritten, name_of(error));
  return Step::kEnd;
}

void Session::send(std::string_view text) {
  if (text.empty()) return;
  connection_->out().append(text);
  connection_->touch();
  if (!traces_ || text.starts_with("INFO")) return;
  const std::string_view line = text.substr(0, text.find('\r'));
  trace("->>", line.starts_with('+') ? line.substr(1) : line, {});
}

void Session::trace(std::string_view direction, std::string_view what, std::string_view payload) const {
  const std::string who = fmt::format("{} - cid:{} - {}", connection_->peer().to_string(), id_, direction);
  log_trace("{} [{}]", who, what);
  if (!payload.empty()) log_trace("{} {}", who, traced_payload(payload));
}

}  // namespace firth::nats
