// Reading and writing our own small formats (manifest records, pieces, acts): little-endian integers, varints and length-prefixed bytes.
// A reader never reads past its end: after the first failure every further read fails, and ok() says so once, at the end.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/shared_bytes.h"
#include "base/varint.h"

namespace firth::log {

class ByteWriter {
 public:
  template <std::integral T>
  void fixed(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_le(bytes_.data() + at, value);
  }
  void varint(std::uint64_t value) {
    std::byte buffer[kMaxVarint64Bytes];
    std::byte* const end = put_varint(buffer, value);
    bytes_.insert(bytes_.end(), &buffer[0], end);
  }
  void signed_varint(std::int64_t value) { varint(zigzag(value)); }
  void raw(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void prefixed(ByteView bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  void prefixed(std::string_view text) { prefixed(as_bytes(text)); }
  void offset(Offset offset) { signed_varint(offset.value()); }
  void partition(const PartitionKey& key) {
    raw(key.topic.bytes);
    fixed(key.partition.value());
  }

  ByteView view() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  std::vector<std::byte> take() { return std::move(bytes_); }
  SharedBytes share() const { return SharedBytes::copy(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : left_(bytes) {}

  template <std::integral T>
  T fixed() {
    if (left_.size() < sizeof(T)) return fail<T>();
    const T value = load_le<T>(left_.data());
    left_ = left_.subspan(sizeof(T));
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    return get_varint(left_, value) ? value : fail<std::uint64_t>();
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }
  ByteView raw(std::size_t size) {
    if (left_.size() < size) return fail<ByteView>();
    const ByteView bytes = left_.first(size);
    left_ = left_.subspan(size);
    return bytes;
  }
  ByteView prefixed() {
    const std::uint64_t size = varint();
    return size > left_.size() ? fail<ByteView>() : raw(size);
  }
  std::string_view text() { return as_text(prefixed()); }
  Offset offset() { return Offset(signed_varint()); }
  PartitionKey partition() {
    PartitionKey key;
    const ByteView topic = raw(key.topic.bytes.size());
    if (!topic.empty()) std::copy(topic.begin(), topic.end(), key.topic.bytes.begin());
    key.partition = PartitionIndex(fixed<std::int32_t>());
    return key;
  }
  // An element count that the bytes left can hold, each of at least `least` bytes.
  std::size_t count(std::size_t least) {
    const std::uint64_t value = varint();
    return value > left_.size() / least ? fail<std::size_t>() : value;
  }

  ByteView rest() const { return left_; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && left_.empty(); }

 private:
  template <class T>
  T fail() {
    ok_ = false;
    left_ = {};
    return T{};
  }
  ByteView left_;
  bool ok_ = true;
};

}  // namespace firth::log
