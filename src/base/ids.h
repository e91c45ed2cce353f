// The numbers that must not be confused, each a type of its own. Offset (Kafka, from 0) and Sequence (JetStream, from 1) are the same
// position in one log and differ by one: only to_sequence and to_offset convert.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace firth {

// A strong integer: ordered and incremented like its value, mixed with nothing else.
template <class Tag, class T>
struct StrongInt {
  using value_type = T;

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(T value) : value_(value) {}
  constexpr T value() const { return value_; }

  constexpr auto operator<=>(const StrongInt&) const = default;
  constexpr StrongInt& operator++() {
    ++value_;
    return *this;
  }
  friend constexpr StrongInt operator+(StrongInt a, T n) { return StrongInt(static_cast<T>(a.value_ + n)); }
  friend constexpr StrongInt operator-(StrongInt a, T n) { return StrongInt(static_cast<T>(a.value_ - n)); }
  friend constexpr T operator-(StrongInt a, StrongInt b) { return static_cast<T>(a.value_ - b.value_); }
  constexpr StrongInt& operator+=(T n) {
    value_ = static_cast<T>(value_ + n);
    return *this;
  }

 private:
  T value_ = 0;
};

using Offset = StrongInt<struct OffsetTag, std::int64_t>;            // Kafka: 0 is the first record
using Sequence = StrongInt<struct SequenceTag, std::uint64_t>;       // JetStream: 1 is the first message, 0 is "none"
using LeaderEpoch = StrongInt<struct LeaderEpochTag, std::int32_t>;  // of one partition; grows with each new term
using ProducerId = StrongInt<struct ProducerIdTag, std::int64_t>;    // -1: none
using PartitionIndex = StrongInt<struct PartitionIndexTag, std::int32_t>;
using GroupId = StrongInt<struct GroupIdTag, std::uint32_t>;                  // of partitions that share one replicated log
using FrameIndex = StrongInt<struct FrameIndexTag, std::uint64_t>;            // of a frame in its group, from 1
using JournalPosition = StrongInt<struct JournalPositionTag, std::uint64_t>;  // bytes since the journal of this disk was made
using ShardIndex = StrongInt<struct ShardIndexTag, std::uint32_t>;

inline constexpr Offset kNoOffset{-1};
inline constexpr ProducerId kNoProducer{-1};

constexpr Sequence to_sequence(Offset offset) { return Sequence(static_cast<std::uint64_t>(offset.value()) + 1); }
constexpr Offset to_offset(Sequence sequence) { return Offset(static_cast<std::int64_t>(sequence.value()) - 1); }

// 128 random bits that name a topic for ever; a topic that is deleted and made anew gets another.
struct TopicId {
  std::array<std::byte, 16> bytes{};
  constexpr auto operator<=>(const TopicId&) const = default;
  constexpr bool is_zero() const { return *this == TopicId{}; }
};

// One run of the machine's kernel: what was written and not synced is there as long as it lasts. Zero: not known, equal to none.
struct BootId {
  std::array<std::byte, 16> bytes{};
  constexpr bool is_same(const BootId& other) const { return bytes == other.bytes && bytes != BootId{}.bytes; }
};

// One partition of one topic.
struct PartitionKey {
  TopicId topic;
  PartitionIndex partition;
  constexpr auto operator<=>(const PartitionKey&) const = default;
};

}  // namespace firth

template <class Tag, class T>
struct std::hash<firth::StrongInt<Tag, T>> {
  std::size_t operator()(firth::StrongInt<Tag, T> id) const { return std::hash<T>()(id.value()); }
};
template <>
struct std::hash<firth::TopicId> {
  std::size_t operator()(const firth::TopicId& id) const {  // the bits are random already
    std::size_t h;
    __builtin_memcpy(&h, id.bytes.data(), sizeof h);
    return h;
  }
};
template <>
struct std::hash<firth::PartitionKey> {
  std::size_t operator()(const firth::PartitionKey& key) const {
    return std::hash<firth::TopicId>()(key.topic) ^ (static_cast<std::size_t>(key.partition.value()) * 0x9E3779B97F4A7C15u);
  }
};
