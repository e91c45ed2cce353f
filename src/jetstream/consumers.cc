#include "jetstream/consumers.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"
#include "jetstream/api_level.h"
#include "jetstream/consumer_rules.h"
#include "jetstream/json_fields.h"
#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::jetstream {
namespace {

using broker::ConsumerConfig;
using broker::ConsumerState;
using broker::kGlobalAccount;

constexpr std::size_t kMaxNames = 1024;
constexpr std::size_t kMaxDetails = 256;
using enum ApiErrorName;

// The token at `index` (from 0) of a subject.
std::string_view token_at(std::string_view subject, std::size_t index) {
  subject::TokenCursor cursor(subject);
  for (std::size_t i = 0; cursor.next(); ++i)
    if (i == index) return cursor.token();
  return {};
}

// $JS.API.CONSUMER.MSG.NEXT.<stream>.<name>, $JS.ACK.<stream>.<name>.<delivered>.<sequence>...
constexpr std::size_t kNextNameToken = 6;
constexpr std::size_t kAckNameToken = 3;
constexpr std::size_t kAckSequenceToken = 5;

}  // namespace

StreamConsumers::StreamConsumers(broker::Stream& stream, broker::Router& router, runtime::Loop& loop, runtime::Random& random)
    : stream_(stream), router_(router), loop_(loop), random_(random) {
  load();
  stream_.add_observer(*this);
  stream_.set_interest(this);
  subscribe(Tag::kNext, "$JS.API.CONSUMER.MSG.NEXT.{}.*");
  subscribe(Tag::kAck, "$JS.ACK.{}.>");
  subscribe(Tag::kFlowControl, "$JS.FC.{}.>");
}

StreamConsumers::~StreamConsumers() {
  stream_.remove_observer(*this);
  stream_.set_interest(nullptr);
  for (const subject::SubscriberId id : subscriptions_) router_.unsubscribe(id);
}

void StreamConsumers::subscribe(Tag tag, std::string_view pattern) {
  const std::string filter = fmt::format(fmt::runtime(pattern), stream_.name());
  subscriptions_.push_back(router_.subscribe(kGlobalAccount, *this, static_cast<std::uint64_t>(tag), filter));
}

void StreamConsumers::load() {
  stream_.partition().for_each_piece(
      static_cast<std::uint16_t>(broker::PieceKind::kConsumer), [&](const std::string& name, log::Piece& piece) {
        const auto& state = static_cast<const ConsumerState&>(piece);
        consumers_[name] = std::make_unique<Consumer>(Consumer::Around{.stream = stream_, .router = router_, .loop = loop_, .owner = *this},
                                                      state.start(), state.tracker(), Consumer::Origin::kFound);
      });
}

broker::Pressure StreamConsumers::deliver(const broker::Message& message, std::uint64_t tag) {
  if (!message.subject.starts_with("$JS.")) return broker::Pressure::kNone;  // delivered to us by a consumer whose client asked so
  switch (static_cast<Tag>(tag)) {
    case Tag::kNext:  // without a reply there is nobody to answer to: the real server does nothing either
      if (!message.reply.empty()) next(token_at(message.subject, kNextNameToken), message);
      break;
    case Tag::kAck:
      acknowledge(message);
      break;
    case Tag::kFlowControl:
      if (Consumer* const consumer = find(token_at(message.subject, kAckNameToken))) consumer->flow_control_answered();
      break;
  }
  return broker::Pressure::kNone;
}

std::string StreamConsumers::create(const ApiRequest& request) { return create_as(Form::kNamed, request); }
std::string StreamConsumers::create_durable(const ApiRequest& request) { return create_as(Form::kDurable, request); }

// An ephemeral consumer whose client names none.
std::string StreamConsumers::random_name() {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::array<std::byte, 8> random{};
  std::string name;
  do {
    random_.fill(random);
    name.clear();
    for (const std::byte byte : random) name += kLetters[std::to_integer<std::size_t>(byte) % kLetters.size()];
  } while (consumers_.contains(name));
  return name;
}

std::string StreamConsumers::create_as(Form form, const ApiRequest& asked) {
  const auto refuse = [&](const ApiError& error) { return error_response(asked.type, error); };
  auto request = parse_consumer_request(asked.body);
  if (!request.has_value()) return refuse(request.error());
  // A name may be followed by a filter.
  const std::string_view rest = asked.tokens.size() > 1 ? std::string_view(asked.tokens[1]) : std::string_view();
  const std::size_t dot = form == Form::kDurable ? rest.size() : std::min(rest.find('.'), rest.size());
  ConsumerAddress address{.form = form, .stream = stream_.name(), .name = rest.substr(0, dot)};
  address.filter = rest.substr(std::min(dot + 1, rest.size()));
  if (rest.empty()) address.form = Form::kEphemeral;
  if (auto error = check_address(address, *request)) return refuse(*error);
  ConsumerConfig& config = request->config;
  fill_consumer_defaults(config);
  if (auto error = check_consumer(*request, stream_.config())) return refuse(*error);
  if (config.name.empty()) config.name = random_name();

  Consumer* there = find(config.name);
  if (there != nullptr) {
    if (request->action == ConsumerRequest::Action::kCreate && !(there->config() == config)) return refuse({kConsumerExists});
    if (auto error = update(*there, std::move(config))) return refuse(*error);
  } else {
    if (request->action == ConsumerRequest::Action::kUpdate) return refuse({kConsumerMissing});
    if (auto error = check_room(config)) return refuse(*error);
    auto made = make(std::move(config));
    if (!made.ok()) return refuse({kConsumerFailed, made.error().text});
    there = *made;
  }
  return api_response(asked.type, there->info());
}

Result<Consumer*> StreamConsumers::make(ConsumerConfig config) {
  const std::string name = config.name;
  broker::ConsumerStart start = start_of(std::move(config));
  FIRTH_CHECK(stream_.partition().act_on_piece(
      {.piece = broker::piece_key(broker::PieceKind::kConsumer, name), .act = ConsumerState::start_act(start)}));
  broker::AckTracker tracker(start.config.ack_policy, start.behind);
  const Consumer::Around around{.stream = stream_, .router = router_, .loop = loop_, .owner = *this};
  auto& made = consumers_[name];
  made = std::make_unique<Consumer>(around, std::move(start), std::move(tracker), Consumer::Origin::kNew);
  return made.get();
}

// Whether the stream may have one more.
ApiCheck StreamConsumers::check_room(const ConsumerConfig& config) const {
  const std::int64_t limit = stream_.config().max_consumers;
  if (limit > 0 && static_cast<std::int64_t>(consumers_.size()) >= limit) return ApiError{kMaxConsumers};
  if (stream_.config().retention != broker::Retention::kWorkQueue) return std::nullopt;
  if (config.ack_policy != broker::AckTracker::Policy::kExplicit) return ApiError{kWorkQueueNeedsExplicit};
  if (config.deliver_policy != broker::DeliverPolicy::kAll) return ApiError{kWorkQueueNeedsAll};
  if (!consumers_.empty() && config.filters.empty()) return ApiError{kWorkQueueUnfiltered};
  return check_share(config);
}

// In a work queue each message is for one consumer.
ApiCheck StreamConsumers::check_share(const ConsumerConfig& config) const {
  if (stream_.config().retention != broker::Retention::kWorkQueue) return std::nullopt;
  const auto filters_of = [](const ConsumerConfig& c) { return c.filters.empty() ? std::vector<std::string>{">"} : c.filters; };
  for (const auto& [name, other] : consumers_) {
    if (name == config.name) continue;
    for (const std::string& theirs : filters_of(other->config()))
      for (const std::string& ours : filters_of(config))
        if (subject::overlaps(ours, theirs)) return ApiError{kWorkQueueNotUnique};
  }
  return std::nullopt;
}

ApiCheck StreamConsumers::update(Consumer& there, ConsumerConfig config) {
  if (there.config() == config) return std::nullopt;
  if (auto error = check_share(config)) return error;
  if (auto error = check_consumer_update(there.config(), config)) return error;
  const std::string& subject = there.config().deliver_subject;
  if (config.deliver_subject != subject && router_.has_interest(kGlobalAccount, subject)) return ApiError{kConsumerNameInUse};
  const auto written = stream_.partition().act_on_piece(
      {.piece = broker::piece_key(broker::PieceKind::kConsumer, config.name), .act = ConsumerState::config_act(config)});
  if (!written.ok()) return ApiError{kConsumerFailed, written.error().text};
  const bool narrows = there.config().filters != config.filters;
  there.change_config(std::move(config));
  if (narrows) drop_unwanted();
  return std::nullopt;
}

broker::ConsumerStart StreamConsumers::start_of(ConsumerConfig config) {
  const broker::StreamCounts counts = stream_.counts();
  Sequence first = counts.first;
  switch (config.deliver_policy) {
    case broker::DeliverPolicy::kAll:
    case broker::DeliverPolicy::kLastPerSubject:
      break;
    case broker::DeliverPolicy::kLast: {
      std::optional<Sequence> newest = stream_.last_sequence({});
      if (!config.filters.empty()) newest.reset();
      for (const std::string& filter : config.filters) newest = std::max(newest, stream_.last_sequence(filter));
      first = newest.value_or(counts.first);  // of nothing the last is the first that comes
      break;
    }
    case broker::DeliverPolicy::kNew:
      first = counts.last + 1;
      break;
    case broker::DeliverPolicy::kByStartSequence:
      first = std::max(Sequence(config.start_sequence), first);  // it may lie in the future
      break;
    case broker::DeliverPolicy::kByStartTime:
      first = stream_.first_at(config.start_time_ns);
      break;
  }
  const Sequence behind = first == Sequence(0) ? first : Sequence(first.value() - 1);
  return {.config = std::move(config),
          .created_ns = loop_.wall_now().time_since_epoch().count(),
          .behind = behind,
          .last_at_start = counts.last};
}

std::string StreamConsumers::names(const ApiRequest& request) {
  return page(request, kMaxNames, [](const std::string& name, Consumer&) { return quoted(name); });
}

std::string StreamConsumers::list(const ApiRequest& request) {
  return page(request, kMaxDetails, [](const std::string&, Consumer& consumer) { return fmt::format("{{{}}}", consumer.info()); });
}

std::string StreamConsumers::page(const ApiRequest& request, std::size_t limit, std::string (*entry_of)(const std::string&, Consumer&)) {
  const auto asked = parse_list_offset(request.body);
  if (!asked.has_value()) return error_response(request.type, asked.error());
  const std::size_t offset = std::min(*asked, consumers_.size());
  std::string consumers;
  std::size_t index = 0;
  for (const auto& [name, consumer] : consumers_) {
    if (index++ < offset || index > offset + limit) continue;
    if (!consumers.empty()) consumers += ',';
    consumers += entry_of(name, *consumer);
  }
  return api_response(
      request.type, fmt::format("\"total\":{},\"offset\":{},\"limit\":{},\"consumers\":[{}]", consumers_.size(), offset, limit, consumers));
}

std::string StreamConsumers::info(const ApiRequest& request) {
  if (!request.body.empty()) return error_response(request.type, {kNotEmptyRequest});
  Consumer* const consumer = find(request.tokens[1]);
  return consumer == nullptr ? error_response(request.type, {kConsumerNotFound}) : api_response(request.type, consumer->info());
}

std::string StreamConsumers::remove(const ApiRequest& request) {
  if (!request.body.empty()) return error_response(request.type, {kNotEmptyRequest});
  const auto at = consumers_.find(request.tokens[1]);
  if (at == consumers_.end()) return error_response(request.type, {kConsumerNotFound});
  end(at, "409 Consumer Deleted");
  return api_response(request.type, "\"success\":true");
}

void StreamConsumers::next(std::string_view name, const broker::Message& message) {
  Consumer* const consumer = find(name);
  if (asks_for_higher_level(message.headers())) return send_status(message.reply, "412 Required Api Level");
  if (consumer == nullptr) return send_status(message.reply, "503", fmt::format("Nats-Subject: {}\r\n", message.subject));
  if (consumer->config().is_push()) return send_status(message.reply, "409 Consumer is push based");
  consumer->pull(message.body(), message.reply);
}

void StreamConsumers::send_status(std::string_view reply, std::string_view status, std::string_view lines) {
  const std::string block = status_block(status, lines);
  router_.publish(kGlobalAccount,
                  {.subject = reply, .reply = {}, .header_bytes = static_cast<std::uint32_t>(block.size()), .payload = block});
}

void StreamConsumers::acknowledge(const broker::Message& message) {
  Consumer* const consumer = find(token_at(message.subject, kAckNameToken));
  const std::string_view digits = token_at(message.subject, kAckSequenceToken);
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  if (consumer == nullptr || error != std::errc() || end != digits.data() + digits.size()) return;
  consumer->acknowledge(Sequence(sequence), message.body(), message.reply);
}

// In a work queue the acknowledgement is the erasure: both are decided in one turn, so they lie in one frame.
void StreamConsumers::on_done(Sequence message) {
  if (stream_.config().retention == broker::Retention::kLimits) return;
  if (stream_.config().retention == broker::Retention::kInterest && !is_unwanted(message)) return;
  stream_.erase(message);
}

bool StreamConsumers::is_unwanted(Sequence message) {
  const std::optional<std::string> subject = stream_.subject_of(message);
  return subject.has_value() &&
         std::ranges::all_of(consumers_, [&](const auto& entry) { return entry.second->is_done_with(message, *subject); });
}

bool StreamConsumers::wants(std::string_view subject) const {
  return std::ranges::any_of(consumers_, [&](const auto& entry) { return broker::takes(entry.second->config().filters, subject); });
}

// In an interest stream: what nobody is to get any more, after a consumer went or changed. One pass over what is there, in one turn, as a
// purge is.
void StreamConsumers::drop_unwanted() {
  if (stream_.config().retention != broker::Retention::kInterest) return;
  for (auto at = stream_.next_sequence(Sequence(1), {}); at.has_value(); at = stream_.next_sequence(*at + 1, {}))
    if (is_unwanted(*at)) stream_.erase(*at);
}

void StreamConsumers::on_inactive(const std::string& name) {
  if (const auto at = consumers_.find(name); at != consumers_.end()) end(at, "409 Consumer Deleted");
}

void StreamConsumers::end(std::map<std::string, std::unique_ptr<Consumer>, std::less<>>::iterator at, std::string_view status) {
  at->second->end(status);
  const auto written = stream_.partition().act_on_piece(
      {.piece = broker::piece_key(broker::PieceKind::kConsumer, at->first), .operation = log::PieceOperation::kRemove, .act = {}});
  consumers_.erase(at);
  if (!written.ok()) log_warning("JetStream stream '{}': {}", stream_.name(), written.error().text);
  drop_unwanted();
}

void Consumers::on_stream_gone(broker::Stream& stream) {
  const auto gone = by_stream_.find(&stream);
  if (gone == by_stream_.end()) return;
  gone->second->on_gone();
  by_stream_.erase(gone);
}

void StreamConsumers::on_messages() {
  for (const auto& [name, consumer] : consumers_) consumer->on_messages();
}

void StreamConsumers::on_erased() {
  for (const auto& [name, consumer] : consumers_) consumer->on_erased();
}

void StreamConsumers::on_config() { drop_unwanted(); }

void StreamConsumers::on_gone() {
  for (const auto& [name, consumer] : consumers_) consumer->end("409 Consumer Deleted");
  consumers_.clear();
}

Consumer* StreamConsumers::find(std::string_view name) {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : found->second.get();
}

}  // namespace firth::jetstream
