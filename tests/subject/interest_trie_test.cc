#include "subject/interest_trie.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "subject/match.h"
#include "subject/match_cache.h"
#include "subject/syntax.h"

namespace firth::subject {
namespace {

constexpr std::uint64_t kSeed = 42;

// Who gets a message, by queue name; "" are the plain ones. Sorted: order is nobody's business.
using Answer = std::map<std::string, std::vector<std::uint64_t>>;

Answer to_answer(const InterestTrie& trie, const Interest& interest) {
  Answer answer;
  for (const SubscriberId id : interest.plain()) answer[""].push_back(id.value());
  for (const QueueGroup& group : interest.groups) {
    auto& members = answer[std::string(trie.queue_name(group.queue))];
    EXPECT_TRUE(members.empty()) << "one group shown twice";
    for (const SubscriberId id : interest.members(group)) members.push_back(id.value());
  }
  for (auto& [queue, ids] : answer) std::ranges::sort(ids);
  return answer;
}

Answer match(const InterestTrie& trie, std::string_view subject) {
  InterestBuffer buffer;
  return to_answer(trie, trie.match(subject, buffer));
}

TEST(InterestTrie, FindsEveryReceiverOnce) {
  InterestTrie trie(kSeed);
  trie.insert("orders.eu.created", "", SubscriberId(1));
  trie.insert("orders.*.created", "", SubscriberId(2));
  trie.insert("orders.>", "", SubscriberId(3));
  trie.insert(">", "", SubscriberId(4));
  trie.insert("*.eu.*", "", SubscriberId(5));
  trie.insert("orders.eu", "", SubscriberId(6));
  trie.insert("orders.eu.created.>", "", SubscriberId(7));
  EXPECT_EQ(match(trie, "orders.eu.created"), (Answer{{"", {1, 2, 3, 4, 5}}}));
  EXPECT_EQ(match(trie, "orders.eu"), (Answer{{"", {3, 4, 6}}}));
  EXPECT_EQ(match(trie, "orders.eu.created.now"), (Answer{{"", {3, 4, 7}}}));
  EXPECT_EQ(match(trie, "orders"), (Answer{{"", {4}}}));
  EXPECT_EQ(match(trie, "orders.*.created"), (Answer{{"", {2, 3, 4}}}));
  for (const char* nobody : {"", ".", "orders.", ".orders", "orders..created"}) EXPECT_EQ(match(trie, nobody), Answer{}) << nobody;
}

bool is_even(SubscriberId id) { return id.value() % 2 == 0; }

TEST(InterestTrie, KnowsWhereNobodyWantedCanBeReached) {
  InterestTrie trie(kSeed);
  trie.insert("flights.>", "", SubscriberId(1));
  trie.insert("flights.*.AA", "odd", SubscriberId(3));
  for (const char* filter : {"flights.JFK.AA", "flights.JFK", "flights", "other", "other.>"})
    EXPECT_FALSE(trie.may_reach(filter, is_even)) << filter;
  trie.insert("flights.LGA.*", "q", SubscriberId(2));
  EXPECT_TRUE(trie.may_reach("flights.LGA.UA", is_even));
  EXPECT_TRUE(trie.may_reach("flights.*.UA", is_even));
  EXPECT_FALSE(trie.may_reach("flights.JFK.UA", is_even));
  EXPECT_FALSE(trie.may_reach("flights.LGA", is_even));
  trie.remove("flights.LGA.*", "q", SubscriberId(2));
  EXPECT_FALSE(trie.may_reach("flights.LGA.UA", is_even));
}

// It may say yes too often, never no.
TEST(InterestTrie, ReachesWhateverOverlaps) {
  std::mt19937_64 random(kSeed);
  const auto filter = [&] {
    static constexpr const char* kTokens[] = {"a", "b", "*"};
    std::string made = kTokens[random() % 3];
    for (std::uint64_t more = random() % 3; more > 0; --more) made += std::string(".") + kTokens[random() % 3];
    return random() % 4 == 0 ? made + ".>" : made;
  };
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    InterestTrie trie(kSeed);
    std::vector<std::string> wanted;
    for (std::uint64_t id = 0; id < 4; ++id) {
      const std::string inserted = filter();
      trie.insert(inserted, id % 3 == 0 ? "q" : "", SubscriberId(id));
      if (id % 2 == 0) wanted.push_back(inserted);
    }
    const std::string asked = filter();
    const bool overlaps_any = std::ranges::any_of(wanted, [&](const std::string& each) { return overlaps(each, asked); });
    const bool answer = trie.may_reach(asked, is_even);
    EXPECT_TRUE(answer || !overlaps_any) << asked;
    if (!has_wildcard(asked)) EXPECT_EQ(answer, overlaps_any) << asked << ": exact for a literal subject";
    refused += answer ? 0 : 1;
  }
  EXPECT_GT(refused, 300);
}

TEST(InterestTrie, JoinsQueueGroupsAcrossFilters) {
  InterestTrie trie(kSeed);
  trie.insert("a.*", "workers", SubscriberId(1));
  trie.insert("a.b", "audit", SubscriberId(2));
  trie.insert("a.>", "workers", SubscriberId(3));
  trie.insert("a.b", "", SubscriberId(4));
  trie.insert("a.b", "workers", SubscriberId(5));
  EXPECT_EQ(match(trie, "a.b"), (Answer{{"", {4}}, {"audit", {2}}, {"workers", {1, 3, 5}}}));
  EXPECT_TRUE(trie.remove("a.b", "workers", SubscriberId(5)));
  EXPECT_TRUE(trie.remove("a.b", "audit", SubscriberId(2)));
  EXPECT_EQ(match(trie, "a.b"), (Answer{{"", {4}}, {"workers", {1, 3}}}));
  trie.insert("a.b", "late", SubscriberId(6));  // takes the number that "audit" had
  EXPECT_EQ(match(trie, "a.b"), (Answer{{"", {4}}, {"late", {6}}, {"workers", {1, 3}}}));
}

TEST(InterestTrie, RefusesToRemoveWhatIsNotThere) {
  InterestTrie trie(kSeed);
  trie.insert("a.b", "", SubscriberId(1));
  trie.insert("a.b", "q", SubscriberId(2));
  const std::uint64_t before = trie.generation();
  struct Row {
    std::string_view filter, queue;
    std::uint64_t id;
  };
  for (const Row& row : {Row{"a", "", 1}, Row{"a.b", "", 2}, Row{"a.b", "q", 1}, Row{"a.b", "r", 2}, Row{"a.*", "", 1}, Row{"a.>", "", 1},
                         Row{"a.b.c", "", 1}, Row{"x", "q", 2}})
    EXPECT_FALSE(trie.remove(row.filter, row.queue, SubscriberId(row.id))) << row.filter;
  EXPECT_EQ(trie.generation(), before);
  EXPECT_EQ(trie.size(), 2u);
}

TEST(InterestTrie, ChangesTheGenerationOfWhatAChangeConcerns) {
  InterestTrie trie(kSeed);
  const std::uint32_t orders = trie.region_of("orders.eu");
  const std::uint32_t inbox = trie.region_of("_INBOX.1");
  ASSERT_NE(orders, inbox);
  EXPECT_EQ(orders, trie.region_of("orders"));
  const std::uint64_t orders_before = trie.generation(orders);
  const std::uint64_t all_before = trie.generation();
  trie.insert("_INBOX.1.*", "", SubscriberId(1));
  EXPECT_EQ(trie.generation(orders), orders_before);
  EXPECT_NE(trie.generation(), all_before);
  const std::uint64_t inbox_before = trie.generation(inbox);
  EXPECT_TRUE(trie.remove("_INBOX.1.*", "", SubscriberId(1)));
  EXPECT_NE(trie.generation(inbox), inbox_before);
  trie.insert("*.eu", "", SubscriberId(2));
  EXPECT_NE(trie.generation(orders), orders_before);
}

TEST(InterestTrie, GivesBackEveryNode) {
  InterestTrie trie(kSeed);
  const std::size_t empty = trie.node_count();
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 5000; ++i)
      trie.insert("inbox." + std::to_string(i) + ".a-rather-long-token.*", i % 2 ? "q" : "", SubscriberId(i));
    for (std::uint64_t i = 0; i < 5000; ++i)
      ASSERT_TRUE(trie.remove("inbox." + std::to_string(i) + ".a-rather-long-token.*", i % 2 ? "q" : "", SubscriberId(i)));
    EXPECT_EQ(trie.node_count(), empty);
    EXPECT_EQ(trie.size(), 0u);
  }
}

// Random subscriptions over few tokens, so that filters meet; the model is a list and matches() from match.h. The cache must give the same
// answers as the trie at any time, small or large.
class InterestModel : public testing::TestWithParam<std::uint64_t> {};

TEST_P(InterestModel, AgreesWithAListOfSubscriptions) {
  struct Subscription {
    std::string filter, queue;
    std::uint64_t id;
  };
  std::mt19937_64 random(GetParam());
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const auto subject = [&](bool filter) {
    static const char* const kTokens[] = {"a", "b", "c", "a-token-of-some-length", "*", ">"};
    std::string text;
    for (std::uint64_t length = 1 + below(4), i = 0; i < length; ++i) {
      const std::string_view token = kTokens[below(filter ? (i + 1 == length ? 6 : 5) : 4)];
      if (i > 0) text += '.';
      text += token;
    }
    return text;
  };

  InterestTrie trie(GetParam());
  MatchCache small(trie, kSeed, {.entries = 8, .bytes = 4096, .receivers = 6});
  MatchCache large(trie, kSeed);
  std::vector<Subscription> model;
  for (int step = 0; step < 4000; ++step) {
    if (const auto dice = below(10); dice < 3 || (dice < 5 && model.size() < 60)) {
      Subscription added{subject(true), below(3) == 0 ? "q" + std::to_string(below(3)) : "", static_cast<std::uint64_t>(step)};
      trie.insert(added.filter, added.queue, SubscriberId(added.id));
      model.push_back(std::move(added));
    } else if (dice < 6 && !model.empty()) {
      const auto gone = model.begin() + static_cast<std::ptrdiff_t>(below(model.size()));
      ASSERT_TRUE(trie.remove(gone->filter, gone->queue, SubscriberId(gone->id)));
      model.erase(gone);
    } else {
      const std::string published = subject(false);
      Answer expected;
      for (const auto& [filter, queue, id] : model)
        if (matches(filter, published)) expected[queue].push_back(id);
      for (auto& [queue, ids] : expected) std::ranges::sort(ids);
      ASSERT_EQ(match(trie, published), expected) << published << " at step " << step;
      ASSERT_EQ(to_answer(trie, small.find(published)), expected) << published << " at step " << step;
      ASSERT_EQ(to_answer(trie, large.find(published)), expected) << published << " at step " << step;
    }
    ASSERT_EQ(trie.size(), model.size());
  }
  EXPECT_GT(large.counters().hits, 0u);
  EXPECT_LE(small.size(), 8u);
}
INSTANTIATE_TEST_SUITE_P(Seeds, InterestModel, testing::Range<std::uint64_t>(1, 21));

TEST(MatchCache, AnswersAgainWithoutMatching) {
  InterestTrie trie(kSeed);
  trie.insert("orders.*", "", SubscriberId(1));
  MatchCache cache(trie, kSeed);
  EXPECT_EQ(cache.find("orders.1").receivers.size(), 1u);
  EXPECT_EQ(cache.find("orders.1").receivers.size(), 1u);
  EXPECT_TRUE(cache.find("nobody").empty());
  EXPECT_TRUE(cache.find("nobody").empty());
  EXPECT_EQ(cache.counters().hits, 2u);
  trie.insert("orders.1", "", SubscriberId(2));
  EXPECT_EQ(cache.find("orders.1").receivers.size(), 2u);
  EXPECT_EQ(cache.counters().misses, 3u);
  EXPECT_EQ(cache.size(), 2u);
}

// The last hit is remembered apart: it must not outlive a change of interest, nor its entry.
TEST(MatchCache, ForgetsTheSubjectThatIsAskedForAgainAndAgain) {
  InterestTrie trie(kSeed);
  trie.insert("a", "", SubscriberId(1));
  MatchCache cache(trie, kSeed);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.find("a").receivers.size(), 1u);
  EXPECT_TRUE(cache.find("b").empty());
  trie.insert("a", "", SubscriberId(2));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.find("a").receivers.size(), 2u);
  cache.clear();
  EXPECT_TRUE(trie.remove("a", "", SubscriberId(1)));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.find("a").receivers.size(), 1u);
  EXPECT_EQ(cache.counters().hits, 6u);
}

TEST(MatchCache, HoldsTenThousandSubjectsAndNoMoreThanItsLimits) {
  InterestTrie trie(kSeed);
  trie.insert("bench.*", "", SubscriberId(1));
  MatchCache cache(trie, kSeed);
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(cache.find("bench." + std::to_string(i)).receivers.size(), 1u);
  EXPECT_GT(cache.counters().hits, 9'800u);
  for (int i = 0; i < 200'000; ++i) ASSERT_EQ(cache.find("bench." + std::to_string(i)).receivers.size(), 1u);
  EXPECT_LE(cache.size(), MatchCache::Limits().entries);
  EXPECT_LE(cache.memory_bytes(), MatchCache::Limits().bytes + 2'000'000);
}

TEST(MatchCache, StartsAnewWhenItsBytesAreUsedUp) {
  InterestTrie trie(kSeed);
  MatchCache cache(trie, kSeed, {.entries = 1024, .bytes = 1000, .receivers = 16});
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(cache.find("a.subject.that.nobody.wants." + std::to_string(i)).empty());
    EXPECT_LE(cache.size(), 20u);
  }
  EXPECT_TRUE(cache.find(std::string(2000, 'x')).empty());
}

}  // namespace
}  // namespace firth::subject
