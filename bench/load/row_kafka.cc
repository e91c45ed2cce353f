// The durable side from Kafka: the same batch again and again, so that the generator costs little; each answer is checked for error and
// offset.
#include <chrono>
#include <string>
#include <vector>

#include "bench/load/connection.h"
#include "bench/load/kafka_wire.h"
#include "bench/load/measure.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

constexpr std::string_view kTopic = "bench";

std::string_view wait_for_response(Connection& connection) {
  for (;;) {
    connection.flush();
    if (const std::string_view response = next_response(connection); !response.empty()) return response;
    connection.fill();
  }
}

// A broker answers the creation before its partition takes records: the first ones are tried until one is stored.
std::int64_t wait_for_leader(Connection& connection, std::string& frame) {
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  for (;;) {
    connection.append(frame);
    const Produced first = produced_in(wait_for_response(connection), kTopic);
    if (first.error_code == 0) return first.base_offset;
    if (Clock::now() > deadline) give_up("the topic takes no records: error %d", static_cast<int>(first.error_code));
  }
}

struct Producer {
  Connection connection;
  std::string frame;
  std::vector<Clock::time_point> sent;  // by correlation id modulo window: responses keep the order
  std::int32_t next_id = 1, next_answer = 1;
  std::int64_t last_offset = -1;
};

void send_free(Producer& producer) {
  const auto window = static_cast<std::int32_t>(producer.sent.size());
  for (; producer.next_id - producer.next_answer < window; ++producer.next_id) {
    set_correlation_id(producer.frame, producer.next_id);
    producer.sent[static_cast<std::size_t>(producer.next_id % window)] = Clock::now();
    producer.connection.append(producer.frame);
  }
  producer.connection.flush();
}

// The offsets of one producer grow by its batches, and by nothing else if nobody else produces.
void take_answer(Producer& producer, std::string_view response, std::int64_t records, bool is_alone, Measurement& measurement) {
  const Produced produced = produced_in(response, kTopic);
  if (correlation_id_of(response) != producer.next_answer) give_up("responses out of order");
  if (produced.error_code != 0) give_up("a batch was refused: error %d", static_cast<int>(produced.error_code));
  const std::int64_t least = producer.last_offset + 1;
  if (produced.base_offset < least || (is_alone && produced.base_offset > least))
    give_up("offset %lld instead of %lld", static_cast<long long>(produced.base_offset), static_cast<long long>(least));
  producer.last_offset = produced.base_offset + records - 1;
  const std::size_t window = producer.sent.size();
  measurement.completed_after(Clock::now() - producer.sent[static_cast<std::size_t>(producer.next_answer) % window]);
  ++producer.next_answer;
}

}  // namespace

void run_kafka(const Options& options) {
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const std::string frame = produce_request(0, kTopic, record_batch(options.batch_records, options.payload_bytes, now_ms));
  const auto records = static_cast<std::int64_t>(options.batch_records);
  std::vector<Producer> producers;
  Poller poller;
  for (std::size_t i = 0; i < options.clients; ++i) {
    producers.push_back({.connection = Connection(options.port), .frame = frame, .sent = std::vector<Clock::time_point>(options.window)});
    poller.add(producers[i].connection, static_cast<std::uint32_t>(i));
  }
  producers[0].connection.append(create_topic_request(0, kTopic));
  wait_for_response(producers[0].connection);
  producers[0].last_offset = wait_for_leader(producers[0].connection, producers[0].frame) + records - 1;

  for (Producer& producer : producers) send_free(producer);
  Measurement measurement(options);
  measurement.run([&] {
    std::size_t answered = 0;
    for (Producer& producer : producers)
      if (producer.connection.unsent_bytes() != 0) producer.connection.flush();
    for (const std::uint32_t index : poller.ready()) {
      Producer& producer = producers[index];
      producer.connection.fill();
      for (std::string_view response = next_response(producer.connection); !response.empty();
           response = next_response(producer.connection)) {
        take_answer(producer, response, records, producers.size() == 1, measurement);
        ++answered;
      }
      send_free(producer);
    }
    return answered;
  });
  measurement.print(options.batch_records);
}

}  // namespace firth::load
