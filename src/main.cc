// The program.
#include <cstdio>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/log_command.h"
#include "cli/system_sources.h"
#include "runtime/files.h"

int main(int count, char** arguments) {
  const auto files = firth::runtime::make_files();
  const std::vector<std::string_view> words(arguments, arguments + count);
  if (count > 1 && words[1] == "log") return firth::cli::run_log_command(std::span(words).subspan(2));
  const firth::cli::Invocation invocation = firth::cli::interpret_command_line(words, firth::cli::system_sources(*files));
  if (!invocation.run) {
    std::fputs(invocation.out.c_str(), stdout);
    std::fputs(invocation.err.c_str(), stderr);
    return invocation.exit_code;
  }
  std::puts("firth");
  return 0;
}
