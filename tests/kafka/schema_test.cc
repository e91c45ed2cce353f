// What the schema notation promises, on a message that has every type and every form of a field (schema/every_type.schema).
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kafka/reader.h"
#include "kafka/writer.h"
#include "tests/kafka/every_type.h"

namespace firth::kafka {
namespace {

SharedBytes bytes(std::string_view text) { return SharedBytes::copy(as_bytes(text)); }

// Set in every field that version 3 has.
EveryTypeRequest full() {
  EveryTypeRequest request;
  request.a_bool = false;
  request.an_int8 = 1;
  request.an_int32 = 2;
  request.an_error = ErrorCode::kOffsetOutOfRange;
  request.a_uuid.fill(std::byte{'u'});
  request.a_topic_id.bytes.fill(std::byte{'t'});
  request.a_string = "s";
  request.some_string = "n";
  request.some_bytes = bytes("b");
  request.a_chain.append(bytes("c1"));
  request.a_chain.append(bytes("c2"));
  request.a_struct = {.x = 3, .y = 4};
  request.some_struct.emplace().name = "o";
  auto& element = request.structs->emplace_back();
  element.key_number = 5;
  element.numbers = {6};
  element.tagged_text = "e";
  request.tagged_number = 7;
  request.tagged_struct.inner.b = false;
  request.tagged_strings = {"g", ""};
  request.tagged_other.emplace().c = ErrorCode::kNone;
  return request;
}

std::string encoded(const EveryTypeRequest& request, std::int16_t version) {
  Writer out;
  EXPECT_EQ(request.encode(out, version), CodecError::kNone) << "version " << version;
  return std::string(as_text(std::move(out).finish().flatten().view()));
}

TEST(Schema, WritesFieldsInOrderAndTagsByNumber) {
  using namespace std::string_literals;
  const std::string expected = "\x00\x01\x00\x00\x00\x02\x00\x01"s + std::string(16, 'u') + std::string(16, 't') +
                               "\x02s\x02n\x02"
                               "b\x05"
                               "c1c2"s +
                               "\x00\x00\x00\x03\x00\x00\x00\x04\x00"s +  // a_struct, no tags
                               "\x01\x02o\x00"s +                         // some_struct: there
                               "\x02\x00\x00\x00\x05\x02\x00\x00\x00\x00\x00\x00\x00\x06\x01\x00\x02\x02"
                               "e"s +                         // one element with one tag
                               "\x04"s +                      // four tags
                               "\x00\x02\x00\x07"s +          // 0: number
                               "\x01\x04\x00\x00\x00\x00"s +  // 1: a, inner.b, no tags of either
                               "\x02\x04\x03\x02g\x01"s +     // 2: two strings
                               "\x03\x04\x01\x00\x00\x00"s;   // 3: there, error 0, no tags
  EXPECT_EQ(encoded(full(), 3), expected);

  Reader in(bytes(expected));
  EveryTypeRequest request;
  ASSERT_EQ(request.decode(in, 3), CodecError::kNone);
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_EQ(encoded(request, 3), expected);
  EXPECT_EQ(request.structs->at(0).tagged_text, "e");
  EXPECT_EQ(request.tagged_strings, (std::vector<std::string>{"g", ""}));
  EXPECT_FALSE(request.tagged_struct.inner.b);
}

TEST(Schema, LeavesTaggedFieldsWithTheirDefaultOut) {
  const std::string message = encoded(EveryTypeRequest(), 3);
  EXPECT_EQ(message.back(), '\0');
  Reader in(bytes(message));
  EveryTypeRequest request;
  ASSERT_EQ(request.decode(in, 3), CodecError::kNone);
  EXPECT_EQ(request.tagged_number, 5);
  EXPECT_TRUE(request.tagged_struct.inner.b);
  EXPECT_FALSE(request.tagged_other.has_value());
}

TEST(Schema, GivesAbsentFieldsTheirDefault) {
  const std::string message = encoded(EveryTypeRequest(), 0);
  Reader in(bytes(message));
  EveryTypeRequest request;
  ASSERT_EQ(request.decode(in, 0), CodecError::kNone);
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_TRUE(request.a_bool);
  EXPECT_EQ(request.an_int8, -8);
  EXPECT_EQ(request.an_int16, 16);
  EXPECT_EQ(request.an_int32, std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(request.a_struct.y, -1);
  EXPECT_FALSE(request.some_string.has_value());
}

TEST(Schema, RefusesToLoseWhatIsSet) {
  struct Row {
    const char* what;
    void (*set)(EveryTypeRequest&);
    std::int16_t version;
    CodecError error;
  };
  const Row rows[] = {
      {"nothing", [](auto&) {}, 0, CodecError::kNone},
      {"too early", [](auto& r) { r.an_int16 = 1; }, 0, CodecError::kFieldNotInVersion},
      {"too late", [](auto& r) { r.an_int16 = 1; }, 3, CodecError::kFieldNotInVersion},
      {"ignorable", [](auto& r) { r.an_int64 = 1; }, 3, CodecError::kNone},
      {"a text", [](auto& r) { r.some_string = ""; }, 0, CodecError::kFieldNotInVersion},
      {"inside a struct", [](auto& r) { r.a_struct.y = 0; }, 1, CodecError::kFieldNotInVersion},
      {"a tagged field", [](auto& r) { r.tagged_number = 0; }, 1, CodecError::kFieldNotInVersion},
      {"a tagged struct", [](auto& r) { r.tagged_struct.inner.b = false; }, 0, CodecError::kFieldNotInVersion},
      {"a tagged array, one version early", [](auto& r) { r.tagged_strings = {"x"}; }, 2, CodecError::kFieldNotInVersion},
      {"an ignorable tagged field", [](auto& r) { r.structs->emplace_back().tagged_text = "x"; }, 1, CodecError::kNone},
      {"null too early", [](auto& r) { r.structs.reset(); }, 0, CodecError::kNull},
      {"null in time",
       [](auto& r) {
         r.structs.reset();
         r.some_string = "";
         r.some_struct.emplace();
       },
       1, CodecError::kNone},
  };
  for (const Row& row : rows) {
    EveryTypeRequest request;
    if (row.version == 1) {  // version 1 has these two, and no null for them
      request.some_string = "";
      request.some_struct.emplace();
    }
    row.set(request);
    Writer out;
    EXPECT_EQ(request.encode(out, row.version), row.error) << row.what;
  }
}

TEST(Schema, RefusesNullWhereAVersionHasNone) {
  EveryTypeRequest request;
  Writer out;
  EXPECT_EQ(request.encode(out, 1), CodecError::kNull);
  std::string message = encoded(EveryTypeRequest(), 0);
  message.replace(message.size() - 4, 4, "\xFF\xFF\xFF\xFF");  // the array of structs comes last
  Reader in(bytes(message));
  EXPECT_EQ(request.decode(in, 0), CodecError::kNull);
}

TEST(Schema, ChecksEveryLengthOfEveryField) {
  const std::string whole = encoded(full(), 3);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Reader in(bytes(whole.substr(0, size)));
    EveryTypeRequest request;
    EXPECT_NE(request.decode(in, 3), CodecError::kNone) << size;
  }
}

}  // namespace
}  // namespace firth::kafka
