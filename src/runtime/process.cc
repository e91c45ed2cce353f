#include "runtime/process.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <thread>

#include "runtime/descriptor.h"

namespace firth::runtime {

std::int64_t process_id() { return ::getpid(); }

unsigned usable_processors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (::sched_getaffinity(0, sizeof usable, &usable) != 0) return std::max(std::thread::hardware_concurrency(), 1U);  // over 1024
  return static_cast<unsigned>(CPU_COUNT(&usable));
}

std::uint64_t machine_memory_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// The second number of statm: resident pages.
std::uint64_t resident_bytes() {
  const Descriptor file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return 0;
  std::array<char, 128> text;
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  const std::string_view numbers(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t blank = numbers.find(' ');
  std::uint64_t pages = 0;
  if (blank != std::string_view::npos) std::from_chars(numbers.data() + blank + 1, numbers.data() + numbers.size(), pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace firth::runtime
