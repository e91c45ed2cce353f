// Clients of both faces on one simulated server: JetStream publishes, bucket puts, Kafka produces with and without idempotence, erasures,
// acknowledgements of a consumer, commits of a group. It is killed or loses power at a random step, with and without a fault of its disk,
// and must have kept what it acknowledged: once, in order, with its content; nothing that was gone is back, nothing confirmed goes back.
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "broker/consumer_state.h"
#include "broker/piece_kinds.h"
#include "broker/visible_read.h"
#include "kafka/handlers/group_offsets.h"
#include "kafka/handlers/init_producer_id.h"
#include "kafka/handlers/produce.h"
#include "log/batch_builder.h"
#include "tests/sim/both_faces_world.h"
#include "tests/sim/seeds.h"

namespace firth::test {
namespace {

using namespace std::chrono_literals;
using kafka::ErrorCode;

constexpr int kKeys = 5;

std::uint64_t number_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  std::uint64_t number = 0;
  if (at != std::string_view::npos) std::from_chars(text.data() + at + name.size(), text.data() + text.size(), number);
  return number;
}

// What was asked of one log, and what was answered. A payload is "writer:number" and is written once.
class Ledger {
 public:
  using Content = std::map<std::int64_t, std::string>;  // by offset

  std::string next(const std::string& writer) {
    std::string payload = writer + ":" + std::to_string(numbers_[writer]++);
    attempted_.insert(payload);
    return payload;
  }
  void acknowledge(const std::string& payload, std::int64_t offset) {
    EXPECT_TRUE(acknowledged_.emplace(payload, offset).second || acknowledged_[payload] == offset) << payload;
  }
  std::optional<std::int64_t> some_acknowledged(sim::Random& random) const {
    if (acknowledged_.empty()) return std::nullopt;
    return std::next(acknowledged_.begin(), static_cast<std::ptrdiff_t>(random.below(acknowledged_.size())))->second;
  }
  void try_erase(std::int64_t offset) { maybe_gone_.insert(offset); }
  void erased(std::int64_t offset) { gone_.insert(offset); }
  std::size_t acknowledged_count() const { return acknowledged_.size(); }

  void check(const Content& found, std::string_view name) {
    std::set<std::string> once;
    std::map<std::string, std::uint64_t> last;
    for (const auto& [offset, payload] : found) {
      EXPECT_TRUE(attempted_.contains(payload)) << name << ": nobody wrote " << payload << " at " << offset;
      EXPECT_TRUE(once.insert(payload).second) << name << ": " << payload << " is there twice";
      const std::string writer = payload.substr(0, payload.find(':'));
      const std::uint64_t number = number_after(payload, ":") + 1;
      EXPECT_GT(number, std::exchange(last[writer], number)) << name << ": " << payload << " stands behind a later one";
      EXPECT_FALSE(gone_.contains(offset)) << name << ": " << payload << " at " << offset << " is back";
    }
    for (const auto& [payload, offset] : acknowledged_) {
      const auto there = found.find(offset);
      if (there == found.end()) {
        EXPECT_TRUE(maybe_gone_.contains(offset)) << name << ": lost " << payload << ", acknowledged at " << offset;
        gone_.insert(offset);
      } else {
        EXPECT_EQ(there->second, payload) << name << " at " << offset;
      }
    }
  }

 private:
  std::map<std::string, std::uint64_t> numbers_;
  std::set<std::string> attempted_;
  std::map<std::string, std::int64_t> acknowledged_;
  std::set<std::int64_t> maybe_gone_, gone_;
};

// Answers by the subject that they come to.
class Inbox final : public broker::Subscriber {
 public:
  using Take = std::function<void(const broker::Message&)>;
  std::string expect(std::uint32_t shard, Take take) {
    std::string subject = "inbox." + std::to_string(shard) + "." + std::to_string(++count_);
    takers_[subject] = std::move(take);
    return subject;
  }
  broker::Pressure deliver(const broker::Message& message, std::uint64_t) override {
    if (message.reply.starts_with("$JS.ACK.")) on_pulled(message);  // has its own subject, not that of the inbox
    else if (const auto taker = takers_.find(std::string(message.subject)); taker != takers_.end()) taker->second(message);
    return broker::Pressure::kNone;
  }
  void forget() { takers_.clear(); }
  Take on_pulled;

 private:
  std::map<std::string, Take> takers_;
  std::uint64_t count_ = 0;
};

SharedBytes batch_of(std::string_view key, const std::vector<std::string>& payloads, const log::BatchIdentity& identity) {
  std::vector<std::byte> bytes;
  log::BatchBuilder builder(bytes, identity);
  for (const std::string& payload : payloads)
    builder.append({.timestamp_ms = identity.base_timestamp_ms, .key = as_bytes(key), .value = as_bytes(payload), .headers = {}});
  return SharedBytes::copy(builder.finish());
}

kafka::ProduceRequest produce_request(const std::string& topic, std::int32_t partition, SharedBytes records) {
  kafka::ProduceRequest request{.acks = -1, .timeout_ms = 30'000};
  request.topics.push_back({.name = topic, .partitions = {{.partition_index = partition, .records = std::move(records)}}});
  return request;
}

class Clients {
 public:
  Clients(BothFaces& server, std::uint64_t seed) : server_(server), random_(seed) {
    inbox_.on_pulled = [this](const broker::Message& message) { take(message); };
  }

  void make_everything();
  void begin_life();
  void do_something();
  void end_life() { inbox_.forget(), ++life_; }
  void check();
  std::size_t acknowledged_count() const { return orders_.acknowledged_count() + plain_.acknowledged_count() + puts_; }
  std::size_t confirmed_count() const { return confirmed_.size(); }

 private:
  // An idempotent producer of one partition: sends a batch again until it knows what became of it.
  struct Producer {
    std::vector<std::string> payloads;
    SharedBytes batch;
    std::int32_t sequence = 0;
    bool under_way = false;
  };

  std::uint32_t some_shard() { return static_cast<std::uint32_t>(random_.below(server_.shard_count())); }
  // A callback that is nothing once the life in which it was made is over.
  template <class Work>
  auto in_this_life(Work work) {
    return [this, life = life_, work = std::move(work)](auto&&... arguments) mutable {
      if (life == life_) work(arguments...);
    };
  }
  void publish();
  void put();
  void produce_to_stream();
  void produce_idempotent();
  void send(Producer& producer, std::int32_t partition);
  void erase();
  void pull();
  void take(const broker::Message& message);
  void commit();
  void check_orders();
  void check_bucket();
  void check_plain();
  void check_consumer();
  void check_group();

  BothFaces& server_;
  sim::Random random_;
  std::uint64_t life_ = 0;
  Inbox inbox_;
  Ledger orders_;
  std::array<Producer, 2> producers_;
  std::int64_t producer_id_ = -1;
  std::set<std::int64_t> producer_ids_;
  Ledger plain_;
  std::map<int, std::pair<std::uint64_t, std::uint64_t>> newest_;  // of a key: number and revision of the last put that was acknowledged
  std::uint64_t put_count_ = 0, puts_ = 0;
  std::map<std::uint64_t, std::string> seen_puts_;
  std::set<std::uint64_t> gone_puts_;
  std::set<std::uint64_t> confirmed_;
  std::uint64_t last_delivery_ = 0;
  std::int64_t committing_ = 0, committed_ = -1;
};

void Clients::make_everything() {
  broker::TopicConfig config = broker::stream_defaults();
  config.subjects = {"orders.*"};
  server_.make_topic("orders", 1, config);
  config.subjects = {"$KV.b.>"};
  config.max_msgs_per_subject = 2;
  server_.make_topic("KV_b", 1, config);
  config = broker::kafka_defaults();
  config.retention_ms = -1;  // the timestamps of these records are anything
  server_.make_topic("plain", 2, config);
}

void Clients::begin_life() {
  for (std::uint32_t shard = 0; shard < server_.shard_count(); ++shard)
    server_.subscribe(shard, inbox_, "inbox." + std::to_string(shard) + ".>");
  bool is_made = false;
  server_.publish(0, "$JS.API.CONSUMER.DURABLE.CREATE.orders.c",
                  inbox_.expect(0, [&](const broker::Message& message) { is_made = message.body().find("error") == std::string::npos; }),
                  R"({"stream_name":"orders","config":{"durable_name":"c","ack_policy":"explicit","ack_wait":1000000000}})");
  ASSERT_TRUE(server_.world.world.run_until([&] { return is_made; }, 10s));
  std::optional<std::int64_t> id;
  server_.ask<kafka::InitProducerId>(some_shard(), 4, {.transactional_id = std::nullopt},
                                     [&](const kafka::InitProducerIdResponse& response) { id = response.producer_id; });
  ASSERT_TRUE(server_.world.world.run_until([&] { return id.has_value(); }, 10s));
  EXPECT_TRUE(producer_ids_.insert(*id).second) << "producer id " << *id << " is given out twice";
  if (producer_id_ < 0) producer_id_ = *id;
  for (Producer& producer : producers_) producer.under_way = false;
}

void Clients::do_something() {
  switch (random_.below(10)) {
    case 0:
    case 1:
    case 2:
      return publish();
    case 3:
      return put();
    case 4:
      return produce_to_stream();
    case 5:
    case 6:
      return produce_idempotent();
    case 7:
      return random_.below(3) == 0 ? erase() : publish();
    case 8:
      return pull();
    default:
      return commit();
  }
}

void Clients::publish() {
  const std::uint32_t shard = some_shard();
  const std::string payload = orders_.next("nats" + std::to_string(shard));
  const std::string reply = inbox_.expect(shard, [this, payload](const broker::Message& message) {
    if (const std::uint64_t sequence = number_after(message.body(), "\"seq\":"); sequence > 0)
      orders_.acknowledge(payload, to_offset(Sequence(sequence)).value());
  });
  server_.publish(shard, "orders." + std::to_string(random_.below(4)), reply, payload);
}

void Clients::put() {
  const std::uint32_t shard = 0;  // one client, so that its puts have an order
  const std::uint64_t number = ++put_count_;
  const int key = static_cast<int>(number % kKeys);
  const std::string reply = inbox_.expect(shard, [this, key, number](const broker::Message& message) {
    if (const std::uint64_t revision = number_after(message.body(), "\"seq\":"); revision > 0) newest_[key] = {number, revision}, ++puts_;
  });
  server_.publish(shard, "$KV.b.k" + std::to_string(key), reply, "put:" + std::to_string(number));
}

void Clients::produce_to_stream() {
  const std::uint32_t shard = some_shard();
  std::vector<std::string> payloads;
  for (std::uint64_t n = 1 + random_.below(3); n > 0; --n) payloads.push_back(orders_.next("kafka" + std::to_string(shard)));
  server_.ask<kafka::Produce>(shard, 9, produce_request("orders", 0, batch_of("orders.k", payloads, {.base_timestamp_ms = 5})),
                              in_this_life([this, payloads](const kafka::ProduceResponse& response) {
                                const auto& answer = response.topics.at(0).partitions.at(0);
                                if (answer.error_code != ErrorCode::kNone) return;
                                for (std::size_t i = 0; i < payloads.size(); ++i)
                                  orders_.acknowledge(payloads[i], answer.base_offset + static_cast<std::int64_t>(i));
                              }));
}

void Clients::produce_idempotent() {
  const std::size_t partition = random_.below(producers_.size());
  Producer& producer = producers_[partition];
  if (producer.under_way) return;
  if (producer.payloads.empty()) {
    for (std::uint64_t n = 1 + random_.below(3); n > 0; --n)
      producer.payloads.push_back(plain_.next("producer" + std::to_string(partition)));
    producer.batch = batch_of(
        "k", producer.payloads,
        {.base_timestamp_ms = 5, .producer_id = ProducerId(producer_id_), .producer_epoch = 0, .base_sequence = producer.sequence});
  }
  send(producer, static_cast<std::int32_t>(partition));
}

void Clients::send(Producer& producer, std::int32_t partition) {
  producer.under_way = true;
  server_.ask<kafka::Produce>(some_shard(), 9, produce_request("plain", partition, SharedBytes::copy(producer.batch.view())),
                              in_this_life([this, &producer, partition](const kafka::ProduceResponse& response) {
                                const auto& answer = response.topics.at(0).partitions.at(0);
                                EXPECT_NE(answer.error_code, ErrorCode::kOutOfOrderSequenceNumber);
                                EXPECT_NE(answer.error_code, ErrorCode::kInvalidProducerEpoch);
                                producer.under_way = false;
                                if (answer.error_code != ErrorCode::kNone) return;
                                // Two partitions, one ledger: their offsets are kept apart.
                                const std::int64_t base = answer.base_offset * 2 + partition;
                                for (std::size_t i = 0; i < producer.payloads.size(); ++i)
                                  plain_.acknowledge(producer.payloads[i], base + 2 * static_cast<std::int64_t>(i));
                                producer.sequence += static_cast<std::int32_t>(producer.payloads.size());
                                producer.payloads.clear();
                              }));
}

void Clients::erase() {
  const auto offset = orders_.some_acknowledged(random_);
  if (!offset.has_value()) return;
  orders_.try_erase(*offset);
  const std::uint32_t home = server_.home_shard("orders");
  server_.world.shard(home).shard().loop.post([this, offset = *offset, life = life_] {
    broker::Stream& stream = server_.stream("orders");
    (void)stream.erase(to_sequence(Offset(offset)));
    stream.when_released([this, offset, life](const Result<void>& released) {
      if (released.ok() && life == life_) orders_.erased(offset);
    });
  });
}

void Clients::pull() {
  const std::string reply = inbox_.expect(0, [](const broker::Message&) {});  // for what is no message
  server_.publish(0, "$JS.API.CONSUMER.MSG.NEXT.orders.c", reply, R"({"batch":5,"expires":2000000000})");
}

// $JS.ACK.orders.c.<deliveries>.<sequence>.<number>.<time>.<pending>
void Clients::take(const broker::Message& message) {
  const std::string_view position = message.reply.substr(std::string_view("$JS.ACK.orders.c.").size());
  const std::string_view rest = position.substr(position.find('.'));
  const std::uint64_t sequence = number_after(rest, ".");
  const std::uint64_t number = number_after(rest.substr(1), ".");
  EXPECT_FALSE(confirmed_.contains(sequence)) << "sequence " << sequence << " comes after its acknowledgement was confirmed";
  EXPECT_GT(number, last_delivery_) << "the number of a delivery is used again";
  last_delivery_ = number;
  if (random_.below(4) == 0) return;  // comes again
  const std::string reply = inbox_.expect(0, [this, sequence](const broker::Message&) { confirmed_.insert(sequence); });
  server_.publish(0, std::string(message.reply), reply, "+ACK");
}

void Clients::commit() {
  kafka::OffsetCommitRequest request{.group_id = "g"};
  const std::int64_t offset = ++committing_;
  request.topics.push_back({.name = "plain", .partitions = {{.partition_index = 1, .committed_offset = offset}}});
  server_.ask<kafka::OffsetCommit>(0, 8, std::move(request), in_this_life([this, offset](const kafka::OffsetCommitResponse& response) {
                                     if (response.topics.at(0).partitions.at(0).error_code == ErrorCode::kNone)
                                       committed_ = std::max(committed_, offset);
                                   }));
}

Ledger::Content messages_of(broker::Stream& stream) {
  Ledger::Content found;
  for (auto at = stream.next_sequence(Sequence(1), {}); at.has_value(); at = stream.next_sequence(*at + 1, {})) {
    const auto message = stream.get(*at);
    EXPECT_TRUE(message.ok() && message->has_value()) << at->value();
    if (message.ok() && message->has_value()) found[to_offset(*at).value()] = as_text((*message)->payload);
  }
  return found;
}

Ledger::Content records_of(log::Partition& partition) {
  Ledger::Content found;
  for (Offset at = partition.log_start(); at < partition.high_watermark();) {
    const auto read = broker::read_visible(partition, {.from = at, .bound = partition.high_watermark()});
    EXPECT_TRUE(read.ok()) << read.error().text;
    if (!read.ok() || read->batches.empty()) break;
    for (const SharedBytes& bytes : read->batches) {
      for (ByteView left = bytes.view(); !left.empty(); left = left.subspan(log::BatchView(left).size())) {
        const log::BatchView batch(left);
        at = batch.next_offset();
        log::RecordReader reader(batch, batch.records());
        for (log::RecordView record; !batch.is_control() && reader.next(record) == log::ReadStep::kRead;)
          found[record.offset.value()] = as_text(record.value.value_or(ByteView()));
      }
    }
  }
  return found;
}

void Clients::check_orders() {
  const Ledger::Content messages = messages_of(server_.stream("orders"));
  orders_.check(messages, "orders");
  EXPECT_EQ(messages, records_of(server_.partition(*server_.topic("orders"), 0))) << "one log, two faces";
}

void Clients::check_bucket() {
  broker::Stream& stream = server_.stream("KV_b");
  std::map<std::uint64_t, std::string> found;
  for (const auto& [offset, payload] : messages_of(stream)) found[to_sequence(Offset(offset)).value()] = payload;
  for (const auto& [revision, payload] : found) EXPECT_FALSE(gone_puts_.contains(revision)) << "revision " << revision << " is back";
  for (const auto& [revision, payload] : seen_puts_)
    if (!found.contains(revision)) gone_puts_.insert(revision);
  seen_puts_ = std::move(found);
  for (const auto& [key, newest] : newest_) {
    const auto last = stream.last_of("$KV.b.k" + std::to_string(key));
    ASSERT_TRUE(last.ok() && last->has_value()) << "key " << key << " is lost";
    const std::uint64_t number = number_after(as_text((*last)->payload), "put:");
    EXPECT_EQ(number % kKeys, static_cast<std::uint64_t>(key));
    EXPECT_GE(number, newest.first) << "key " << key << " went back";
    if (number == newest.first) EXPECT_EQ((*last)->sequence, Sequence(newest.second));
  }
}

void Clients::check_plain() {
  Ledger::Content both;
  for (std::int32_t partition = 0; partition < 2; ++partition)
    for (const auto& [offset, payload] : records_of(server_.partition(*server_.topic("plain"), partition)))
      both[offset * 2 + partition] = payload;
  plain_.check(both, "plain");
}

void Clients::check_consumer() {
  const log::Piece* const piece =
      server_.partition(*server_.topic("orders"), 0).piece(broker::piece_key(broker::PieceKind::kConsumer, "c"));
  if (piece == nullptr) {
    EXPECT_TRUE(confirmed_.empty()) << "the consumer is lost";
    return;
  }
  const broker::AckTracker& tracker = static_cast<const broker::ConsumerState*>(piece)->tracker();
  for (const std::uint64_t sequence : confirmed_)
    EXPECT_TRUE(Sequence(sequence) <= tracker.delivered().stream && tracker.find(Sequence(sequence)) == nullptr)
        << "the acknowledgement of " << sequence << " went back";
}

void Clients::check_group() {
  std::optional<std::int64_t> found;
  kafka::OffsetFetchRequest request{.group_id = "g"};
  request.topics.emplace().push_back({.name = "plain", .partition_indexes = {1}});
  server_.ask<kafka::OffsetFetch>(0, 7, std::move(request), [&](const kafka::OffsetFetchResponse& response) {
    found = response.topics.at(0).partitions.at(0).committed_offset;
  });
  ASSERT_TRUE(server_.world.world.run_until([&] { return found.has_value(); }, 10s));
  EXPECT_GE(*found, committed_) << "a committed offset went back";
  EXPECT_LE(*found, committing_);
}

void Clients::check() {
  check_orders();
  check_bucket();
  check_plain();
  check_consumer();
  check_group();
}

struct Totals {
  std::size_t acknowledged = 0, confirmed = 0, faults = 0;
};

enum class Disk : std::uint8_t { kSound, kFails };

// Of the journal or of segments, as in RecoveryProperty.
sim::Fault some_fault(sim::Random& random) {
  constexpr std::array kOperations{sim::Operation::kWrite, sim::Operation::kAnySync, sim::Operation::kNames, sim::Operation::kAnyChange};
  constexpr std::array kEffects{sim::Effect::kError, sim::Effect::kShort, sim::Effect::kNoSpace, sim::Effect::kStall, sim::Effect::kHalt};
  constexpr std::array kPaths{"journal", "partitions", "manifest", ""};
  return {.operation = kOperations[random.below(kOperations.size())],
          .nth = 1 + random.below(60),
          .path_contains = kPaths[random.below(kPaths.size())],
          .effect = kEffects[random.below(kEffects.size())],
          .stall = std::chrono::milliseconds(random.below(3000))};
}

void run_lives(std::uint64_t seed, Disk disk, Totals& totals) {
  BothFaces server(seed, 1 + seed % 2);
  Clients clients(server, seed);
  sim::Random random(seed + 1);
  for (int life = 0; life < 4; ++life) {
    ASSERT_TRUE(server.open()) << server.world.error;
    if (life == 0) clients.make_everything();
    clients.check();
    clients.begin_life();
    if (testing::Test::HasFailure()) return;
    if (disk == Disk::kFails) server.world.world.files().inject(some_fault(random));
    for (std::uint64_t rounds = 10 + random.below(60); rounds > 0; --rounds) {
      for (std::uint64_t n = 1 + random.below(4); n > 0; --n) clients.do_something();
      random.below(3) == 0 ? server.world.world.run_for(std::chrono::milliseconds(random.below(300)))
                           : static_cast<void>(server.world.world.run_steps(random.below(60)));
      if (random.below(20) == 0) server.world.broker->disk().checkpointer().request();
    }
    totals.faults += server.world.world.files().counters().faults;
    clients.end_life();
    server.crash(random.below(2) == 0 ? BothFaces::Crash::kKill : BothFaces::Crash::kPowerLoss);
  }
  ASSERT_TRUE(server.open()) << server.world.error;
  clients.check();
  totals.acknowledged += clients.acknowledged_count();
  totals.confirmed += clients.confirmed_count();
}

class BothFacesProperty : public testing::TestWithParam<Disk> {};
INSTANTIATE_TEST_SUITE_P(Disks, BothFacesProperty, testing::Values(Disk::kSound, Disk::kFails),
                         [](const auto& disk) { return disk.param == Disk::kSound ? "Sound" : "Fails"; });

TEST_P(BothFacesProperty, WhatWasAcknowledgedSurvivesAndNothingGoesBack) {
  Totals totals;
  const auto seeds = firth::test::seeds(30);
  for (const std::uint64_t seed : seeds) {
    SCOPED_TRACE(firth::test::replay(seed));
    run_lives(seed, GetParam(), totals);
    if (testing::Test::HasFailure()) return;
  }
  if (seeds.size() == 1) return;  // one seed alone may do little
  EXPECT_GT(totals.acknowledged, 50 * seeds.size());
  EXPECT_GT(totals.confirmed, 5 * seeds.size());
  if (GetParam() == Disk::kFails) EXPECT_GT(totals.faults, seeds.size());
  std::printf("%zu acknowledged writes, %zu confirmed acknowledgements, %zu faults\n", totals.acknowledged, totals.confirmed,
              totals.faults);
}

}  // namespace
}  // namespace firth::test
