// Counters: what /metrics, the console and the tests read, fed from one place. Each shard has its own set and is its only writer, so adding
// is a plain load and store; readers on other threads see each value whole, and sum over the shards. The rows are in counters.def.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace firth {

enum class Counter : std::uint16_t {
#define FIRTH_COUNTER(name, metric, kind, help) name,
#include "base/counters.def"
#undef FIRTH_COUNTER
  kEnd
};
inline constexpr std::size_t kCounterCount = static_cast<std::size_t>(Counter::kEnd);

enum class CounterKind : unsigned char {
  kTotal,  // only grows
  kGauge   // how many there are now
};

struct CounterInfo {
  std::string_view metric;  // as in /metrics
  CounterKind kind;
  std::string_view help;
};

inline constexpr std::array<CounterInfo, kCounterCount> kCounterInfo = {{
#define FIRTH_COUNTER(name, metric, kind, help) {metric, CounterKind::kind, help},
#include "base/counters.def"
#undef FIRTH_COUNTER
}};
constexpr const CounterInfo& info(Counter counter) { return kCounterInfo[static_cast<std::size_t>(counter)]; }

class alignas(64) Counters {
 public:
  // The owner's.
  void add(Counter counter, std::uint64_t count = 1) { set(counter, get(counter) + count); }
  void subtract(Counter counter, std::uint64_t count = 1) { set(counter, get(counter) - count); }
  void set(Counter counter, std::uint64_t value) { at(counter).store(value, std::memory_order_relaxed); }

  // From any thread.
  std::uint64_t get(Counter counter) const { return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t>& at(Counter counter) { return values_[static_cast<std::size_t>(counter)]; }

  std::array<std::atomic<std::uint64_t>, kCounterCount> values_{};
};

}  // namespace firth
