// Copying and comparing a few bytes in place. Subjects, ids and numbers have less than 32: calling libc for each of them costs more than
// the work itself. Ends are covered by words that overlap: no byte loop, and no byte outside is read or written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace firth {

namespace short_bytes_detail {

struct Words {
  std::uint64_t low, high;
};
template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

}  // namespace short_bytes_detail

// As memcpy.
inline void copy_short(char* to, const char* from, std::size_t size) {
  using namespace short_bytes_detail;
  const auto copy_ends = [&]<class Word>(Word) {
    const Word first = load<Word>(from);
    const Word last = load<Word>(from + size - sizeof(Word));
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  if (size > 2 * sizeof(Words)) {
    std::memcpy(to, from, size);
  } else if (size >= sizeof(Words)) {
    copy_ends(Words{});
  } else if (size >= 8) {
    copy_ends(std::uint64_t{});
  } else if (size >= 4) {
    copy_ends(std::uint32_t{});
  } else if (size > 0) {
    const char first = from[0], middle = from[size / 2], last = from[size - 1];
    to[0] = first;
    to[size / 2] = middle;
    to[size - 1] = last;
  }
}

// As memcmp(...) == 0.
inline bool equal_short(const char* a, const char* b, std::size_t size) {
  using namespace short_bytes_detail;
  const auto differ = [&]<class Word>(Word, std::size_t at) { return load<Word>(a + at) ^ load<Word>(b + at); };
  const auto equal_ends = [&]<class Word>(Word word) { return (differ(word, 0) | differ(word, size - sizeof(Word))) == 0; };
  if (size > 32) return std::memcmp(a, b, size) == 0;
  if (size > 16) {
    constexpr std::uint64_t kWord = 0;
    return (differ(kWord, 0) | differ(kWord, 8) | differ(kWord, size - 16) | differ(kWord, size - 8)) == 0;
  }
  if (size >= 8) return equal_ends(std::uint64_t{});
  if (size >= 4) return equal_ends(std::uint32_t{});
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

}  // namespace firth
