// The fast side alone: what one delivery costs. Publisher and subscriber are two connections, on two shards where there are two.
#include <string>

#include "bench/load/measure.h"
#include "bench/load/nats_client.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

constexpr std::size_t kInFlightMessages = 16384;  // well below max_pending, so that the subscriber is never too slow
constexpr std::size_t kUnsentBytes = 64 * 1024;   // about what client libraries gather before they write

}  // namespace

void run_core(const Options& options) {
  Connection publisher(options.port), subscriber(options.port);
  nats_handshake(publisher);
  nats_handshake(subscriber);
  subscriber.append("SUB bench.row.data 1\r\n");
  nats_round_trip(subscriber);

  Poller poller;
  poller.add(subscriber, 0);
  poller.add(publisher, 1);
  const std::string payload(options.payload_bytes, 'x');
  std::size_t in_flight = 0;
  Measurement measurement(options);
  measurement.run([&] {
    while (in_flight < kInFlightMessages && publisher.unsent_bytes() < kUnsentBytes) {
      nats_publish(publisher, "bench.row.data", {}, payload);
      ++in_flight;
    }
    publisher.flush();
    std::size_t received = 0;
    for (const std::uint32_t index : poller.ready()) {
      Connection& connection = index == 0 ? subscriber : publisher;
      connection.fill();
      received += for_each_message(connection, [&](const NatsMessage& message) {
        if (message.payload.size() != payload.size()) give_up("a message changed its size");
      });
      connection.flush();
    }
    in_flight -= received;
    return received;
  });
  measurement.print();
}

}  // namespace firth::load
