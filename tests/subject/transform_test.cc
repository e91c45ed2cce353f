#include "subject/transform.h"

#include <gtest/gtest.h>

#include <string>

namespace firth::subject {
namespace {

struct Row {
  std::string_view source, destination, subject, expected, error;
};

// Every row was answered by nats-server 2.15.2. `error` follows "invalid mapping destination: ", but for "invalid subject".
const Row kRows[] = {
    {"", "", "a", "a", ""},
    {"foo", "bar", "foo", "bar", ""},
    {"foo.*", "bar.$1", "foo.x", "bar.x", ""},
    {"foo.*.*", "bar.{{wildcard(2)}}.{{wildcard(1)}}", "foo.a.b", "bar.b.a", ""},
    {"foo.*", "bar.$2", "foo.a", "", "wildcard index out of range in $2: [2]"},
    {"foo.*", "bar.$0", "foo.a", "bar.foo", ""},
    {"foo.*", "bar.$-1", "foo.a", "bar.foo", ""},
    {"foo.*", "bar.$x", "foo.a", "bar.$x", ""},
    {"foo.>", "bar.>", "foo.a.b", "bar.a.b", ""},
    {"foo.>", "bar", "foo.a", "", "invalid subject"},
    {"foo", "bar.>", "foo", "", "invalid subject"},
    {"foo.*", "bar.*", "foo.a", "", "invalid subject"},
    {"foo..a", "bar", "x", "", "invalid subject"},
    {"", "foo.>", "a.b", "foo.a.b", ""},
    {">", "foo.>", "a.b.c", "foo.a.b.c", ""},
    {"*", "foo.{{partition(10,1)}}", "a", "foo.0", ""},
    {"*.*", "foo.$1.{{partition(5,1,2)}}", "foo.bar", "foo.foo.0", ""},
    {"foo.bar", "p.{{partition(7)}}", "foo.bar", "p.3", ""},
    {"*.*", "p.{{ Partition( 7 ) }}", "foo.bar", "p.3", ""},
    {"*", "{{partition(0,1)}}", "a", "0", ""},
    {"*", "{{partition(-3,1)}}", "a", "3826002220", ""},
    {"*", "{{partition()}}", "a", "", "function argument is invalid or in the wrong format in {{partition()}}"},
    {"*", "{{partition(a)}}", "a", "", "function argument is invalid or in the wrong format in {{partition(a)}}"},
    {"*", "{{partition(10,2)}}", "a", "", "wildcard index out of range in {{partition(10,2)}}: [2]"},
    {"*", "{{partition(10,x)}}", "a", "", "function argument is invalid or in the wrong format in {{partition(10,x)}}"},
    {"*", "{{partition(2147483648,1)}}", "a", "", "function argument is invalid or in the wrong format in {{partition(2147483648,1)}}"},
    {"*", "{{split(1,-)}}", "-abc-def--ghi-", "abc.def.ghi", ""},
    {"*", "{{split(1,-)}}", "a-b", "a.b", ""},
    {"*", "{{split(1,-)}}", "--a", ".a", ""},
    {"*", "{{split(1,-)}}", "--", "", ""},
    {"*", "{{split(1,ab)}}", "xabyab", "x.y", ""},
    {"*", "{{split(1, -)}}", "a-b", "a.b", ""},
    {"*", "{{split(1)}}", "a", "", "not enough arguments passed to the function in {{split(1)}}"},
    {"*", "{{split(1,-,2)}}", "a", "", "too many arguments passed to the function in {{split(1,-,2)}}"},
    {"*", "{{split(1,)}}", "abc", "a.b.c", ""},
    {"*", "{{splitfromleft(1,3)}}", "12345", "123.45", ""},
    {"*", "{{SplitFromRight(1,3)}}", "12345", "12.345", ""},
    {"*", "{{SPLITFROMRIGHT(1,3)}}", "12345", "", "unknown function in {{SPLITFROMRIGHT(1,3)}}"},
    {"*", "{{splitfromleft(1,5)}}", "12345", "12345", ""},
    {"*", "{{splitfromleft(1,0)}}", "12345", "12345", ""},
    {"*", "{{splitfromleft(1)}}", "12345", "", "not enough arguments passed to the function in {{splitfromleft(1)}}"},
    {"*", "{{splitfromleft(1,2,3)}}", "12345", "", "too many arguments passed to the function in {{splitfromleft(1,2,3)}}"},
    {"*", "{{splitfromleft(1,x)}}", "12345", "", "function argument is invalid or in the wrong format in {{splitfromleft(1,x)}}"},
    {"*", "{{slicefromleft(1,3)}}", "1234567890", "123.456.789.0", ""},
    {"*", "{{SliceFromRight(1,3)}}", "1234567890", "1.234.567.890", ""},
    {"*", "{{slicefromleft(1,5)}}", "1234567890", "12345.67890", ""},
    {"*", "{{slicefromright(1,5)}}", "1234567890", "12345.67890", ""},
    {"*", "{{slicefromleft(1,10)}}", "1234567890", "1234567890", ""},
    {"*", "{{slicefromleft(1,1)}}", "123", "1.2.3", ""},
    {"*", "{{slicefromleft(1,7)}}", "1234567890", "1234567.890", ""},
    {"*", "{{left(1,3)}}", "12345", "123", ""},
    {"*", "{{right(1,3)}}", "12345", "345", ""},
    {"*", "{{left(1,9)}}", "12345", "12345", ""},
    {"*", "{{right(1,-1)}}", "12345", "12345", ""},
    {"*", "{{wildcard()}}", "a", "", "not enough arguments passed to the function in {{wildcard()}}"},
    {"*", "{{wildcard(1,2)}}", "a", "", "too many arguments passed to the function in {{wildcard(1,2)}}"},
    {"*", "{{wildcard(a)}}", "a", "", "function argument is invalid or in the wrong format in {{wildcard(a)}}"},
    {"*", "{{foo(1)}}", "a", "", "unknown function in {{foo(1)}}"},
    {"*", "{{}}", "a", "{{}}", ""},
    {"*", "{{1}}", "a", "", "unknown function in {{1}}"},
    {"foo", "{{wildcard(1)}}", "foo", "", "wildcard index out of range in {{wildcard(1)}}"},
    {"foo", "$1", "foo", "", "wildcard index out of range in $1"},
    {"foo", "{{left(1,2)}}", "foo", "", "wildcard index out of range in {{left(1,2)}}"},
    {"foo", "{{random(0)}}", "foo", "0", ""},
    {"*", "{{random(1)}}", "foo", "0", ""},
    {"*", "{{random(1,2)}}", "foo", "", "not enough arguments passed to the function in {{random(1,2)}}"},
    {"*", "{{random()}}", "foo", "", "function argument is invalid or in the wrong format in {{random()}}"},
    {"foo.*.>", "bar.$1.>", "foo.a.b.c", "bar.a.b.c", ""},
    {"foo.*", "x y.$1", "foo.a", "x y.a", ""},
    {"*.foo.*", "$2.$1", "a.foo.b", "b.a", ""},
    {"*", "{{wildcard( 1 )}}", "a", "a", ""},
    {"*", "{{ wildcard (1) }}", "a", "a", ""},
    {"*", "{{wildcard(1) x}}", "a", "", "unknown function in {{wildcard(1) x}}"},
    {"*", "{{wildcard(+1)}}", "a", "a", ""},
    {"*", "a{{wildcard(1)}}", "q", "a{{wildcard(1)}}", ""},
    {"*.*", "{{partition(3, 1 , 2)}}", "foo.bar", "1", ""},
    {">", "a.$1.>", "x.y", "", "wildcard index out of range in $1: [1]"},
    {"foo.*", "bar.$01", "foo.z", "bar.z", ""},
    {"*", "{{partition(4294967297,1)}}", "a", "", "function argument is invalid or in the wrong format in {{partition(4294967297,1)}}"},
    {"*.*", "{{partition(10,1,2)}}", "a.b", "6", ""},
    {">", "p.{{partition(10)}}.>", "a.b", "p.2.a.b", ""},
};

TEST(SubjectTransform, AnswersAsTheRealServer) {
  for (const Row& row : kRows) {
    const auto transform = Transform::make(row.source, row.destination, Transform::Use::kMapping);
    const std::string error = row.error.empty() || row.error == "invalid subject"
                                  ? std::string(row.error)
                                  : "invalid mapping destination: " + std::string(row.error);
    ASSERT_EQ(transform ? "" : transform.error().text, error) << row.source << " " << row.destination;
    if (transform) EXPECT_EQ(transform->apply(row.subject, 0).value_or("no match"), row.expected) << row.source << " " << row.destination;
  }
}

TEST(SubjectTransform, ForImportsMustBeReversible) {
  struct ImportRow {
    std::string_view source, destination, error;
  };
  const ImportRow rows[] = {
      {"foo.*", "bar.$1", ""},
      {"foo.*.*", "bar.{{wildcard(2)}}.{{wildcard(1)}}", ""},
      {"foo", "{{partition(3)}}", ""},
      {"foo.*.*", "bar.$1", "not using all of the token wildcard(s) in bar.$1"},
      {"foo.*", "bar.$x", "not using all of the token wildcard(s) in bar.$x"},
      {"*", "{{left(1,3)}}", "the only mapping function allowed for import transforms is {{Wildcard()}} in {{left(1,3)}}"},
      {"*", "{{random(1)}}", "the only mapping function allowed for import transforms is {{Wildcard()}} in {{random(1)}}"},
  };
  for (const ImportRow& row : rows) {
    const auto transform = Transform::make(row.source, row.destination, Transform::Use::kImport);
    const std::string error = row.error.empty() ? "" : "invalid mapping destination: " + std::string(row.error);
    EXPECT_EQ(transform ? "" : transform.error().text, error) << row.source << " " << row.destination;
  }
}

TEST(SubjectTransform, TakesOnlyItsSource) {
  const auto transform = Transform::make("orders.*.>", "o.$1.>", Transform::Use::kMapping);
  ASSERT_TRUE(transform);
  for (const char* other : {"orders", "orders.a", "a.b.c", "orders.*.c", "orders.a.>", "orders..c", "orders.a.", ""})
    EXPECT_EQ(transform->apply(other, 0), std::nullopt) << other;
}

TEST(SubjectTransform, SpreadsRandomlyBelowItsBound) {
  const auto transform = Transform::make("*", "{{random(10)}}", Transform::Use::kMapping);
  ASSERT_TRUE(transform);
  EXPECT_EQ(transform->apply("a", 2 * 13), "3");
  EXPECT_EQ(transform->apply("a", 0xFFFFFFFF), "7");
}

// The published test vectors of FNV-1a.
TEST(SubjectTransform, HashesAsFnv1a) {
  EXPECT_EQ(fnv1a(""), 0x811c9dc5u);
  EXPECT_EQ(fnv1a("a"), 0xe40c292cu);
  EXPECT_EQ(fnv1a("foobar"), 0xbf9cf968u);
}

}  // namespace
}  // namespace firth::subject
