// The NATS protocol as far as the rows need it. Whatever is not expected ends the run: a figure with errors in it is no figure.
#include "bench/load/nats_client.h"

#include <cstring>
#include <string>

namespace firth::load {
namespace {

constexpr std::string_view kConnect =
    R"(CONNECT {"verbose":false,"pedantic":false,"lang":"firth_load","version":"1","protocol":1,"echo":true,"headers":true,"no_responders":true})"
    "\r\n";

// The words of a control line after its verb. Four at most: subject, sid, reply, size.
struct Words {
  std::string_view word[4];
  std::size_t count = 0;
};

Words split(std::string_view line) {
  Words words;
  while (!line.empty() && words.count < 4) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.word[words.count++] = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

void wait_for_line(Connection& connection, std::string_view start) {
  for (;;) {
    connection.flush();
    const std::size_t end = connection.input().find('\n');
    if (end == std::string_view::npos) {
      connection.fill();
      continue;
    }
    const std::string line(connection.input().substr(0, end));
    connection.take(end + 1);
    if (line.starts_with("-ERR")) give_up("the server says %s", line.c_str());
    if (line.starts_with(start)) return;
    if (line.starts_with("PING")) connection.append("PONG\r\n");
  }
}

}  // namespace

void nats_handshake(Connection& connection) {
  wait_for_line(connection, "INFO");
  connection.append(kConnect);
  nats_round_trip(connection);
}

void nats_round_trip(Connection& connection) {
  connection.append("PING\r\n");
  wait_for_line(connection, "PONG");
}

std::string nats_request(Connection& connection, std::string_view subject, std::string_view body) {
  connection.append("SUB _INBOX.request 9\r\nUNSUB 9 1\r\n");
  nats_publish(connection, subject, "_INBOX.request", body);
  std::string answer;
  while (for_each_message(connection, [&](const NatsMessage& message) { answer = message.payload; }) == 0) {
    connection.flush();
    connection.fill();
  }
  return answer;
}

NatsOperation next_nats_operation(Connection& connection, NatsMessage& message) {
  const std::string_view input = connection.input();
  const void* newline = std::memchr(input.data(), '\n', input.size());
  if (newline == nullptr) return NatsOperation::kNone;
  const auto line_size = static_cast<std::size_t>(static_cast<const char*>(newline) - input.data()) + 1;
  const std::string_view line = input.substr(0, line_size >= 2 ? line_size - 2 : 0);
  if (!line.starts_with("MSG ")) {
    if (line.starts_with("HMSG ")) give_up("nobody answers: %s", std::string(line).c_str());
    if (line.starts_with("-ERR")) give_up("the server says %s", std::string(line).c_str());
    if (line.starts_with("PING")) connection.append("PONG\r\n");
    connection.take(line_size);
    return NatsOperation::kOther;
  }
  const Words words = split(line.substr(4));
  if (words.count < 3) give_up("not a message: %s", std::string(line).c_str());
  const std::string_view size_word = words.word[words.count - 1];
  std::size_t size = 0;
  std::from_chars(size_word.data(), size_word.data() + size_word.size(), size);
  if (input.size() < line_size + size + 2) return NatsOperation::kNone;
  message = {
      .subject = words.word[0], .reply = words.count == 4 ? words.word[2] : std::string_view(), .payload = input.substr(line_size, size)};
  connection.take(line_size + size + 2);
  return NatsOperation::kMessage;
}

}  // namespace firth::load
