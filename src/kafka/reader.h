// Reader: Kafka's primitive types out of a received frame. The first error sticks: what is read after it is zero or empty, so that
// generated code reads on without a branch per field and asks once, at the end. Bytes are slices of the frame, never copies.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_chain.h"
#include "base/ids.h"
#include "base/shared_bytes.h"
#include "kafka/codec_error.h"
#include "kafka/error_code.h"

namespace firth::kafka {

// Bounds of Kafka 4.4, here for all arrays (tagged fields) of a message together, which bounds the memory of a hostile one.
inline constexpr std::size_t kMaxElements = 1'000'000;
inline constexpr std::size_t kMaxTaggedFields = 10'000;
inline constexpr std::size_t kMaxStringBytes = 32'767;

using Uuid = std::array<std::byte, 16>;

enum class Nulls : bool { kRefused, kAllowed };

class Reader {
 public:
  explicit Reader(SharedBytes frame) : frame_(std::move(frame)), rest_(frame_.view()) {}

  bool ok() const { return error_ == CodecError::kNone; }
  CodecError error() const { return error_; }
  void fail(CodecError error);
  std::size_t remaining() const { return rest_.size(); }

  // Flexible versions have compact lengths and tagged fields (KIP-482).
  void set_flexible(bool flexible) { flexible_ = flexible; }

  template <std::integral T>
  void read(T& value) {
    if (rest_.size() < sizeof value) {
      value = 0;
      return fail(CodecError::kTruncated);
    }
    value = load_be<T>(rest_.data());
    rest_ = rest_.subspan(sizeof value);
  }
  void read(bool& value) {
    std::int8_t byte;
    read(byte);
    value = byte != 0;
  }
  void read(ErrorCode& code) {
    std::int16_t value;
    read(value);
    code = static_cast<ErrorCode>(value);
  }
  void read(Uuid& id);
  void read(TopicId& id) { read(id.bytes); }
  void read(std::string& text);
  void read(SharedBytes& bytes);
  void read(ByteChain& bytes);

  void read(std::optional<std::string>& text, Nulls nulls);
  void read(std::optional<SharedBytes>& bytes, Nulls nulls);
  void read(std::optional<ByteChain>& bytes, Nulls nulls);

  // An array whose elements take `least_bytes` each at least: a count is believed only as far as the bytes that are left can hold it.
  template <class T, class ReadOne>
  void read_array(std::vector<T>& elements, std::size_t least_bytes, ReadOne&& read_one) {
    elements.clear();
    const std::int64_t count = length();
    if (count < 0) return fail(CodecError::kNull);
    read_elements(elements, static_cast<std::size_t>(count), least_bytes, read_one);
  }
  template <class T, class ReadOne>
  void read_array(std::optional<std::vector<T>>& elements, Nulls nulls, std::size_t least_bytes, ReadOne&& read_one) {
    elements.reset();
    const std::int64_t count = length();
    if (count < 0) return nulls == Nulls::kAllowed ? void() : fail(CodecError::kNull);
    read_elements(elements.emplace(), static_cast<std::size_t>(count), least_bytes, read_one);
  }

  // A struct that may be null: a byte below zero, or 1 and the struct.
  template <class T, class ReadValue>
  void read_struct(std::optional<T>& value, Nulls nulls, ReadValue&& read_value) {
    value.reset();
    std::int8_t presence;
    read(presence);
    if (presence >= 0) read_value(value.emplace());
    else if (nulls == Nulls::kRefused) fail(CodecError::kNull);
  }

  // Tagged fields: for (n = tag_count(); n != 0 && ok(); --n) { t = begin_tag(); read the field or skip(t); end_tag(t); }
  struct Tag {
    std::uint32_t number;
    std::size_t end_remaining;  // bytes left after the field
  };
  std::uint32_t tag_count();
  Tag begin_tag();
  void skip(const Tag& tag);
  void end_tag(const Tag& tag);
  void skip_tags();

 private:
  template <class T, class ReadOne>
  void read_elements(std::vector<T>& elements, std::size_t count, std::size_t least_bytes, ReadOne& read_one) {
    if (count > elements_left_) return fail(CodecError::kElements);
    if (count > rest_.size() / least_bytes) return fail(CodecError::kTruncated);
    elements_left_ -= count;
    elements.reserve(count);
    for (std::size_t i = 0; i < count && ok(); ++i) read_one(elements.emplace_back());
  }

  // -1: null. Of bytes and arrays, and of strings, which have two bytes in the versions that are not flexible.
  std::int64_t length();
  std::int64_t string_length();
  std::uint32_t varint();
  ByteView take(std::int64_t bytes);

  SharedBytes frame_;
  ByteView rest_;
  std::size_t elements_left_ = kMaxElements;
  std::uint32_t tags_left_ = kMaxTaggedFields;
  bool flexible_ = false;
  CodecError error_ = CodecError::kNone;
};

}  // namespace firth::kafka
