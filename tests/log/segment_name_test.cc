#include "log/segment_name.h"

#include <gtest/gtest.h>

#include <limits>

namespace firth::log {
namespace {

TEST(SegmentName, PathsAreKafkas) {
  EXPECT_EQ(segment_path("d", {Offset(0)}, kLogEnding), "d/00000000000000000000.log");
  EXPECT_EQ(segment_path("d", {Offset(1234)}, kTimeIndexEnding), "d/00000000000000001234.timeindex");
  EXPECT_EQ(segment_path("d", {Offset(1234), 12}, kLogEnding), "d/00000000000000001234.12.log");
  EXPECT_EQ(segment_path("", {Offset(std::numeric_limits<std::int64_t>::max())}, kSealEnding), "/09223372036854775807.seal");
}

TEST(SegmentName, ParsesOnlyItsOwnSpelling) {
  struct Row {
    std::string_view file;
    std::optional<SegmentName> name;
  };
  const Row rows[] = {
      {"00000000000000001234.log", SegmentName{Offset(1234), 0}},
      {"00000000000000001234.7.log", SegmentName{Offset(1234), 7}},
      {"09223372036854775807.4294967295.log", SegmentName{Offset(std::numeric_limits<std::int64_t>::max()), 4294967295u}},
      {"", std::nullopt},
      {".log", std::nullopt},
      {"0000000000000001234.log", std::nullopt},
      {"000000000000000001234.log", std::nullopt},
      {"-0000000000000001234.log", std::nullopt},
      {"0000000000000000123x.log", std::nullopt},
      {"09223372036854775808.log", std::nullopt},
      {"00000000000000001234.index", std::nullopt},
      {"00000000000000001234.0.log", std::nullopt},
      {"00000000000000001234.07.log", std::nullopt},
      {"00000000000000001234..log", std::nullopt},
      {"00000000000000001234.-7.log", std::nullopt},
      {"00000000000000001234.4294967296.log", std::nullopt},
      {"00000000000000001234.7.log.deleted", std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(parse_segment_file(row.file, kLogEnding), row.name) << row.file;
}

}  // namespace
}  // namespace firth::log
