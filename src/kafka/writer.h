// Writer: Kafka's primitive types into a growing block, and records by reference between its parts: a Fetch response of 50 MiB is written
// as a few hundred bytes, and one gathering write sends it. The first error sticks and is asked for once, at the end.
//
//   block        [ size, header, topic .. length of records ][ next partition .. length ][ tags ]
//   references                                             ^ records of 0               ^ records of 1
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/byte_chain.h"
#include "base/ids.h"
#include "base/varint.h"
#include "kafka/codec_error.h"
#include "kafka/error_code.h"
#include "kafka/reader.h"

namespace firth::kafka {

class Writer {
 public:
  explicit Writer(std::size_t expected_bytes = 256) { grow(expected_bytes); }

  bool ok() const { return error_ == CodecError::kNone; }
  CodecError error() const { return error_; }
  void fail(CodecError error) {
    if (ok()) error_ = error;
  }
  void set_flexible(bool flexible) { flexible_ = flexible; }
  std::size_t size() const { return used_ + referenced_bytes_; }

  template <std::integral T>
  void write(T value) {
    store_be(room(sizeof value), value);
    used_ += sizeof value;
  }
  void write(bool value) { write(static_cast<std::int8_t>(value ? 1 : 0)); }
  void write(ErrorCode code) { write(static_cast<std::int16_t>(code)); }
  void write(const Uuid& id) { append(id); }
  void write(const TopicId& id) { append(id.bytes); }
  void write(std::string_view text);
  void write(const SharedBytes& bytes);  // referenced, if it is long enough to be worth a piece of its own
  void write(const ByteChain& bytes);

  template <class T>
  void write(const std::optional<T>& value, Nulls nulls) {
    if (value) return write(*value);
    if (nulls == Nulls::kRefused) return fail(CodecError::kNull);
    if constexpr (std::is_same_v<T, std::string>) write_string_length(-1);
    else write_length(-1);
  }
  // The count before an array's elements; -1 is null.
  void write_length(std::int64_t length);
  template <class T>
  void write_count(const std::optional<std::vector<T>>& elements, Nulls nulls) {
    if (!elements && nulls == Nulls::kRefused) return fail(CodecError::kNull);
    write_length(elements ? static_cast<std::int64_t>(elements->size()) : -1);
  }

  // Before a struct that may be null; returns whether the struct is to follow.
  bool write_presence(bool present, Nulls nulls) {
    if (!present && nulls == Nulls::kRefused) fail(CodecError::kNull);
    write(static_cast<std::int8_t>(present ? 1 : -1));
    return present;
  }

  void write_varint(std::uint32_t value) { used_ = static_cast<std::size_t>(put_varint(room(kMaxVarint32Bytes), value) - bytes_); }
  // A tagged field is written between begin_tag and end_tag, which puts its length in front of it.
  struct Tag {
    std::size_t used, size, references;  // where the field began, by the three measures
  };
  Tag begin_tag(std::uint32_t number);
  void end_tag(const Tag& tag);

  // Overwrites four bytes that were written before any reference.
  void patch_int32(std::size_t position, std::int32_t value);
  // Raw bytes, without a length.
  void append(ByteView bytes);

  // What was written, in pieces. REQUIRES: nothing is written afterwards.
  ByteChain finish() &&;

 private:
  struct Reference {
    std::size_t position;  // in the block: comes after the bytes before it
    SharedBytes bytes;
  };

  void write_string_length(std::int64_t length);
  void refer(const SharedBytes& bytes);
  void grow(std::size_t bytes);
  std::byte* room(std::size_t bytes) {
    if (capacity_ - used_ < bytes) grow(bytes);
    return bytes_ + used_;
  }

  SharedBytes block_;
  std::byte* bytes_ = nullptr;  // of block_, which nobody else sees before finish()
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::size_t referenced_bytes_ = 0;
  std::vector<Reference> references_;
  bool flexible_ = false;
  CodecError error_ = CodecError::kNone;
};

}  // namespace firth::kafka
