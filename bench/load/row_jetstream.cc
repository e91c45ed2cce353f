// The durable side from NATS: each connection keeps a window of unacknowledged publishes, as asynchronous publishers of the client
// libraries do; a window of one is a synchronous publisher.
#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/load/measure.h"
#include "bench/load/nats_client.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

// What is published to, and how the client libraries create it.
struct Target {
  std::string stream;
  std::string config;
  std::string subject_prefix;
};

const Target& plain_stream() {
  static const Target target{
      .stream = "bench",
      .config = R"({"name":"bench","subjects":["bench.row.*"],"retention":"limits","storage":"file","num_replicas":1,"max_age":0})",
      .subject_prefix = "bench.row."};
  return target;
}

const Target& bucket() {
  static const Target target{
      .stream = "KV_bench",
      .config = R"({"name":"KV_bench","subjects":["$KV.bench.>"],"max_msgs_per_subject":1,"discard":"new","allow_rollup_hdrs":true,)"
                R"("deny_delete":true,"allow_direct":true,"storage":"file","num_replicas":1,"max_age":0})",
      .subject_prefix = "$KV.bench."};
  return target;
}

struct Slot {
  std::string reply;  // the inbox that its acknowledgement comes to
  Clock::time_point sent{};
};

struct Publisher {
  Connection connection;
  std::string inbox;
  std::vector<Slot> slots;
  std::vector<std::size_t> free_slots;
};

void create(Connection& connection, const Target& target) {
  nats_request(connection, "$JS.API.STREAM.DELETE." + target.stream, "");  // of an earlier run, if there was one
  const std::string created = nats_request(connection, "$JS.API.STREAM.CREATE." + target.stream, target.config);
  if (created.find("\"error\"") != std::string::npos) give_up("cannot create the stream: %s", created.c_str());
}

Publisher make_publisher(const Options& options, std::size_t number) {
  Publisher publisher{
      .connection = Connection(options.port), .inbox = "_INBOX.bench" + std::to_string(number) + ".", .slots = {}, .free_slots = {}};
  nats_handshake(publisher.connection);
  publisher.connection.append("SUB " + publisher.inbox + "* 1\r\n");
  nats_round_trip(publisher.connection);
  publisher.slots.resize(options.window);
  for (std::size_t i = 0; i < options.window; ++i) {
    publisher.slots[i].reply = publisher.inbox + std::to_string(i);
    publisher.free_slots.push_back(i);
  }
  return publisher;
}

void acknowledge(Publisher& publisher, const NatsMessage& message, Measurement& measurement) {
  if (message.payload.find("\"seq\"") == std::string_view::npos || message.payload.find("\"error\"") != std::string_view::npos)
    give_up("not an acknowledgement: %s", std::string(message.payload).c_str());
  std::size_t index = publisher.slots.size();
  std::from_chars(message.subject.data() + publisher.inbox.size(), message.subject.data() + message.subject.size(), index);
  if (index >= publisher.slots.size()) give_up("an acknowledgement for nobody: %s", std::string(message.subject).c_str());
  measurement.completed_after(Clock::now() - publisher.slots[index].sent);
  publisher.free_slots.push_back(index);
}

// `drive` calls its argument, which does what can be done now and returns how many were acknowledged in it, as long as it wants.
template <class Drive>
void publish_to(const Target& target, const Options& options, Measurement& measurement, Drive drive) {
  std::vector<Publisher> publishers;
  Poller poller;
  for (std::size_t i = 0; i < options.clients; ++i) {
    publishers.push_back(make_publisher(options, i));
    if (i == 0) create(publishers[0].connection, target);
    poller.add(publishers[i].connection, static_cast<std::uint32_t>(i));
  }
  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < options.subjects; ++i) subjects.push_back(target.subject_prefix + std::to_string(i));

  const std::string payload(options.payload_bytes, 'x');
  std::size_t next_subject = 0;
  const auto publish_free = [&](Publisher& publisher) {
    while (!publisher.free_slots.empty()) {
      Slot& slot = publisher.slots[publisher.free_slots.back()];
      publisher.free_slots.pop_back();
      nats_publish(publisher.connection, subjects[next_subject], slot.reply, payload);
      if (++next_subject == subjects.size()) next_subject = 0;
      slot.sent = Clock::now();
    }
    publisher.connection.flush();
  };
  for (Publisher& publisher : publishers) publish_free(publisher);
  drive([&] {
    std::size_t acknowledged = 0;
    for (Publisher& publisher : publishers)
      if (publisher.connection.unsent_bytes() != 0) publisher.connection.flush();
    for (const std::uint32_t index : poller.ready()) {
      Publisher& publisher = publishers[index];
      publisher.connection.fill();
      acknowledged +=
          for_each_message(publisher.connection, [&](const NatsMessage& message) { acknowledge(publisher, message, measurement); });
      publish_free(publisher);
    }
    return acknowledged;
  });
}

void measure(const Target& target, const Options& options) {
  Measurement measurement(options);
  publish_to(target, options, measurement, [&](auto turn) { measurement.run(turn); });
  measurement.print();
}

}  // namespace

void run_jetstream(const Options& options) { measure(plain_stream(), options); }
void run_bucket(const Options& options) { measure(bucket(), options); }

void run_fill(const Options& options) {
  Measurement unused(options);
  std::size_t acknowledged = 0;
  publish_to(plain_stream(), options, unused, [&](auto turn) {
    while (acknowledged < options.messages) acknowledged += turn();
  });
  std::printf("{\"acknowledged\": %zu}\n", acknowledged);
}

}  // namespace firth::load
