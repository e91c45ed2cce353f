// The program: arguments, then configuration, then the server until a signal ends it.
#include <csignal>
#include <cstdio>
#include <semaphore>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/log_command.h"
#include "cli/server.h"
#include "cli/system_sources.h"
#include "runtime/files.h"
#include "runtime/signals.h"

namespace {

using namespace firth;

int serve(const cli::Invocation& invocation) {
  const cli::ServerConfig& config = invocation.config;
  const LogLevel level = config.trace ? LogLevel::kTrace : config.debug ? LogLevel::kDebug : LogLevel::kInfo;
  configure_log({.level = level, .file = config.log_file});
  for (const std::string& warning : invocation.warnings) log_warning("{}", warning);

  std::counting_semaphore<> end(0);
  const auto signals_home = runtime::make_thread("main");
  const auto watch = runtime::watch_signals({SIGINT, SIGTERM}, *signals_home, [&end](int) { end.release(); });
  cli::Server server(config);
  if (const Result<void> started = server.start(); !started) {
    log_line(LogLevel::kFatal, "{}", started.error().text);
    flush_log();
    return 1;
  }
  end.acquire();
  server.stop();
  flush_log();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const auto files = runtime::make_files();
  const std::vector<std::string_view> words(arguments, arguments + count);
  if (count > 1 && words[1] == "log") return cli::run_log_command(std::span(words).subspan(2));
  const cli::Invocation invocation = cli::interpret_command_line(words, cli::system_sources(*files));
  if (invocation.run) return serve(invocation);
  std::fputs(invocation.out.c_str(), stdout);
  std::fputs(invocation.err.c_str(), stderr);
  return invocation.exit_code;
}
