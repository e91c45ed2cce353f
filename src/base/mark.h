// FIRTH_MARK("log.recover.torn_tail"): a rare path, tied to its test, which asserts that the mark was hit (tests/mark.h). One relaxed
// increment of a counter; never on a path that runs per message.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace firth {

class MarkSite {
 public:
  explicit MarkSite(std::string_view name);
  void hit() { hits_.fetch_add(1, std::memory_order_relaxed); }

  // The hits of all sites with that name since the process started.
  static std::uint64_t hits(std::string_view name);

 private:
  std::string_view name_;
  std::atomic<std::uint64_t> hits_{0};
  MarkSite* next_;
};

}  // namespace firth

#define FIRTH_MARK(name)                        \
  do {                                          \
    static ::firth::MarkSite firth_mark_(name); \
    firth_mark_.hit();                          \
  } while (false)
