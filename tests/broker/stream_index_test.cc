// The index of a stream against a map of what is there: decided, released, erased, undone, stored and read back, with few chunks held, so
// that most of what is asked comes from the log again.
#include "broker/stream_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace firth::broker {
namespace {

using State = StreamIndex::State;

// What the log has: every message that was released, and which are erased.
class Log final : public MessageSource {
 public:
  void read_messages(log::OffsetRange range, const Take& take) override {
    ++reads;
    for (auto at = messages.lower_bound(range.first); at != messages.end() && at->first < range.end; ++at)
      take(at->first, at->second, bytes_of(at->first));
  }
  log::ErasedSet erased_within(log::OffsetRange range) const override {
    log::ErasedSet within(range.first);
    for (auto at = erased.lower_bound(range.first); at != erased.end() && *at < range.end; ++at) within.insert(*at);
    return within;
  }
  static std::uint32_t bytes_of(Offset offset) { return static_cast<std::uint32_t>(10 + offset.value() % 7); }

  std::map<Offset, std::string> messages;
  std::set<Offset> erased;
  int reads = 0;
};

using Model = std::map<Offset, std::string>;  // what is visible

void expect_same(const StreamIndex& index, const Model& model, std::mt19937_64& random) {
  std::uint64_t bytes = 0;
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, Offset> first, last;
  for (const auto& [offset, subject] : model) {
    bytes += Log::bytes_of(offset);
    ++counts[subject];
    first.try_emplace(subject, offset);
    last[subject] = offset;
  }
  ASSERT_EQ(index.totals(State::kVisible).messages, model.size());
  ASSERT_EQ(index.totals(State::kVisible).bytes, bytes);
  ASSERT_EQ(index.subject_count(), counts.size());
  for (const auto& [subject, count] : counts) {
    ASSERT_EQ(index.count_of(State::kVisible, subject), count) << subject;
    ASSERT_EQ(index.first_of(State::kVisible, subject), first[subject]) << subject;
    ASSERT_EQ(index.last_of(State::kVisible, subject), last[subject]) << subject;
  }
  for (int i = 0; i < 2; ++i) {
    const Offset from(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(index.visible_end().value() + 2)));
    for (const auto& [subject, count] : counts) {
      std::optional<Offset> before;
      for (const auto& [offset, its] : model)
        if (its == subject && offset < from) before = offset;
      ASSERT_EQ(index.last_of(State::kVisible, subject, from), before) << subject << " before " << from.value();
    }
    const std::string literal = "rare." + std::to_string(random() % 60);
    for (const SubjectFilters& filters :
         {SubjectFilters{}, SubjectFilters{"often.*"}, SubjectFilters{literal, "often.1"}, SubjectFilters{literal}}) {
      std::optional<Offset> next;
      std::uint64_t count = 0;
      for (auto at = model.lower_bound(from); at != model.end(); ++at) {
        if (!takes(filters, at->second)) continue;
        if (!next.has_value()) next = at->first;
        ++count;
      }
      ASSERT_EQ(index.next(State::kVisible, from, filters), next) << from.value();
      ASSERT_EQ(index.count(from, filters), count) << from.value();
    }
    const auto before = model.lower_bound(from);
    ASSERT_EQ(index.previous(State::kVisible, from), before == model.begin() ? std::nullopt : std::optional(std::prev(before)->first));
    ASSERT_EQ(index.has(State::kVisible, from), model.contains(from));
    if (from >= index.visible_end()) continue;
    const std::string* subject = index.subject_of(from);
    ASSERT_EQ(subject == nullptr ? "" : *subject, model.contains(from) ? model.at(from) : "");
  }
}

std::string some_subject(std::mt19937_64& random) {
  return random() % 3 == 0 ? "rare." + std::to_string(random() % 60) : "often." + std::to_string(random() % 4);
}

TEST(StreamIndex, AgreesWithAMapWhateverIsHeld) {
  for (const std::uint64_t seed : {1u, 2u}) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Log source;
    Model model;
    StreamIndex index(Offset(0), 2);
    ASSERT_TRUE(index.attach(&source));
    Offset next(0);
    for (int step = 0; step < 20; ++step) {
      // A turn: some are appended and some are marked; then it is released, or it fails.
      const Offset base = next;
      std::vector<std::pair<Offset, std::string>> added;
      for (std::uint64_t n = random() % 900; n > 0; --n) {
        if (random() % 300 == 0) next += 1 + static_cast<std::int64_t>(random() % 5000);  // a hole
        added.emplace_back(next, some_subject(random));
        index.insert(next, added.back().second, Log::bytes_of(next));
        ++next;
      }
      std::set<Offset> marked;
      for (std::uint64_t n = random() % 100; n > 0 && !model.empty(); --n) {
        const auto victim =
            model.lower_bound(Offset(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(model.rbegin()->first.value() + 1))));
        const bool is_new = marked.insert(victim->first).second;
        ASSERT_EQ(index.begin_erase(victim->first), is_new);
      }
      ASSERT_EQ(index.totals(State::kDecided).messages, model.size() + added.size() - marked.size());
      expect_same(index, model, random);
      if (random() % 5 == 0) {
        for (const auto& [offset, subject] : added) index.undo_insert(offset);
        for (const Offset offset : marked) index.undo_erase(offset);
        next = base;
      } else {
        source.messages.insert(added.begin(), added.end());
        model.insert(added.begin(), added.end());
        index.set_visible_end(next);
        for (const Offset offset : marked) {
          source.erased.insert(offset);
          index.erase(offset);
          model.erase(offset);
        }
      }
      if (random() % 12 == 0 && !model.empty()) {
        const Offset first(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(model.rbegin()->first.value() + 1)));
        index.erase_below(first);
        model.erase(model.begin(), model.lower_bound(first));
      }
      expect_same(index, model, random);
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_TRUE(index.is_whole());
    EXPECT_GT(source.reads, 5);
  }
}

// Between two lives: stored, then released frames alone, then the log is there.
TEST(StreamIndex, IsStoredAndKeptUpWithoutTheLog) {
  for (const std::uint64_t seed : {4u, 5u}) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Log source;
    Model model;
    StreamIndex index;
    Offset next(0);
    const auto append = [&](StreamIndex& to, std::uint64_t count) {
      for (; count > 0; --count, ++next) {
        const std::string subject = some_subject(random);
        to.insert(next, subject, Log::bytes_of(next));
        source.messages[next] = model[next] = subject;
      }
      to.set_visible_end(next);
    };
    append(index, 5000 + random() % 9000);
    for (int life = 0; life < 3; ++life) {
      log::ByteWriter stored;
      index.encode(stored);
      log::ByteReader reader(stored.view());
      auto decoded = StreamIndex::decode(reader, 2);
      ASSERT_TRUE(decoded.has_value() && reader.done());
      index = *std::move(decoded);
      for (int n = 0; n < 20; ++n) {
        append(index, random() % 300);
        const Offset first(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(next.value())));
        const log::OffsetRange range{first, std::min(first + static_cast<std::int64_t>(random() % 30), next)};
        // An act erases what is not erased yet.
        if (source.erased_within(range).empty() && range.first < range.end) {
          index.erase(range);
          for (Offset at = range.first; at < range.end; ++at) {
            source.erased.insert(at);
            model.erase(at);
          }
        }
        if (random() % 15 == 0) {
          index.erase_below(first);
          model.erase(model.begin(), model.lower_bound(first));
        }
      }
      EXPECT_EQ(source.reads, 0) << "not before it is attached";
      ASSERT_TRUE(index.attach(&source));
      expect_same(index, model, random);
      if (testing::Test::HasFatalFailure()) return;
      ASSERT_TRUE(index.attach(nullptr));
      source.reads = 0;
    }
  }
}

TEST(StreamIndex, HoldsNoMoreThanItMay) {
  Log source;
  StreamIndex index(Offset(0), 3);
  ASSERT_TRUE(index.attach(&source));
  for (Offset at{0}; at < Offset(10 * StreamIndex::kChunkOffsets); ++at) {
    index.insert(at, "a", 1);
    source.messages[at] = "a";
    index.set_visible_end(at + 1);
  }
  const std::size_t bound = 3 * static_cast<std::size_t>(StreamIndex::kChunkOffsets) * 8;
  EXPECT_LE(index.held_bytes(), bound);
  EXPECT_TRUE(index.has(State::kVisible, Offset(5)));
  EXPECT_LE(index.held_bytes(), bound);
}

TEST(StreamIndex, SaysSoWhenTheLogHasSomethingElse) {
  Log source;
  StreamIndex index;
  for (Offset at{0}; at < Offset(100); ++at) {
    index.insert(at, "a", 1);
    if (at != Offset(50)) source.messages[at] = "a";
  }
  index.set_visible_end(Offset(100));
  log::ByteWriter stored;
  index.encode(stored);
  log::ByteReader reader(stored.view());
  auto decoded = StreamIndex::decode(reader);
  ASSERT_TRUE(decoded.has_value());
  decoded->erase_below(Offset(60));
  EXPECT_FALSE(decoded->attach(&source));
}

TEST(StreamIndex, StoredBytesThatEndEarlyAreRefused) {
  StreamIndex index;
  index.insert(Offset(0), "a.b", 1);
  index.insert(Offset(1), "c", 1);
  index.set_visible_end(Offset(2));
  index.erase(log::OffsetRange{Offset(0), Offset(1)});
  log::ByteWriter stored;
  index.encode(stored);
  for (std::size_t size = 0; size < stored.size(); ++size) {
    log::ByteReader reader(stored.view().first(size));
    EXPECT_FALSE(StreamIndex::decode(reader).has_value()) << size;
  }
}

// Its CRC holds, but no index is written like that: each row is a stored index of one message but for one number.
TEST(StreamIndex, StoredBytesThatEncodeDoesNotWriteAreRefused) {
  struct Subject {
    std::string_view text = "a";
    std::uint64_t visible = 1;
    std::int64_t first = 7, last = 7;
    std::vector<std::uint64_t> few = {0};
  };
  struct Chunk {
    std::uint64_t distance = 0, visible = 1;
  };
  struct Row {
    const char* what;
    std::int64_t visible_end = 8;
    std::vector<Subject> subjects = {{}};
    std::vector<Chunk> chunks = {{}};
    std::int64_t hidden_from = 0;
    std::uint64_t hidden = 1;
  };
  constexpr std::uint64_t kMost = UINT64_MAX;
  const Row rows[] = {{.what = ""},
                      {.what = "an end below 0", .visible_end = -1},
                      {.what = "a subject twice", .subjects = {{}, {}}},
                      {.what = "a subject without messages", .subjects = {{.visible = 0, .few = {}}}},
                      {.what = "a first message below 0", .subjects = {{.first = -1}}},
                      {.what = "the last before the first", .subjects = {{.last = 6}}},
                      {.what = "a last message that is not visible", .subjects = {{.last = 8}}},
                      {.what = "another number of offsets", .subjects = {{.first = 6, .few = {0, 1}}}},
                      {.what = "an offset twice", .subjects = {{.visible = 2, .first = 6, .few = {0, 0}}}},
                      {.what = "an offset behind the last", .subjects = {{.few = {1}}}},
                      {.what = "an offset behind all", .subjects = {{.few = {kMost}}}},
                      {.what = "a chunk twice", .chunks = {{}, {}}},
                      {.what = "a chunk behind the end", .chunks = {{.distance = 1}}},
                      {.what = "a chunk behind all", .chunks = {{.distance = kMost}}},
                      {.what = "a chunk without messages", .chunks = {{.visible = 0}}},
                      {.what = "a chunk with more than it holds", .chunks = {{.visible = 4097}}},
                      {.what = "a hidden range below 0", .hidden_from = -1},
                      {.what = "a hidden range without an end", .hidden_from = 1, .hidden = INT64_MAX}};
  for (const Row& row : rows) {
    log::ByteWriter stored;
    stored.fixed(std::uint8_t{1});
    stored.offset(Offset(row.visible_end));
    stored.offset(Offset(0));
    stored.varint(1);
    stored.varint(10);
    stored.varint(row.subjects.size());
    for (const Subject& subject : row.subjects) {
      stored.prefixed(subject.text);
      stored.varint(subject.visible);
      stored.offset(Offset(subject.first));
      stored.offset(Offset(subject.last));
      stored.varint(subject.few.size());
      for (const std::uint64_t distance : subject.few) stored.varint(distance);
    }
    stored.varint(row.chunks.size());
    for (const Chunk& chunk : row.chunks) {
      stored.varint(chunk.distance);
      stored.varint(chunk.visible);
    }
    stored.varint(1);
    stored.offset(Offset(row.hidden_from));
    stored.varint(row.hidden);
    stored.offset(Offset(0));
    log::ByteReader reader(stored.view());
    EXPECT_EQ(StreamIndex::decode(reader).has_value(), std::string_view(row.what).empty()) << row.what;
  }
}

}  // namespace
}  // namespace firth::broker
