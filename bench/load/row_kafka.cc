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

}  // namespace

void run_kafka(const Options& options) {
  Connection connection(options.port);
  connection.append(create_topic_request(0, kTopic));
  wait_for_response(connection);

  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::string frame = produce_request(0, kTopic, record_batch(options.batch_records, options.payload_bytes, now_ms));
  std::int64_t next_offset = wait_for_leader(connection, frame) + static_cast<std::int64_t>(options.batch_records);

  Poller poller;
  poller.add(connection, 0);
  std::vector<Clock::time_point> sent(options.window);  // by correlation id modulo window: responses keep the order
  std::int32_t next_id = 1, next_answer = 1;
  const auto window = static_cast<std::int32_t>(options.window);
  Measurement measurement(options);
  measurement.run([&] {
    while (next_id - next_answer < window) {
      set_correlation_id(frame, next_id);
      sent[static_cast<std::size_t>(next_id % window)] = Clock::now();
      connection.append(frame);
      ++next_id;
    }
    connection.flush();
    std::size_t answered = 0;
    if (poller.ready().empty()) return answered;
    connection.fill();
    for (std::string_view response = next_response(connection); !response.empty(); response = next_response(connection)) {
      const Produced produced = produced_in(response, kTopic);
      if (correlation_id_of(response) != next_answer) give_up("responses out of order");
      if (produced.error_code != 0) give_up("a batch was refused: error %d", static_cast<int>(produced.error_code));
      if (produced.base_offset != next_offset)
        give_up("offset %lld instead of %lld", static_cast<long long>(produced.base_offset), static_cast<long long>(next_offset));
      next_offset += static_cast<std::int64_t>(options.batch_records);
      measurement.completed_after(Clock::now() - sent[static_cast<std::size_t>(next_answer % window)]);
      ++next_answer;
      ++answered;
    }
    return answered;
  });
  measurement.print(options.batch_records);
}

}  // namespace firth::load
