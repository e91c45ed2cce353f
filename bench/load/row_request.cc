// Request and reply: every message wakes somebody, so this row shows what waking and batching cost.
#include <string>
#include <vector>

#include "bench/load/measure.h"
#include "bench/load/nats_client.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

struct Requester {
  Connection connection;
  std::string inbox;
  Clock::time_point sent{};
};

}  // namespace

void run_request(const Options& options) {
  Connection responder(options.port);
  nats_handshake(responder);
  responder.append("SUB bench.service 1\r\n");
  nats_round_trip(responder);

  Poller poller;
  std::vector<Requester> requesters;
  for (std::size_t i = 0; i < options.clients; ++i) {
    requesters.push_back({.connection = Connection(options.port), .inbox = "_INBOX.bench." + std::to_string(i)});
    Requester& requester = requesters.back();
    nats_handshake(requester.connection);
    requester.connection.append("SUB " + requester.inbox + " 1\r\n");
    nats_round_trip(requester.connection);
    poller.add(requester.connection, static_cast<std::uint32_t>(i));
  }
  const auto responder_index = static_cast<std::uint32_t>(options.clients);
  poller.add(responder, responder_index);

  const std::string payload(options.payload_bytes, 'x');
  const auto ask = [&](Requester& requester) {
    nats_publish(requester.connection, "bench.service", requester.inbox, payload);
    requester.sent = Clock::now();
    requester.connection.flush();
  };
  for (Requester& requester : requesters) ask(requester);

  Measurement measurement(options);
  measurement.run([&] {
    std::size_t answered = 0;
    for (const std::uint32_t index : poller.ready()) {
      if (index == responder_index) {
        responder.fill();
        for_each_message(responder, [&](const NatsMessage& request) { nats_publish(responder, request.reply, {}, payload); });
        responder.flush();
        continue;
      }
      Requester& requester = requesters[index];
      requester.connection.fill();
      const std::size_t answers = for_each_message(requester.connection, [](const NatsMessage&) {});
      if (answers == 0) continue;
      measurement.completed_after(Clock::now() - requester.sent);
      answered += answers;
      ask(requester);
    }
    return answered;
  });
  measurement.print();
}

}  // namespace firth::load
