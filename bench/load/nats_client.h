// Just enough of a NATS client: the handshake, and a loop over the messages that have arrived whole.
#pragma once

#include <charconv>
#include <string_view>

#include "bench/load/connection.h"
#include "bench/load/options.h"

namespace firth::load {

// Waits for INFO, sends CONNECT and PING, waits for PONG.
void nats_handshake(Connection& connection);

// Sends PING and waits for its PONG. REQUIRES: no subscription of this connection gets messages.
void nats_round_trip(Connection& connection);

// A request and its answer, for the JetStream API. Uses sid 9 and must not be mixed with other traffic.
std::string nats_request(Connection& connection, std::string_view subject, std::string_view body);

// Appends "PUB subject [reply] size\r\n" and the payload.
inline void nats_publish(Connection& connection, std::string_view subject, std::string_view reply, std::string_view payload) {
  char size[16];
  const auto end = std::to_chars(size, size + sizeof size, payload.size()).ptr;
  connection.append("PUB ");
  connection.append(subject);
  if (!reply.empty()) connection.append(" ");
  connection.append(reply);
  connection.append(" ");
  connection.append({size, static_cast<std::size_t>(end - size)});
  connection.append("\r\n");
  connection.append(payload);
  connection.append("\r\n");
}

// A message as it stands in the connection's input.
struct NatsMessage {
  std::string_view subject;
  std::string_view reply;  // empty if there is none
  std::string_view payload;
};

// Takes the first whole operation from the input. kMessage fills `message`, whose views live until the connection is used again.
enum class NatsOperation : unsigned char { kNone, kMessage, kOther };
NatsOperation next_nats_operation(Connection& connection, NatsMessage& message);

// Calls handle(message) for each message that has arrived whole; returns how many there were.
template <class Handle>
std::size_t for_each_message(Connection& connection, Handle handle) {
  NatsMessage message;
  std::size_t count = 0;
  for (;;) {
    const NatsOperation operation = next_nats_operation(connection, message);
    if (operation == NatsOperation::kNone) return count;
    if (operation == NatsOperation::kMessage) {
      handle(message);
      ++count;
    }
  }
}

}  // namespace firth::load
