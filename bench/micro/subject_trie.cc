// The interest trie with a million subscriptions: what inserting, matching and removing cost, and how much memory each takes. The cache
// beside a bare hash lookup: what a publish pays for finding its receivers.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "subject/interest_trie.h"
#include "subject/match_cache.h"

namespace firth::subject {
namespace {

constexpr std::uint64_t kSeed = 42;
constexpr std::size_t kMillion = 1'000'000;

enum Shape : int { kLiteral, kInbox, kWildcard };

std::string filter_of(std::int64_t shape, std::size_t i) {
  switch (shape) {
    case kLiteral:
      return "orders.eu." + std::to_string(i) + ".created";
    case kInbox:
      return "_INBOX.kqVzSgL8Xl0mJ5nR" + std::to_string(1'000'000 + i) + ".*";
    default:
      return "orders.*." + std::to_string(i) + ".>";
  }
}
std::string subject_of(std::int64_t shape, std::size_t i) {
  switch (shape) {
    case kLiteral:
      return filter_of(shape, i);
    case kInbox:
      return "_INBOX.kqVzSgL8Xl0mJ5nR" + std::to_string(1'000'000 + i) + ".7";
    default:
      return "orders.eu." + std::to_string(i) + ".created";
  }
}

std::vector<std::string> texts(std::string (*make)(std::int64_t, std::size_t), std::int64_t shape) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < kMillion; ++i) result.push_back(make(shape, i));
  return result;
}

void insert_and_remove(benchmark::State& state) {
  const auto filters = texts(filter_of, state.range(0));
  double bytes = 0;
  for (auto _ : state) {
    InterestTrie trie(kSeed);
    for (std::size_t i = 0; i < kMillion; ++i) trie.insert(filters[i], {}, SubscriberId(i));
    bytes = static_cast<double>(trie.memory_bytes());
    for (std::size_t i = 0; i < kMillion; ++i) benchmark::DoNotOptimize(trie.remove(filters[i], {}, SubscriberId(i)));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kMillion));
  state.counters["bytes_per_subscription"] = bytes / kMillion;
}
BENCHMARK(insert_and_remove)->DenseRange(kLiteral, kWildcard)->Unit(benchmark::kMillisecond);

void match_one_of_a_million(benchmark::State& state) {
  InterestTrie trie(kSeed);
  for (std::size_t i = 0; i < kMillion; ++i) trie.insert(filter_of(state.range(0), i), {}, SubscriberId(i));
  std::vector<std::string> subjects;
  std::mt19937_64 random(1);
  const bool miss = state.range(1) != 0;
  for (int i = 0; i < 65536; ++i) subjects.push_back(subject_of(state.range(0), random() % kMillion + (miss ? 10 * kMillion : 0)));
  InterestBuffer buffer;
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(trie.match(subjects[next++ % subjects.size()], buffer).receivers.data());
}
BENCHMARK(match_one_of_a_million)->ArgsProduct({{kLiteral, kInbox, kWildcard}, {0, 1}})->ArgNames({"shape", "miss"});

std::vector<std::string> bench_subjects(std::int64_t count) {
  std::vector<std::string> subjects;
  for (std::int64_t i = 0; i < count; ++i) subjects.push_back("bench.subject." + std::to_string(i));
  return subjects;
}

void cache_hit(benchmark::State& state) {
  InterestTrie trie(kSeed);
  trie.insert("bench.>", {}, SubscriberId(1));
  MatchCache cache(trie, kSeed);
  const auto subjects = bench_subjects(state.range(0));
  for (const auto& subject : subjects) cache.find(subject);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.find(subjects[next]).receivers.data());
    if (++next == subjects.size()) next = 0;
  }
  state.counters["bytes"] = static_cast<double>(cache.memory_bytes());
}
BENCHMARK(cache_hit)->Arg(1)->Arg(100)->Arg(10'000);

void bare_hash_lookup(benchmark::State& state) {
  const auto subjects = bench_subjects(state.range(0));
  std::unordered_map<std::string_view, int> table;
  for (const auto& subject : subjects) table.emplace(subject, 1);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.find(subjects[next]));
    if (++next == subjects.size()) next = 0;
  }
}
BENCHMARK(bare_hash_lookup)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace firth::subject
