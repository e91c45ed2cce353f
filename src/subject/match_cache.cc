#include "subject/match_cache.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/assert.h"
#include "base/short_bytes.h"
#include "subject/hash.h"

namespace firth::subject {

namespace {

constexpr std::size_t kFirstLines = 16;

}  // namespace

// One allocation holds everything that a hit reads, in the order in which it reads it.
struct MatchCache::Entry {
  std::uint64_t generation;
  std::uint32_t region;
  std::uint32_t subject_bytes;
  std::uint32_t receiver_count;
  std::uint32_t group_count;

  static std::size_t bytes_for(std::string_view subject, const Interest& interest) {
    return sizeof(Entry) + interest.receivers.size_bytes() + interest.groups.size_bytes() + subject.size();
  }
  SubscriberId* receivers() { return reinterpret_cast<SubscriberId*>(this + 1); }
  QueueGroup* groups() { return reinterpret_cast<QueueGroup*>(receivers() + receiver_count); }
  char* subject() { return reinterpret_cast<char*>(groups() + group_count); }

  bool is_for(std::string_view wanted) { return wanted.size() == subject_bytes && equal_short(subject(), wanted.data(), wanted.size()); }
  Interest interest() { return {{receivers(), receiver_count}, {groups(), group_count}}; }
  std::size_t bytes() { return bytes_for({subject(), subject_bytes}, interest()); }
};

MatchCache::MatchCache(const InterestTrie& trie, std::uint64_t seed, Limits limits) : trie_(trie), seed_(seed), limits_(limits) {
  static_assert(alignof(SubscriberId) <= alignof(Entry) && alignof(QueueGroup) <= alignof(SubscriberId));
  lines_.resize(std::min(kFirstLines, std::bit_ceil(std::max<std::size_t>(limits_.entries / kWays, 1))));
}

MatchCache::~MatchCache() { clear(); }

void MatchCache::clear() {
  for (Line& line : lines_)
    for (Entry*& entry : line.entries) release(entry);
  FIRTH_ASSERT(entry_count_ == 0 && entry_bytes_ == 0);
}

Interest MatchCache::find(std::string_view subject) {
  if (last_ != nullptr && last_->is_for(subject) && last_->generation == trie_.generation(last_->region)) {
    ++counters_.hits;
    return last_->interest();
  }
  const std::uint64_t hash = hash_text(subject, seed_);
  Line& line = lines_[hash & (lines_.size() - 1)];
  for (std::size_t way = 0; way < kWays; ++way) {
    if (line.tags[way] != hash) continue;
    Entry* const entry = line.entries[way];
    if (entry == nullptr || !entry->is_for(subject)) continue;
    if (entry->generation != trie_.generation(entry->region)) break;
    ++counters_.hits;
    last_ = entry;
    return entry->interest();
  }
  ++counters_.misses;
  return fill(subject, hash);
}

Interest MatchCache::fill(std::string_view subject, std::uint64_t hash) {
  const Interest found = trie_.match(subject, buffer_);
  if (found.receivers.size() > limits_.receivers) return found;
  const std::size_t bytes = Entry::bytes_for(subject, found);
  if (bytes > limits_.bytes) return found;
  if (entry_bytes_ + bytes > limits_.bytes) clear();

  Entry*& slot = slot_for(subject, hash);
  release(slot);
  const std::uint32_t region = trie_.region_of(subject);
  slot = new (::operator new(bytes))
      Entry{trie_.generation(region), region, static_cast<std::uint32_t>(subject.size()),
            static_cast<std::uint32_t>(found.receivers.size()), static_cast<std::uint32_t>(found.groups.size())};
  std::ranges::copy(found.receivers, slot->receivers());
  std::ranges::copy(found.groups, slot->groups());
  std::ranges::copy(subject, slot->subject());
  ++entry_count_;
  entry_bytes_ += bytes;
  return slot->interest();
}

// Where the answer for `subject` goes: over its stale answer, else where nothing is, else over another stale one; a full line of answers
// in use makes the table larger, and at its limit one of them goes in turn.
MatchCache::Entry*& MatchCache::slot_for(std::string_view subject, std::uint64_t hash) {
  for (;;) {
    Line& line = lines_[hash & (lines_.size() - 1)];
    std::size_t chosen = kWays;
    for (std::size_t way = 0; way < kWays; ++way) {
      Entry* const entry = line.entries[way];
      if (entry != nullptr && line.tags[way] == hash && entry->is_for(subject)) {
        chosen = way;
        break;
      }
      if (entry == nullptr || (chosen == kWays && entry->generation != trie_.generation(entry->region))) chosen = way;
    }
    if (chosen == kWays) {
      if (lines_.size() * kWays < limits_.entries) {
        grow();
        continue;
      }
      chosen = next_victim_++ % kWays;
    }
    line.tags[chosen] = hash;
    return line.entries[chosen];
  }
}

void MatchCache::grow() {
  const std::size_t half = lines_.size();
  lines_.resize(half * 2);
  for (std::size_t index = 0; index < half; ++index) {
    Line& from = lines_[index];
    Line& to = lines_[index + half];
    for (std::size_t way = 0; way < kWays; ++way) {
      if ((from.tags[way] & half) == 0) continue;
      to.tags[way] = std::exchange(from.tags[way], 0);
      to.entries[way] = std::exchange(from.entries[way], nullptr);
    }
  }
}

void MatchCache::release(Entry*& entry) {
  if (entry == nullptr) return;
  if (last_ == entry) last_ = nullptr;
  --entry_count_;
  entry_bytes_ -= entry->bytes();
  ::operator delete(entry);
  entry = nullptr;
}

}  // namespace firth::subject
