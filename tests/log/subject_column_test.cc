#include "log/subject_column.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "subject/match.h"

namespace firth::log {
namespace {

constexpr Offset kBase{500};

TEST(SubjectDictionary, PrefixesAreRangesOfTheSortedIds) {
  SubjectDictionary dictionary;
  for (const char* text : {"b.x", "a", "b.", "b", "c", "b.y.z", "b.x"}) dictionary.find_or_add(text);
  EXPECT_EQ(dictionary.size(), 6u);
  EXPECT_EQ(dictionary.find("b.q"), kNoSubject);
  const auto texts = [&](std::string_view prefix) {
    std::string joined;
    for (const SubjectId id : dictionary.with_prefix(prefix)) joined.append(dictionary.text(id)).append(" ");
    return joined;
  };
  EXPECT_EQ(texts(""), "a b b. b.x b.y.z c ");
  EXPECT_EQ(texts("b."), "b. b.x b.y.z ");
  EXPECT_EQ(texts("d"), "");
  dictionary.find_or_add("b.a");
  EXPECT_EQ(texts("b."), "b. b.a b.x b.y.z ");
}

// Against a map from offset to subject: queries of every kind while the column grows, is erased and is written and loaded again.
TEST(SubjectColumn, AnswersAsAMapOfMessagesWould) {
  const std::vector<std::vector<std::string>> filter_lists = {{},       {"o.1.x"},         {"o.*.x"}, {"o.>"}, {"p.*", "o.2.>"},
                                                              {"none"}, {"*.1.*", "o.1.x"}};
  for (unsigned seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    SubjectColumn column(kBase);
    ErasedSet erased(kBase);
    std::map<Offset, std::string> model;
    std::vector<SubjectSelection> selections;
    for (const auto& filters : filter_lists) selections.emplace_back(filters);
    std::vector<std::byte> file;
    SubjectId known = 0;
    Offset written = kBase;
    for (int round = 0; round < 30; ++round) {
      for (int i = below(20); i >= 0; --i) {
        const Offset offset = column.next_offset() + (below(10) == 0 ? below(5) : 0);
        const std::string subject = (below(2) ? "o." : "p.") + std::to_string(below(3 + round)) + (below(2) ? ".x" : "");
        column.append(offset, subject);
        model[offset] = subject;
      }
      for (int i = below(8); i > 0; --i) erased.insert(kBase + below(static_cast<int>(column.next_offset() - kBase)));
      known = column.encode_since(written, known, file);
      written = column.next_offset();
      const Offset hidden_below = kBase + below(20);
      for (int i = 0; i < 40; ++i) {
        const SubjectColumn::Query query{.from = kBase + below(300), .bound = kBase + below(400), .visibility = {&erased, hidden_below}};
        SubjectSelection& selection = selections[below(static_cast<int>(selections.size()))];
        column.evaluate(selection);
        std::optional<Offset> next;
        std::map<std::string, Offset> last;
        std::int64_t count = 0;
        for (auto it = model.lower_bound(query.from); it != model.end() && it->first < query.bound; ++it) {
          if (it->first < hidden_below || erased.contains(it->first)) continue;
          last[it->second] = it->first;
          const bool taken = std::ranges::any_of(selection.filters(), [&](const auto& f) { return subject::matches(f, it->second); });
          if (!taken) continue;
          if (!next) next = it->first;
          ++count;
        }
        if (!selection.filters().empty()) {
          ASSERT_EQ(column.next(selection, query), next);
          ASSERT_EQ(column.count(selection, query), count);
        }
        for (const auto& [subject, offset] : last) ASSERT_EQ(column.last(subject, query), offset);
      }
    }
    const auto loaded = SubjectColumn::load(kBase, file);
    EXPECT_EQ(loaded.good_bytes, file.size());
    ASSERT_EQ(loaded.column.next_offset(), column.next_offset());
    for (Offset at = kBase; at < column.next_offset(); ++at) ASSERT_EQ(loaded.column.id_at(at), column.id_at(at));
    for (SubjectId id = 0; id < column.dictionary().size(); ++id) {
      ASSERT_EQ(loaded.column.dictionary().text(id), column.dictionary().text(id));
      ASSERT_EQ(loaded.column.subject(id).first, column.subject(id).first);
      ASSERT_EQ(loaded.column.subject(id).last, column.subject(id).last);
      ASSERT_EQ(loaded.column.subject(id).count, column.subject(id).count);
    }
  }
}

TEST(SubjectColumn, LoadsTheBlocksBeforeTheFirstBadByte) {
  SubjectColumn column(kBase);
  std::vector<std::byte> file;
  SubjectId known = 0;
  std::vector<std::size_t> ends = {0};
  for (int block = 0; block < 3; ++block) {
    const Offset first = column.next_offset();
    column.append(first + block, "s." + std::to_string(block));
    column.append(first + block + 1, "s.0");
    known = column.encode_since(first, known, file);
    ends.push_back(file.size());
  }
  for (std::size_t byte = 0; byte < file.size(); ++byte) {
    auto damaged = file;
    damaged[byte] ^= std::byte{4};
    const std::size_t block = std::ranges::upper_bound(ends, byte) - ends.begin() - 1;
    EXPECT_EQ(SubjectColumn::load(kBase, damaged).good_bytes, ends[block]) << byte;
    EXPECT_EQ(SubjectColumn::load(kBase, ByteView(file).first(byte)).good_bytes, ends[block]) << byte;
  }
  EXPECT_EQ(SubjectColumn::load(kBase + 1, file).good_bytes, 0u) << "another segment's";
}

}  // namespace
}  // namespace firth::log
