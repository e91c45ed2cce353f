#include "kafka/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "kafka/errors.h"

namespace firth::kafka {
namespace {

SharedBytes bytes(std::string_view text) { return SharedBytes::copy(as_bytes(text)); }

TEST(Frame, IsFoundByItsSize) {
  struct Row {
    std::string received;
    FrameState state;
    std::size_t size;
  };
  const Row rows[] = {
      {"", FrameState::kIncomplete, 4},
      {std::string("\0\0\0", 3), FrameState::kIncomplete, 4},
      {std::string("\0\0\0\0", 4), FrameState::kWhole, 4},
      {std::string("\0\0\0\2a", 5), FrameState::kIncomplete, 6},
      {std::string("\0\0\0\2ab", 6), FrameState::kWhole, 6},
      {std::string("\0\0\0\2abnext", 10), FrameState::kWhole, 6},
      {std::string("\0\0\0\x64", 4), FrameState::kIncomplete, 104},
      {std::string("\0\0\0\x65", 4), FrameState::kBad, 0},
      {std::string("\xFF\xFF\xFF\xFF", 4), FrameState::kBad, 0},
      {"GET / HTTP/1.1", FrameState::kBad, 0},
  };
  for (const Row& row : rows) {
    const FrameFront front = look_at_frame(as_bytes(row.received), 100);
    EXPECT_EQ(front.state, row.state) << row.received;
    EXPECT_EQ(front.bytes, row.size) << row.received;
  }
}

TEST(RequestHeader, RoundTripsInBothForms) {
  struct Row {
    ApiKey key;
    std::int16_t version;
    std::optional<std::string> client_id;
    std::size_t size;  // with the frame's
  };
  const Row rows[] = {
      {ApiKey::kFetch, 11, "rdkafka", 4 + 8 + 2 + 7},       {ApiKey::kFetch, 12, "rdkafka", 4 + 8 + 2 + 7 + 1},
      {ApiKey::kFetch, 12, std::nullopt, 4 + 8 + 2 + 1},    {ApiKey::kSaslHandshake, 1, "", 4 + 8 + 2},
      {ApiKey::kApiVersions, 3, "java", 4 + 8 + 2 + 4 + 1},
  };
  for (const Row& row : rows) {
    RequestHeader header{static_cast<std::int16_t>(row.key), row.version, 77, row.client_id};
    Writer out;
    begin_request(out, header);
    const SharedBytes frame = finish_frame(std::move(out)).flatten();
    ASSERT_EQ(frame.size(), row.size);
    Reader in(frame.slice(kFrameSizeBytes, frame.size() - kFrameSizeBytes));
    RequestHeader read;
    ASSERT_EQ(read_request_header(in, read), CodecError::kNone);
    EXPECT_EQ(read.api_key, header.api_key);
    EXPECT_EQ(read.api_version, header.api_version);
    EXPECT_EQ(read.correlation_id, 77);
    EXPECT_EQ(read.client_id, row.client_id);
    EXPECT_EQ(in.remaining(), 0u);
  }
}

TEST(RequestHeader, OfAnUnknownApiIsReadAsFarAsItGoes) {
  Reader in(bytes(std::string("\x03\xE7\x00\x00\x00\x00\x00\x05\x00\x01x", 11)));
  RequestHeader header;
  EXPECT_EQ(read_request_header(in, header), CodecError::kNone);
  EXPECT_EQ(header.api_key, 999);
  EXPECT_EQ(header.correlation_id, 5);
  EXPECT_EQ(header.client_id, "x");
  Reader cut(bytes(std::string("\x00\x12\x00\x04\x00\x00\x00\x05\x00\x01x", 11)));  // no tagged fields
  EXPECT_EQ(read_request_header(cut, header), CodecError::kTruncated);
}

TEST(ResponseHeader, HasNoTagsForApiVersionsInAnyVersion) {
  struct Row {
    ApiKey key;
    std::int16_t version;
    std::string expected;
  };
  const Row rows[] = {
      {ApiKey::kMetadata, 8, std::string("\0\0\0\4\0\0\0\x09", 8)},
      {ApiKey::kMetadata, 9, std::string("\0\0\0\5\0\0\0\x09\0", 9)},
      {ApiKey::kApiVersions, 0, std::string("\0\0\0\4\0\0\0\x09", 8)},
      {ApiKey::kApiVersions, 3, std::string("\0\0\0\4\0\0\0\x09", 8)},
  };
  for (const Row& row : rows) {
    Writer out;
    begin_response(out, {static_cast<std::int16_t>(row.key), row.version, 9, std::nullopt});
    EXPECT_EQ(as_text(finish_frame(std::move(out)).flatten().view()), row.expected);
  }
}

TEST(ApiRows, AreFoundByKey) {
  EXPECT_EQ(api_row(-1), nullptr);
  EXPECT_EQ(api_row(95), nullptr);
  EXPECT_EQ(api_row(18)->name, "ApiVersions");
  EXPECT_EQ(api_row(18)->first_flexible, 3);
  EXPECT_EQ(api_row(94)->key, ApiKey::kUnregisterController);
}

TEST(ErrorRows, AreFoundByCode) {
  EXPECT_EQ(error_row(ErrorCode::kUnknownServerError).name, "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(error_row(ErrorCode::kNone).name, "NONE");
  EXPECT_EQ(error_row(static_cast<ErrorCode>(133)).name, "SHARE_SESSION_LIMIT_REACHED");
  EXPECT_EQ(error_row(ErrorCode::kNotLeaderOrFollower).retry, Retry::kRetriable);
  EXPECT_EQ(error_row(ErrorCode::kOutOfOrderSequenceNumber).retry, Retry::kFinal);
  EXPECT_EQ(error_row(static_cast<ErrorCode>(-2)).name, "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(error_row(static_cast<ErrorCode>(1000)).name, "UNKNOWN_SERVER_ERROR");
}

}  // namespace
}  // namespace firth::kafka
