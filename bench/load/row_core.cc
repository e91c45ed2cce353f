// The fast side alone: what one delivery costs. Publishers and subscribers are connections of their own, on several shards where there are
// several.
#include <algorithm>
#include <string>
#include <vector>

#include "bench/load/measure.h"
#include "bench/load/nats_client.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

// Deliveries under way: well below max_pending, so that no subscriber is ever too slow.
constexpr std::size_t kInFlightMessages = 16384;
constexpr std::size_t kInFlightBytes = std::size_t{16} << 20;
constexpr std::size_t kUnsentBytes = 64 * 1024;  // about what client libraries gather before they write

// One publisher with the subscribers of its subjects.
struct Group {
  Connection publisher;
  std::vector<Connection> subscribers;
  std::vector<std::string> subjects;
  std::size_t next_subject = 0;
  std::size_t in_flight = 0;
};

Group make_group(const Options& options, std::size_t number) {
  Group group{.publisher = Connection(options.port), .subscribers = {}, .subjects = {}};
  nats_handshake(group.publisher);
  const std::string prefix = "bench.row" + std::to_string(number) + ".";
  for (std::size_t i = 0; i < options.subjects; ++i)
    group.subjects.push_back(prefix + (options.subjects == 1 ? "data" : std::to_string(i)));
  const std::string filter = options.subjects == 1 ? group.subjects.front() : prefix + "*";
  for (std::size_t i = 0; i < options.subscribers; ++i) {
    Connection& subscriber = group.subscribers.emplace_back(options.port);
    nats_handshake(subscriber);
    subscriber.append("SUB " + filter + (options.queue ? " workers 1\r\n" : " 1\r\n"));
    nats_round_trip(subscriber);
  }
  return group;
}

}  // namespace

void run_core(const Options& options) {
  std::vector<Group> groups;
  Poller poller;
  for (std::size_t i = 0; i < options.pairs; ++i) groups.push_back(make_group(options, i));
  const std::size_t connections = 1 + options.subscribers;  // of a group: its publisher is the first
  for (std::size_t i = 0; i < groups.size(); ++i) {
    poller.add(groups[i].publisher, static_cast<std::uint32_t>(i * connections));
    for (std::size_t k = 0; k < options.subscribers; ++k)
      poller.add(groups[i].subscribers[k], static_cast<std::uint32_t>(i * connections + 1 + k));
  }

  const std::string payload(options.payload_bytes, 'x');
  const std::size_t deliveries = options.queue ? 1 : options.subscribers;
  const std::size_t most_in_flight = std::min(kInFlightMessages, kInFlightBytes / std::max<std::size_t>(payload.size(), 1));
  Measurement measurement(options);
  measurement.run([&] {
    for (Group& group : groups) {
      while (group.in_flight < most_in_flight && group.publisher.unsent_bytes() < kUnsentBytes) {
        nats_publish(group.publisher, group.subjects[group.next_subject], {}, payload);
        if (++group.next_subject == group.subjects.size()) group.next_subject = 0;
        group.in_flight += deliveries;
      }
      group.publisher.flush();
    }
    std::size_t received = 0;
    for (const std::uint32_t index : poller.ready()) {
      Group& group = groups[index / connections];
      const std::size_t place = index % connections;
      Connection& connection = place == 0 ? group.publisher : group.subscribers[place - 1];
      connection.fill();
      const std::size_t here = for_each_message(connection, [&](const NatsMessage& message) {
        if (message.payload.size() != payload.size()) give_up("a message changed its size");
      });
      connection.flush();
      group.in_flight -= here;
      received += here;
    }
    return received;
  });
  measurement.print();
}

}  // namespace firth::load
