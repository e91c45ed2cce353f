// firth_load ROW --port N --pid N [...]: puts one kind of load on a server and prints what it took, as one line of JSON.
#include <charconv>
#include <string_view>

#include "bench/load/options.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

constexpr struct {
  std::string_view name;
  void (*run)(const Options&);
} kRows[] = {{"core", run_core},   {"request", run_request}, {"jetstream", run_jetstream}, {"bucket", run_bucket},
             {"kafka", run_kafka}, {"fill", run_fill},       {"start", run_start}};

template <class Number>
Number parse_number(std::string_view flag, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) give_up("%s needs a number", std::string(flag).c_str());
  return value;
}

void set_option(Options& options, std::string_view flag, std::string_view value) {
  if (flag == "--port") options.port = parse_number<std::uint16_t>(flag, value);
  else if (flag == "--pid") options.server_pid = parse_number<int>(flag, value);
  else if (flag == "--warmup") options.warmup_seconds = parse_number<double>(flag, value);
  else if (flag == "--seconds") options.seconds = parse_number<double>(flag, value);
  else if (flag == "--bytes") options.payload_bytes = parse_number<std::size_t>(flag, value);
  else if (flag == "--window") options.window = parse_number<std::size_t>(flag, value);
  else if (flag == "--clients") options.clients = parse_number<std::size_t>(flag, value);
  else if (flag == "--pairs") options.pairs = parse_number<std::size_t>(flag, value);
  else if (flag == "--subscribers") options.subscribers = parse_number<std::size_t>(flag, value);
  else if (flag == "--queue") options.queue = parse_number<int>(flag, value) != 0;
  else if (flag == "--subjects") options.subjects = parse_number<std::size_t>(flag, value);
  else if (flag == "--records") options.batch_records = parse_number<std::size_t>(flag, value);
  else if (flag == "--messages") options.messages = parse_number<std::size_t>(flag, value);
  else if (flag == "--stream") options.stream = value;
  else if (flag == "--protocol") options.protocol = value;
  else give_up("no flag is called %s", std::string(flag).c_str());
}

Options parse(int count, char** arguments) {
  Options options;
  if (count < 2)
    give_up(
        "usage: firth_load core|request|jetstream|bucket|kafka|fill|start --port N --pid N [--seconds S] [--warmup S] ... [-- COMMAND...]");
  options.row = arguments[1];
  int i = 2;
  for (; i < count && std::string_view(arguments[i]) != "--"; i += 2) {
    if (i + 1 >= count) give_up("%s needs a value", arguments[i]);
    set_option(options, arguments[i], arguments[i + 1]);
  }
  for (++i; i < count; ++i) options.command.emplace_back(arguments[i]);
  return options;
}

}  // namespace
}  // namespace firth::load

int main(int count, char** arguments) {
  const firth::load::Options options = firth::load::parse(count, arguments);
  for (const auto& row : firth::load::kRows) {
    if (row.name == options.row) {
      row.run(options);
      return 0;
    }
  }
  firth::load::give_up("no row is called %s", options.row.c_str());
}
