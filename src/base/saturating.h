// Arithmetic with numbers that somebody else chose: a limit in a config, a delay in a request, a record's timestamp. What does not fit is
// the nearest that does. Of times that is the meaning: what lies 292 years ahead never comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>

namespace firth {

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? INT64_MIN : INT64_MAX;
}

// The library's conversion from milliseconds or seconds overflows.
template <class Period>
constexpr std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<std::int64_t, Period> time) {
  constexpr auto kFactor = std::ratio_divide<Period, std::nano>();
  static_assert(kFactor.den == 1);
  std::int64_t count = 0;
  if (!__builtin_mul_overflow(time.count(), std::int64_t{kFactor.num}, &count)) return std::chrono::nanoseconds(count);
  return time.count() < 0 ? std::chrono::nanoseconds::min() : std::chrono::nanoseconds::max();
}

}  // namespace firth
