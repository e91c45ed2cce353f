// The seeds of a property test. They are the same in every run, so that a failure is met again; more of them are more cases.
//
//   for (const std::uint64_t seed : test::seeds(1000)) {
//     SCOPED_TRACE(test::replay(seed));
//     ...
//   }
//
// FIRTH_SEED=17 runs that one alone, FIRTH_SEEDS=100000 runs that many instead of the test's own number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace firth::test {

std::vector<std::uint64_t> seeds(std::size_t count);
std::string replay(std::uint64_t seed);  // "FIRTH_SEED=17 replays this run"

}  // namespace firth::test
