// SubscriberSet: the receivers of one filter in 16 bytes. Nearly every filter has exactly one receiver, so one is held in place; more go
// into an array of their own. Order is kept only among what was never removed (a hole is filled with the last).
//
//   count 0 or 1   | count | capacity 0 | the id         |
//   count > 1      | count | capacity   | pointer -> ids |
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/ids.h"

namespace firth::subject {

// Whatever its owner can turn into a session again: a slot, a shard and a slot, a pointer. The trie only compares it.
using SubscriberId = StrongInt<struct SubscriberIdTag, std::uint64_t>;

class SubscriberSet {
 public:
  SubscriberSet() = default;
  SubscriberSet(SubscriberSet&& other) noexcept
      : count_(std::exchange(other.count_, 0)), capacity_(std::exchange(other.capacity_, 0)), held_(other.held_) {}
  SubscriberSet& operator=(SubscriberSet&& other) noexcept {
    std::swap(count_, other.count_);
    std::swap(capacity_, other.capacity_);
    std::swap(held_, other.held_);
    return *this;
  }
  ~SubscriberSet() {
    if (capacity_ != 0) delete[] held_.many;
  }

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  std::size_t heap_bytes() const { return capacity_ * sizeof(SubscriberId); }
  std::span<const SubscriberId> view() const { return {data(), count_}; }

  void add(SubscriberId subscriber) {
    if (count_ == 0 && capacity_ == 0) {
      held_.one = subscriber;
    } else {
      if (count_ >= capacity_) grow();
      held_.many[count_] = subscriber;
    }
    ++count_;
  }

  // Costs a scan: 8 bytes a receiver of this one filter. False: it was not there.
  bool remove(SubscriberId subscriber) {
    const auto found = std::ranges::find(view(), subscriber);
    if (found == view().end()) return false;
    SubscriberId* const ids = capacity_ != 0 ? held_.many : &held_.one;
    ids[found - view().begin()] = ids[count_ - 1];
    --count_;
    return true;
  }

 private:
  const SubscriberId* data() const { return capacity_ != 0 ? held_.many : &held_.one; }
  void grow() {
    const std::uint32_t larger = capacity_ == 0 ? 4 : capacity_ * 2;
    auto* const ids = new SubscriberId[larger];
    std::ranges::copy(view(), ids);
    if (capacity_ != 0) delete[] held_.many;
    held_.many = ids;
    capacity_ = larger;
  }

  std::uint32_t count_ = 0;
  std::uint32_t capacity_ = 0;
  union Held {
    Held() : one() {}
    SubscriberId one;
    SubscriberId* many;
  } held_;
};
static_assert(sizeof(SubscriberSet) == 16);

}  // namespace firth::subject
