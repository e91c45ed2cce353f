#include "kafka/reader.h"

#include "base/varint.h"

namespace firth::kafka {

std::string_view to_string(CodecError error) {
  switch (error) {
    case CodecError::kNone:
      return "no error";
    case CodecError::kTruncated:
      return "a field reaches beyond the end of the message";
    case CodecError::kVarint:
      return "a varint is longer than its type allows";
    case CodecError::kNull:
      return "null in a field that cannot be null";
    case CodecError::kStringLength:
      return "a string of more than 32767 bytes";
    case CodecError::kElements:
      return "more than 1000000 array elements";
    case CodecError::kTags:
      return "more than 10000 tagged fields";
    case CodecError::kTagLength:
      return "a tagged field does not have the length that it says";
    case CodecError::kVersion:
      return "the API has no such version";
    case CodecError::kFieldNotInVersion:
      return "a field that is set does not exist in this version";
  }
  return "unknown";
}

void Reader::fail(CodecError error) {
  if (!ok()) return;
  error_ = error;
  rest_ = {};  // whatever is read from here on is truncated, that is zero
}

std::uint32_t Reader::varint() {
  std::uint32_t value = 0;
  if (get_varint(rest_, value)) return value;
  fail(rest_.size() < kMaxVarint32Bytes ? CodecError::kTruncated : CodecError::kVarint);
  return 0;
}

std::int64_t Reader::length() {
  if (flexible_) return std::int64_t{varint()} - 1;
  std::int32_t length;
  read(length);
  return length;
}

std::int64_t Reader::string_length() {
  if (flexible_) return std::int64_t{varint()} - 1;
  std::int16_t length;
  read(length);
  return length;
}

ByteView Reader::take(std::int64_t bytes) {
  const auto size = static_cast<std::size_t>(bytes);
  if (size > rest_.size()) {
    fail(CodecError::kTruncated);
    return {};
  }
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

void Reader::read(Uuid& id) {
  const ByteView from = take(sizeof id);
  if (from.empty()) id = {};
  else std::memcpy(id.data(), from.data(), sizeof id);
}

void Reader::read(std::string& text) {
  text.clear();
  const std::int64_t length = string_length();
  if (length < 0) return fail(CodecError::kNull);
  if (static_cast<std::size_t>(length) > kMaxStringBytes) return fail(CodecError::kStringLength);
  text = as_text(take(length));
}

void Reader::read(std::optional<std::string>& text, Nulls nulls) {
  text.reset();
  const std::int64_t length = string_length();
  if (length < 0) return nulls == Nulls::kAllowed ? void() : fail(CodecError::kNull);
  if (static_cast<std::size_t>(length) > kMaxStringBytes) return fail(CodecError::kStringLength);
  text = as_text(take(length));
}

void Reader::read(std::optional<SharedBytes>& bytes, Nulls nulls) {
  bytes.reset();
  const std::int64_t size = length();
  if (size < 0) return nulls == Nulls::kAllowed ? void() : fail(CodecError::kNull);
  const ByteView taken = take(size);
  if (taken.empty()) bytes.emplace();
  else bytes = frame_.slice(static_cast<std::size_t>(taken.data() - frame_.data()), taken.size());
}

void Reader::read(std::optional<ByteChain>& bytes, Nulls nulls) {
  std::optional<SharedBytes> slice;
  read(slice, nulls);
  bytes.reset();
  if (slice) bytes.emplace(std::move(*slice));
}

void Reader::read(SharedBytes& bytes) {
  std::optional<SharedBytes> slice;
  read(slice, Nulls::kRefused);
  bytes = slice ? std::move(*slice) : SharedBytes();
}

void Reader::read(ByteChain& bytes) {
  SharedBytes slice;
  read(slice);
  bytes = ByteChain(std::move(slice));
}

std::uint32_t Reader::tag_count() {
  const std::uint32_t count = varint();
  if (count > tags_left_) {
    fail(CodecError::kTags);
    return 0;
  }
  tags_left_ -= count;
  return count;
}

Reader::Tag Reader::begin_tag() {
  const std::uint32_t number = varint();
  const std::uint32_t size = varint();
  if (size > rest_.size()) {
    fail(CodecError::kTruncated);
    return {.number = number, .end_remaining = 0};
  }
  return {.number = number, .end_remaining = rest_.size() - size};
}

void Reader::skip(const Tag& tag) {
  if (ok()) rest_ = rest_.last(tag.end_remaining);
}

void Reader::end_tag(const Tag& tag) {
  if (ok() && rest_.size() != tag.end_remaining) fail(CodecError::kTagLength);
}

void Reader::skip_tags() {
  for (std::uint32_t left = tag_count(); left != 0 && ok(); --left) skip(begin_tag());
}

}  // namespace firth::kafka
