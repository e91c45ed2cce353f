// The match cache: the answers of an InterestTrie for the subjects that are published now. A hit is one hash lookup; an answer is used
// while the generation of its subject's region stands, so a change of interest costs nothing but the next match. Owner: one shard.
//
//   slots, four to a cache line:   | tag, entry | tag, entry | tag, entry | tag, entry |     a subject may be in one line only
//   an entry, one block:           | generation, lengths | receivers | groups | subject |
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "subject/interest_trie.h"

namespace firth::subject {

class MatchCache {
 public:
  struct Limits {
    std::size_t entries = 32768;    // rounded up to a power of two
    std::size_t bytes = 16u << 20;  // of all entries; at the limit the cache starts anew
    std::size_t receivers = 4096;   // answers with more are not kept: copying them costs little beside delivering
  };
  struct Counters {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
  };

  // The trie outlives the cache. `seed` should be random.
  MatchCache(const InterestTrie& trie, std::uint64_t seed, Limits limits);
  MatchCache(const InterestTrie& trie, std::uint64_t seed) : MatchCache(trie, seed, Limits()) {}
  ~MatchCache();
  MatchCache(const MatchCache&) = delete;
  MatchCache& operator=(const MatchCache&) = delete;

  // Who wants `subject` now. Valid until the next call, or the next change of the trie.
  Interest find(std::string_view subject);

  void clear();
  std::size_t size() const { return entry_count_; }
  std::size_t memory_bytes() const { return sizeof *this + lines_.capacity() * sizeof(Line) + entry_bytes_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Entry;
  static constexpr std::size_t kWays = 4;
  struct Line {
    std::array<std::uint64_t, kWays> tags{};
    std::array<Entry*, kWays> entries{};
  };
  static_assert(sizeof(Line) == 64);

  Interest fill(std::string_view subject, std::uint64_t hash);
  Entry*& slot_for(std::string_view subject, std::uint64_t hash);
  void grow();
  void release(Entry*& entry);

  const InterestTrie& trie_;
  std::uint64_t seed_;
  Limits limits_;
  std::vector<Line> lines_;
  Entry* last_ = nullptr;  // the last hit: who publishes often names one subject again and again, and needs no hash
  std::size_t entry_count_ = 0;
  std::size_t entry_bytes_ = 0;
  std::size_t next_victim_ = 0;
  InterestBuffer buffer_;
  Counters counters_;
};

}  // namespace firth::subject
