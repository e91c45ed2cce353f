// Reading /proc, and the printed line.
#include "bench/load/measure.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

namespace firth::load {
namespace {

std::string read_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) give_up("cannot read %s: is the server still there?", path.c_str());
  char text[4096];
  const std::size_t size = std::fread(text, 1, sizeof text, file);
  std::fclose(file);
  return std::string(text, size);
}

}  // namespace

ProcessUse read_process_use(int pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  // The command's name, in parentheses, may hold anything; fields are counted from behind it: state is the first.
  const std::size_t name_end = text.rfind(')');
  unsigned long user = 0, system = 0;
  long threads = 0, rss_pages = 0;
  const int found =
      std::sscanf(text.c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld %*d %*u %*u %ld",
                  &user, &system, &threads, &rss_pages);
  if (name_end == std::string::npos || found != 4) give_up("/proc/%d/stat looks different here", pid);
  return {.cpu_seconds = static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)),
          .rss_mib = static_cast<double>(rss_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0),
          .threads = threads};
}

void Measurement::print(std::uint64_t messages_per_operation) {
  const double messages = static_cast<double>(operations_ * messages_per_operation);
  if (operations_ == 0) give_up("no operation was completed while measuring");
  std::printf("{\"messages\": %.0f, \"rate\": %.0f, \"cpu_us\": %.4f, \"cores\": %.2f, \"rss_mib\": %.1f, \"threads\": %ld", messages,
              messages / seconds_, 1e6 * (after_.cpu_seconds - before_.cpu_seconds) / messages,
              (after_.cpu_seconds - before_.cpu_seconds) / seconds_, after_.rss_mib, after_.threads);
  if (!latencies_us_.empty()) {
    std::sort(latencies_us_.begin(), latencies_us_.end());
    const auto quantile = [this](double q) {
      return latencies_us_[static_cast<std::size_t>(q * static_cast<double>(latencies_us_.size() - 1))];
    };
    std::printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f", quantile(0.5), quantile(0.99), quantile(0.999));
  }
  std::puts("}");
}

}  // namespace firth::load
