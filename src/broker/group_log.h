// Records of groups and offsets on their way into a partition of `__consumer_offsets`: one batch, or as many as its bound asks for.
#pragma once

#include <utility>
#include <vector>

#include "broker/group_records.h"
#include "log/partition.h"
#include "runtime/clock.h"

namespace firth::broker {

class GroupRecords {
 public:
  static constexpr std::size_t kMaxBatchBytes = 1024 * 1024;

  explicit GroupRecords(runtime::WallTime now);

  template <class Key, class Value>
  void put(const Key& key, const Value& value) {
    records_.push_back({.key = encode(key), .value = encode(value)});
  }
  template <class Key>
  void forget(const Key& key) {
    records_.push_back({.key = encode(key), .value = std::nullopt});
  }
  bool empty() const { return records_.empty(); }
  std::int64_t now_ms() const { return now_ms_; }

  // All of them, in order; nothing, if there are none. Durable once the partition is released. Errors: those of Partition::append; what
  // was appended before one stays.
  Result<void> append_to(log::Partition& partition) const;

 private:
  struct Record {
    std::vector<std::byte> key;
    std::optional<std::vector<std::byte>> value;
  };
  std::int64_t now_ms_;
  std::vector<Record> records_;
};

}  // namespace firth::broker
