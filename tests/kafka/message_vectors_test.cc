// Every message in every version against the bytes of Kafka's own Java client (tests/data/kafka/messages.bin, made by MessageVectors.java).
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kafka/message_registry.h"

namespace firth::kafka {
namespace {

struct Vector {
  const MessageRow* row;
  std::int16_t version;
  SharedBytes bytes;
};

const MessageRow* find_row(std::int16_t key, MessageKind kind) {
  for (const MessageRow& row : message_rows())
    if (static_cast<std::int16_t>(row.key) == key && row.kind == kind) return &row;
  return nullptr;
}

// Entries: api key int16, response int8, version int16, size int32, bytes.
std::vector<Vector> load_vectors() {
  std::ifstream file(FIRTH_TEST_DATA "/kafka/messages.bin", std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  std::vector<Vector> vectors;
  for (ByteView rest = as_bytes(content); !rest.empty();) {
    const auto key = load_be<std::int16_t>(rest.data());
    const auto kind = static_cast<MessageKind>(rest[2]);
    const auto version = load_be<std::int16_t>(rest.data() + 3);
    const auto size = static_cast<std::size_t>(load_be<std::int32_t>(rest.data() + 5));
    vectors.push_back({find_row(key, kind), version, SharedBytes::copy(rest.subspan(9, size))});
    rest = rest.subspan(9 + size);
  }
  return vectors;
}

std::string describe(const Vector& vector) {
  return std::string(vector.row->name) + " version " + std::to_string(vector.version) + ", " + std::to_string(vector.bytes.size()) +
         " bytes";
}

std::string text_of(const SharedBytes& bytes) { return std::string(as_text(bytes.view())); }

TEST(MessageVectors, CoverEveryVersionOfEveryMessage) {
  std::set<std::tuple<std::string_view, std::int16_t>> seen;
  for (const Vector& vector : load_vectors()) {
    ASSERT_NE(vector.row, nullptr);
    seen.emplace(vector.row->name, vector.version);
  }
  for (const MessageRow& row : message_rows())
    for (std::int16_t version = row.min_version; version <= row.max_version; ++version)
      EXPECT_TRUE(seen.contains({row.name, version})) << row.name << " version " << version << ": make messages.bin anew";
}

TEST(MessageVectors, AreReproducedByteForByte) {
  for (const Vector& vector : load_vectors()) {
    Reader in(vector.bytes);
    Writer out;
    ASSERT_EQ(vector.row->transcode(in, out, vector.version), CodecError::kNone) << describe(vector);
    EXPECT_EQ(in.remaining(), 0u) << describe(vector);
    ASSERT_EQ(text_of(std::move(out).finish().flatten()), text_of(vector.bytes)) << describe(vector);
  }
}

TEST(MessageVectors, AreRefusedWhenCutAnywhere) {
  for (const Vector& vector : load_vectors()) {
    for (std::size_t size = 0; size < vector.bytes.size(); ++size) {
      Reader in(vector.bytes.slice(0, size));
      Writer out;
      ASSERT_NE(vector.row->transcode(in, out, vector.version), CodecError::kNone) << describe(vector) << " cut to " << size;
    }
  }
}

TEST(Messages, AreNamedAndFlexibleAsTheirApi) {
  for (const MessageRow& row : message_rows()) {
    const ApiRow* const api = api_row(static_cast<std::int16_t>(row.key));
    ASSERT_NE(api, nullptr);
    EXPECT_EQ(row.name, std::string(api->name) + (row.kind == MessageKind::kRequest ? "Request" : "Response"));
    EXPECT_EQ(row.first_flexible, api->first_flexible) << row.name;
  }
}

TEST(Messages, ForgetUnknownTaggedFields) {
  for (const MessageRow& row : message_rows()) {
    for (std::int16_t version = std::max(row.min_version, row.first_flexible); version <= row.max_version; ++version) {
      Writer plain;
      ASSERT_EQ(row.encode_default(plain, version), CodecError::kNone) << row.name;
      const std::string expected = text_of(std::move(plain).finish().flatten());
      ASSERT_EQ(expected.back(), '\0') << row.name;  // no tagged fields: the count ends the message
      // Two of them: number 9,999 with two bytes, number 100,000 with none.
      const std::string tagged = expected.substr(0, expected.size() - 1) + std::string("\x02\x8F\x4E\x02hi\xA0\x8D\x06\x00", 10);
      Reader in(SharedBytes::copy(as_bytes(tagged)));
      Writer out;
      EXPECT_EQ(row.transcode(in, out, version), CodecError::kNone) << row.name << " version " << version;
      EXPECT_EQ(in.remaining(), 0u);
      EXPECT_EQ(text_of(std::move(out).finish().flatten()), expected) << row.name << " version " << version;
    }
  }
}

TEST(Messages, RefuseVersionsThatTheyLack) {
  for (const MessageRow& row : message_rows()) {
    for (const int version : {row.min_version - 1, row.max_version + 1}) {
      Writer out;
      EXPECT_EQ(row.encode_default(out, static_cast<std::int16_t>(version)), CodecError::kVersion) << row.name;
      Reader in(SharedBytes::copy(as_bytes(std::string(100, '\0'))));
      EXPECT_EQ(row.transcode(in, out, static_cast<std::int16_t>(version)), CodecError::kVersion) << row.name;
    }
  }
}

}  // namespace
}  // namespace firth::kafka
