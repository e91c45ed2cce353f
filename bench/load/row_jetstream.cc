// The durable side from NATS: one connection with a window of unacknowledged publishes, as asynchronous publishers of the client libraries
// do.
#include <charconv>
#include <string>
#include <vector>

#include "bench/load/measure.h"
#include "bench/load/nats_client.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

constexpr std::string_view kStream =
    R"({"name":"bench","subjects":["bench.row.*"],"retention":"limits","storage":"file","num_replicas":1,"max_age":0})";
constexpr std::string_view kInbox = "_INBOX.bench.";

struct Slot {
  std::string reply;  // the inbox that its acknowledgement comes to
  Clock::time_point sent{};
};

}  // namespace

void run_jetstream(const Options& options) {
  Connection connection(options.port);
  nats_handshake(connection);
  nats_request(connection, "$JS.API.STREAM.DELETE.bench", "");  // of an earlier run, if there was one
  const std::string created = nats_request(connection, "$JS.API.STREAM.CREATE.bench", kStream);
  if (created.find("\"error\"") != std::string::npos) give_up("cannot create the stream: %s", created.c_str());
  connection.append("SUB _INBOX.bench.* 1\r\n");
  nats_round_trip(connection);

  Poller poller;
  poller.add(connection, 0);
  const std::string payload(options.payload_bytes, 'x');
  std::vector<Slot> slots(options.window);
  std::vector<std::size_t> free_slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].reply = std::string(kInbox) + std::to_string(i);
    free_slots.push_back(i);
  }
  Measurement measurement(options);
  const auto acknowledged = [&](const NatsMessage& message) {
    if (message.payload.find("\"seq\"") == std::string_view::npos || message.payload.find("\"error\"") != std::string_view::npos) {
      give_up("not an acknowledgement: %s", std::string(message.payload).c_str());
    }
    std::size_t index = slots.size();
    std::from_chars(message.subject.data() + kInbox.size(), message.subject.data() + message.subject.size(), index);
    if (index >= slots.size()) give_up("an acknowledgement for nobody: %s", std::string(message.subject).c_str());
    measurement.completed_after(Clock::now() - slots[index].sent);
    free_slots.push_back(index);
  };
  measurement.run([&] {
    while (!free_slots.empty()) {
      Slot& slot = slots[free_slots.back()];
      free_slots.pop_back();
      nats_publish(connection, "bench.row.data", slot.reply, payload);
      slot.sent = Clock::now();
    }
    connection.flush();
    if (poller.ready().empty()) return std::size_t{0};
    connection.fill();
    return for_each_message(connection, acknowledged);
  });
  measurement.print();
}

}  // namespace firth::load
