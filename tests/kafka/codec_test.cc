// What the generated codecs read and write, byte by byte.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kafka/generated/create_partitions.h"
#include "kafka/generated/fetch.h"
#include "kafka/generated/list_groups.h"
#include "kafka/generated/metadata.h"
#include "kafka/generated/produce.h"
#include "kafka/reader.h"
#include "kafka/writer.h"

namespace firth::kafka {
namespace {

SharedBytes bytes(std::string_view text) { return SharedBytes::copy(as_bytes(text)); }
#define BYTES(literal) bytes(std::string_view(literal, sizeof(literal) - 1))

TEST(Reader, RefusesStringsThatAreNotWhole) {
  struct Row {
    const char* what;
    SharedBytes input;
    bool flexible;
    CodecError error;
  };
  const Row rows[] = {
      {"nothing", BYTES(""), false, CodecError::kTruncated},
      {"half a length", BYTES("\x00"), false, CodecError::kTruncated},
      {"empty", BYTES("\x00\x00"), false, CodecError::kNone},
      {"one byte missing",
       BYTES("\x00\x03"
             "ab"),
       false, CodecError::kTruncated},
      {"null", BYTES("\xFF\xFF"), false, CodecError::kNull},
      {"far below null", BYTES("\x80\x00"), false, CodecError::kNull},
      {"compact nothing", BYTES(""), true, CodecError::kTruncated},
      {"compact null", BYTES("\x00"), true, CodecError::kNull},
      {"compact empty", BYTES("\x01"), true, CodecError::kNone},
      {"compact one byte missing",
       BYTES("\x04"
             "ab"),
       true, CodecError::kTruncated},
      {"compact, too long", BYTES("\xFF\xFF\xFF\xFF\x0F"), true, CodecError::kStringLength},
      {"compact, length of 40 bits", BYTES("\xFF\xFF\xFF\xFF\xFF\x0F    "), true, CodecError::kVarint},
  };
  for (const Row& row : rows) {
    Reader in(row.input);
    in.set_flexible(row.flexible);
    std::string text = "before";
    in.read(text);
    EXPECT_EQ(in.error(), row.error) << row.what;
    EXPECT_EQ(text, "") << row.what;
  }
}

TEST(Reader, GoesOnWithZeroAfterAnError) {
  Reader in(BYTES("\x00\x00\x00"));
  std::int32_t number = 7;
  in.read(number);
  std::int8_t byte = 7;
  in.read(byte);
  std::vector<std::int32_t> numbers{7};
  in.read_array(numbers, 4, [&](auto& element) { in.read(element); });
  EXPECT_EQ(in.error(), CodecError::kTruncated);
  EXPECT_EQ(number, 0);
  EXPECT_EQ(byte, 0);
  EXPECT_TRUE(numbers.empty());
}

TEST(Reader, BelievesACountOnlyAsFarAsTheBytesCanHoldIt) {
  // A Metadata request, version 1, that claims 2^31-1 topics in 8 bytes: refused before anything is reserved.
  Reader in(BYTES("\x7F\xFF\xFF\xFF\x00\x00\x00\x00"));
  MetadataRequest request;
  EXPECT_EQ(request.decode(in, 1), CodecError::kElements);
  Reader shorter(BYTES("\x00\x00\x00\x05\x00\x00\x00\x00"));
  MetadataRequest another;
  EXPECT_EQ(another.decode(shorter, 1), CodecError::kTruncated);
  EXPECT_EQ(another.topics->capacity(), 0u);
}

TEST(Reader, CountsTheElementsOfAMessageTogether) {
  // Two arrays of 600,000 empty strings each.
  const std::string half = std::string("\xC1\xCF\x24", 3) + std::string(600'000, '\x01');
  Reader in(bytes(half + half + std::string(1, '\0')));
  ListGroupsRequest request;
  EXPECT_EQ(request.decode(in, 5), CodecError::kElements);
  Reader one(bytes(half + std::string("\x01\x00", 2)));
  ListGroupsRequest fits;
  EXPECT_EQ(fits.decode(one, 5), CodecError::kNone);
  EXPECT_EQ(fits.states_filter.size(), 600'000u);
}

TEST(Reader, ChecksTheLengthOfTaggedFields) {
  struct Row {
    const char* what;
    SharedBytes tags;
    CodecError error;
  };
  // Behind a Fetch request of version 12 with nothing in it; tag 0 is the cluster id.
  const Row rows[] = {
      {"none", BYTES("\x00"), CodecError::kNone},
      {"a cluster id",
       BYTES("\x01\x00\x03\x03"
             "ab"),
       CodecError::kNone},
      {"longer than it says",
       BYTES("\x01\x00\x02\x03"
             "ab"),
       CodecError::kTagLength},
      {"shorter than it says",
       BYTES("\x01\x00\x04\x03"
             "ab "),
       CodecError::kTagLength},
      {"longer than the message",
       BYTES("\x01\x00\x40\x03"
             "ab"),
       CodecError::kTruncated},
      {"one is missing",
       BYTES("\x02\x00\x03\x03"
             "ab"),
       CodecError::kTruncated},
      {"an unknown one",
       BYTES("\x01\x63\x02"
             "ab"),
       CodecError::kNone},
      {"of a later version",
       BYTES("\x01\x01\x02"
             "ab"),
       CodecError::kNone},
      {"too many", BYTES("\x91\x4E"), CodecError::kTags},
  };
  for (const Row& row : rows) {
    const std::string front = std::string(4 + 4 + 4 + 4 + 1 + 4 + 4, '\0') + "\x01\x01\x01";
    Reader in(bytes(front + std::string(as_text(row.tags.view()))));
    FetchRequest request;
    EXPECT_EQ(request.decode(in, 12), row.error) << row.what;
  }
}

TEST(Reader, SlicesRecordsOutOfTheFrame) {
  ProduceRequest request;
  request.acks = -1;
  auto& partition = request.topics.emplace_back().partitions.emplace_back();
  request.topics[0].name = "orders";
  partition.records = bytes(std::string(5000, 'r'));
  Writer out;
  ASSERT_EQ(request.encode(out, 9), CodecError::kNone);
  const SharedBytes frame = std::move(out).finish().flatten();

  Reader in(frame);
  ProduceRequest decoded;
  ASSERT_EQ(decoded.decode(in, 9), CodecError::kNone);
  const SharedBytes& records = *decoded.topics[0].partitions[0].records;
  EXPECT_EQ(records.size(), 5000u);
  EXPECT_GE(records.data(), frame.data());
  EXPECT_LE(records.data() + records.size(), frame.data() + frame.size());
}

TEST(Writer, RefersToRecordsInsteadOfCopyingThem) {
  FetchResponse response;
  auto& topic = response.topics.emplace_back();
  topic.name = "orders";
  std::vector<const std::byte*> sent;
  for (int i = 0; i < 3; ++i) {
    ByteChain chain;
    for (int piece = 0; piece < 2; ++piece) {
      const SharedBytes batch = bytes(std::string(10'000, static_cast<char>('a' + i)));
      sent.push_back(batch.data());
      chain.append(batch);
    }
    topic.partitions.emplace_back().records = chain;
  }
  Writer out;
  ASSERT_EQ(response.encode(out, 11), CodecError::kNone);
  const std::size_t size = out.size();
  const ByteChain chain = std::move(out).finish();
  EXPECT_EQ(chain.size(), size);
  std::vector<const std::byte*> large;
  for (const SharedBytes& piece : chain.pieces())
    if (piece.size() == 10'000) large.push_back(piece.data());
  EXPECT_EQ(large, sent);

  Reader in(chain.flatten());
  FetchResponse decoded;
  ASSERT_EQ(decoded.decode(in, 11), CodecError::kNone);
  EXPECT_EQ(decoded.topics[0].partitions[2].records->size(), 20'000u);
}

TEST(Writer, MovesReferencesInsideATaggedField) {
  const SharedBytes large = bytes(std::string(1000, 'x'));
  Writer out(1);
  out.set_flexible(true);
  out.write(large);  // before the field
  const Writer::Tag tag = out.begin_tag(3);
  out.write(std::int32_t{-1});
  out.write(large);
  out.write(std::int8_t{5});
  out.end_tag(tag);
  // 1001 = 0xE9 0x07 as a compact length; the field has 4 + 2 + 1000 + 1 = 1007 = 0xEF 0x07 bytes.
  const std::string xs(1000, 'x');
  EXPECT_EQ(as_text(std::move(out).finish().flatten().view()), "\xE9\x07" + xs + "\x03\xEF\x07\xFF\xFF\xFF\xFF\xE9\x07" + xs + "\x05");
}

TEST(Writer, DropsWhatMayBeIgnoredAndRefusesTheRest) {
  MetadataRequest request;
  request.allow_auto_topic_creation = false;
  Writer old_version;
  EXPECT_EQ(request.encode(old_version, 3), CodecError::kFieldNotInVersion);  // such a client must not create topics by accident
  Writer new_version;
  EXPECT_EQ(request.encode(new_version, 4), CodecError::kNone);

  ProduceResponse response;
  response.topics.emplace_back().partitions.emplace_back().error_message = "may be dropped";
  Writer without;
  EXPECT_EQ(response.encode(without, 7), CodecError::kNone);
  response.topics[0].partitions[0].current_leader.leader_id = 1;
  Writer leader;
  EXPECT_EQ(response.encode(leader, 9), CodecError::kFieldNotInVersion);

  MetadataRequest all;
  all.topics.reset();
  Writer version_0;
  EXPECT_EQ(all.encode(version_0, 0), CodecError::kNull);
}

TEST(Writer, RefusesStringsThatNoReaderTakes) {
  CreatePartitionsRequest request;
  request.topics.emplace_back().name = std::string(kMaxStringBytes, 'n');
  Writer fits;
  EXPECT_EQ(request.encode(fits, 2), CodecError::kNone);
  request.topics[0].name += 'n';
  Writer out;
  EXPECT_EQ(request.encode(out, 2), CodecError::kStringLength);
}

}  // namespace
}  // namespace firth::kafka
