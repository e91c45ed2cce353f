#include "jetstream/consumers.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"
#include "jetstream/consumer_rules.h"
#include "subject/match.h"
#include "subject/syntax.h"

namespace firth::jetstream {
namespace {

using broker::ConsumerConfig;
using broker::ConsumerState;
using broker::kGlobalAccount;

constexpr std::size_t kMaxNames = 1024;
constexpr std::size_t kMaxDetails = 256;
const ConsumerError kNotFound{404, 10014, "consumer not found"};

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
  subscribe(Tag::kNext, "$JS.API.CONSUMER.MSG.NEXT.{}.*");
  subscribe(Tag::kAck, "$JS.ACK.{}.>");
  subscribe(Tag::kFlowControl, "$JS.FC.{}.>");
}

StreamConsumers::~StreamConsumers() {
  stream_.remove_observer(*this);
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

std::string StreamConsumers::create_as(Form form, const ApiRequest& asked) {
  const auto refuse = [&](const ConsumerError& error) { return api_error(asked.type, error); };
  auto parsed = parse_consumer_request(asked.body);
  if (const auto* const bad = std::get_if<ConsumerError>(&parsed)) return refuse(*bad);
  auto& request = std::get<ConsumerRequest>(parsed);
  ConsumerConfig& config = request.config;
  if (!request.stream.empty() && request.stream != stream_.name())
    return refuse({400, 10056, "stream name in subject does not match request"});
  const bool durable_form = form == Form::kDurable;
  const std::string_view rest = asked.tokens.size() > 1 ? std::string_view(asked.tokens[1]) : std::string_view();
  const std::size_t dot = durable_form ? rest.size() : std::min(rest.find('.'), rest.size());
  const std::string_view name = rest.substr(0, dot);
  const std::string_view filter = rest.substr(std::min(dot + 1, rest.size()));
  if (durable_form && config.durable_name.empty())
    return refuse({400, 10018, "consumer expected to be durable but a durable name was not set"});
  if (durable_form && config.durable_name != name)
    return refuse({400, 10017, "consumer name in subject does not match durable name in request"});
  if (!config.name.empty() && !config.durable_name.empty() && config.name != config.durable_name)
    return refuse({400, 10132, "Consumer Durable and Name have to be equal if both are provided"});
  if (config.name.empty()) config.name = config.durable_name.empty() ? std::string(name) : config.durable_name;
  if (!name.empty() && config.name != name)
    return refuse({400, 10131, "Consumer create request did not match filtered subject from create subject"});
  if (!filter.empty() && (config.several_filters || config.filters.size() != 1 || config.filters.front() != filter))
    return refuse({400, 10131, "Consumer create request did not match filtered subject from create subject"});
  if (config.name.empty()) {
    static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::array<std::byte, 8> random{};
    random_.fill(random);
    for (const std::byte byte : random) config.name += kLetters[std::to_integer<std::size_t>(byte) % kLetters.size()];
  }
  if (!is_consumer_name(config.name)) return refuse({400, 10103, "durable name can not contain '.', '*', '>'"});

  fill_consumer_defaults(config);
  if (auto error = check_consumer(config, stream_.config())) return refuse(*error);
  Consumer* there = find(config.name);
  if (there == nullptr) {
    if (auto error = check_new(request, config)) return refuse(*error);
    const std::string key = config.name;
    broker::ConsumerStart start = start_of(std::move(config));
    const auto written = stream_.partition().act_on_piece(
        {.piece = broker::piece_key(broker::PieceKind::kConsumer, key), .act = ConsumerState::start_act(start)});
    if (!written.ok()) return refuse({503, 10012, written.error().text});
    broker::AckTracker tracker(start.config.ack_policy, start.behind);
    const Consumer::Around around{.stream = stream_, .router = router_, .loop = loop_, .owner = *this};
    there = (consumers_[key] = std::make_unique<Consumer>(around, std::move(start), std::move(tracker), Consumer::Origin::kNew)).get();
  } else {
    if (request.action == ConsumerRequest::Action::kCreate && !(there->config() == config))
      return refuse({400, 10148, "consumer already exists"});
    if (auto error = update(*there, std::move(config))) return refuse(*error);
  }
  return api_response(asked.type, there->info());
}

ConsumerCheck StreamConsumers::check_new(const ConsumerRequest& request, const ConsumerConfig& config) const {
  if (request.action == ConsumerRequest::Action::kUpdate) return ConsumerError{400, 10149, "consumer does not exist"};
  const std::int64_t limit = stream_.config().max_consumers;
  if (limit > 0 && static_cast<std::int64_t>(consumers_.size()) >= limit)
    return ConsumerError{400, 10026, "maximum consumers limit reached"};
  if (stream_.config().retention != broker::Retention::kWorkQueue) return std::nullopt;
  for (const auto& [name, other] : consumers_) {
    if (config.filters.empty() || other->config().filters.empty())
      return ConsumerError{400, 10099, "multiple non-filtered consumers not allowed on workqueue stream"};
    for (const std::string& a : config.filters)
      for (const std::string& b : other->config().filters)
        if (subject::overlaps(a, b)) return ConsumerError{400, 10100, "filtered consumer not unique on workqueue stream"};
  }
  return std::nullopt;
}

ConsumerCheck StreamConsumers::update(Consumer& there, ConsumerConfig config) {
  if (there.config() == config) return std::nullopt;
  if (auto error = check_consumer_update(there.config(), config)) return error;
  const auto written = stream_.partition().act_on_piece(
      {.piece = broker::piece_key(broker::PieceKind::kConsumer, config.name), .act = ConsumerState::config_act(config)});
  if (!written.ok()) return ConsumerError{503, 10012, written.error().text};
  there.change_config(std::move(config));
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
      Sequence last = counts.messages == 0 ? counts.last + 1 : counts.last;
      if (!config.filters.empty()) {
        last = counts.last + 1;
        std::optional<Sequence> newest;
        for (const std::string& filter : config.filters) newest = std::max(newest, stream_.last_sequence(filter));
        if (newest.has_value()) last = *newest;
      }
      first = last;
      break;
    }
    case broker::DeliverPolicy::kNew:
      first = counts.last + 1;
      break;
    case broker::DeliverPolicy::kByStartSequence:
      first = std::clamp(Sequence(config.start_sequence), std::min(first, counts.last + 1), counts.last + 1);
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
  const std::size_t offset = parse_list_offset(request.body);
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
  Consumer* const consumer = find(request.tokens[1]);
  return consumer == nullptr ? api_error(request.type, kNotFound) : api_response(request.type, consumer->info());
}

std::string StreamConsumers::remove(const ApiRequest& request) {
  const auto at = consumers_.find(request.tokens[1]);
  if (at == consumers_.end()) return api_error(request.type, kNotFound);
  end(at, "409 Consumer Deleted");
  return api_response(request.type, "\"success\":true");
}

void StreamConsumers::next(std::string_view name, const broker::Message& message) {
  Consumer* const consumer = find(name);
  const std::string status = status_block(consumer == nullptr ? "503" : "409 Consumer is push based");
  if (consumer != nullptr && !consumer->config().is_push()) return consumer->pull(message.body(), message.reply);
  router_.publish(kGlobalAccount,
                  {.subject = message.reply, .reply = {}, .header_bytes = static_cast<std::uint32_t>(status.size()), .payload = status});
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
  if (stream_.config().retention == broker::Retention::kInterest) {
    const auto stored = stream_.get(message);
    if (!stored.ok() || !stored->has_value()) return;
    for (const auto& [name, consumer] : consumers_)
      if (!consumer->is_done_with(message, (*stored)->subject)) return;
  }
  stream_.erase(message);
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

void StreamConsumers::on_gone() {
  for (const auto& [name, consumer] : consumers_) consumer->end("409 Consumer Deleted");
  consumers_.clear();
}

Consumer* StreamConsumers::find(std::string_view name) {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : found->second.get();
}

}  // namespace firth::jetstream
