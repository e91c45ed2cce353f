#include "tests/sim/seeds.h"

#include <charconv>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string_view>

namespace firth::test {
namespace {

std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const auto one = number_from_environment("FIRTH_SEED")) return {*one};
  std::vector<std::uint64_t> result(number_from_environment("FIRTH_SEEDS").value_or(count));
  std::iota(result.begin(), result.end(), std::uint64_t{1});
  return result;
}

std::string replay(std::uint64_t seed) { return "FIRTH_SEED=" + std::to_string(seed) + " replays this run"; }

}  // namespace firth::test
