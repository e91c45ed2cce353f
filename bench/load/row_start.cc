// How long a user waits for a server that is not there yet. The generator is the parent process, so that nothing but the server is timed.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "bench/load/connection.h"
#include "bench/load/kafka_wire.h"
#include "bench/load/measure.h"
#include "bench/load/nats_client.h"
#include "bench/load/rows.h"

namespace firth::load {
namespace {

pid_t start(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) give_up("fork failed");
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  return child;
}

// Tries until somebody listens, and sleeps in between: one that spins holds a core that the starting server's threads are woken on, and
// what is measured is the scheduler's time slice (3 to 4 ms) instead. Gives up if the server ends first.
void wait_for_listener(std::uint16_t port, pid_t server) {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 50'000};
  for (int descriptor = -1; descriptor < 0;) {
    descriptor = try_connect(port);
    if (descriptor >= 0) ::close(descriptor);
    else ::nanosleep(&kPause, nullptr);
    if (::waitpid(server, nullptr, WNOHANG) == server) give_up("the server ended while starting");
  }
}

void wait_for_answer(const Options& options) {
  Connection connection(options.port);
  if (options.protocol == "nats") {
    nats_handshake(connection);
    if (options.stream.empty()) return;
    const std::string answer = nats_request(connection, "$JS.API.STREAM.INFO." + options.stream, "");
    if (answer.find("\"messages\"") == std::string::npos) give_up("the stream is not there: %s", answer.c_str());
    return;
  }
  connection.append(api_versions_request(1));
  connection.flush();
  while (next_response(connection).empty()) connection.fill();
}

}  // namespace

void run_start(const Options& options) {
  const auto begin = Clock::now();
  const pid_t server = start(options.command);
  wait_for_listener(options.port, server);
  wait_for_answer(options);
  const double milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  const ProcessUse use = read_process_use(server);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  std::printf("{\"start_ms\": %.2f, \"start_cpu_ms\": %.0f, \"rss_mib\": %.1f, \"threads\": %ld}\n", milliseconds, 1000 * use.cpu_seconds,
              use.rss_mib, use.threads);
}

}  // namespace firth::load
