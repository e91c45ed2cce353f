#include "cli/log_command.h"

#include <fmt/core.h>

#include "log/inspect.h"

namespace firth::cli {

int run_log_command(std::span<const std::string_view> arguments) {
  const bool dump = arguments.size() == 2 && arguments[0] == "dump";
  if (!dump && !(arguments.size() == 2 && arguments[0] == "verify")) {
    fmt::print(stderr, "usage: firth log dump|verify DIRECTORY\n");
    return 2;
  }
  log::InspectionSettings settings;
  if (dump) settings.print = [](const std::string& line) { fmt::print("{}\n", line); };
  const auto files = runtime::make_files();
  const auto found = log::inspect(*files, arguments[1], settings);
  if (!found.ok()) {
    fmt::print(stderr, "firth: {}\n", found.error().text);
    return 1;
  }
  if (!dump)
    for (const std::string& complaint : found->complaints) fmt::print("{}\n", complaint);
  fmt::print("{} partitions, {} pieces, {} segments with {} batches and {} records; journal: {} frames, {} entries, {} of them acts{}\n",
             found->partitions, found->pieces, found->segments, found->batches, found->records, found->frames, found->entries, found->acts,
             found->torn_tail ? ", a torn tail" : "");
  fmt::print("{}\n", found->complaints.empty() ? "all is well" : fmt::format("{} complaints", found->complaints.size()));
  return found->complaints.empty() ? 0 : 1;
}

}  // namespace firth::cli
