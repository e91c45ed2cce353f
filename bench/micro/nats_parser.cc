// The parser and the writer of the NATS face, per message: what is left of the 63 ns that a whole relayed message of 128 bytes may cost.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "nats/message_line.h"
#include "nats/parser.h"

namespace firth::nats {
namespace {

std::string repeat(const std::string& message, std::size_t bytes) {
  std::string stream;
  while (stream.size() < bytes) stream += message;
  return stream;
}

void parse(benchmark::State& state, const std::string& message) {
  const std::string stream = repeat(message, 64 * 1024);
  Parser parser;
  Operation operation;
  std::string_view rest = stream;
  for (auto _ : state) {
    if (parser.next(rest, operation) != Parser::Outcome::kOperation) state.SkipWithError("not an operation");
    benchmark::DoNotOptimize(operation);
    rest.remove_prefix(parser.consumed());
    if (rest.empty()) rest = stream;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}
BENCHMARK_CAPTURE(parse, pub_16, "PUB bench.subject 16\r\n" + std::string(16, 'x') + "\r\n");
BENCHMARK_CAPTURE(parse, pub_128, "PUB bench.subject 128\r\n" + std::string(128, 'x') + "\r\n");
BENCHMARK_CAPTURE(parse, pub_128_reply, "PUB bench.subject _INBOX.kqVzSgL8Xl0mJ5nR2pQ7aB.12 128\r\n" + std::string(128, 'x') + "\r\n");
BENCHMARK_CAPTURE(parse, hpub_128, "HPUB bench.subject 30 158\r\nNATS/1.0\r\nNats-Msg-Id: 1234\r\n\r\n" + std::string(127, 'x') + "\r\n");
BENCHMARK_CAPTURE(parse, sub, std::string("SUB bench.subject.*.more 12\r\n"));
BENCHMARK_CAPTURE(parse, ping, std::string("PING\r\n"));

void write_line(benchmark::State& state) {
  std::vector<char> out(64 * 1024);
  char* at = out.data();
  for (auto _ : state) {
    at = write_message_line(at, {.subject = "bench.subject", .sid = "12", .total_bytes = 128});
    if (at > out.data() + 60 * 1024) at = out.data();
    benchmark::DoNotOptimize(at);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_line);

}  // namespace
}  // namespace firth::nats
