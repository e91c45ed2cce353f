// What bench/run tells the load generator, and how the generator gives up.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace firth::load {

struct Options {
  std::string row;
  std::uint16_t port = 0;
  int server_pid = 0;  // whose CPU and memory are read from /proc
  double warmup_seconds = 0.5;
  double seconds = 2;
  std::size_t payload_bytes = 128;
  std::size_t window = 1000;  // messages (batches, with Kafka) of each client that wait for an answer
  std::size_t clients = 1;
  std::size_t pairs = 1;        // core: publishers, each with subscribers of its own
  std::size_t subscribers = 1;  // core: of each publisher
  bool queue = false;           // core: they are one queue group
  std::size_t subjects = 1;     // published to in turn
  std::size_t batch_records = 1000;
  std::size_t messages = 1'000'000;  // fill: how many are stored
  std::string stream;                // start: that has to answer
  std::string protocol = "nats";     // of the first answer that the row `start` waits for
  std::vector<std::string> command;  // the server that the row `start` starts
};

// A generator that cannot measure must not print a figure.
template <class... Arguments>
[[noreturn]] void give_up(const char* format, Arguments... arguments) {
  std::fputs("firth_load: ", stderr);
  if constexpr (sizeof...(arguments) == 0) {
    std::fputs(format, stderr);
  } else {
    std::fprintf(stderr, format, arguments...);
  }
  std::fputs("\n", stderr);
  std::exit(1);
}

}  // namespace firth::load
