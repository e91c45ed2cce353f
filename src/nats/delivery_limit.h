// DeliveryLimit: how many messages a subscription still gets (UNSUB sid max). It counts from the subscription's first message, not from
// the UNSUB, so a limit that is already reached ends it at once.
#pragma once

#include <cstdint>

namespace firth::nats {

class DeliveryLimit {
 public:
  enum class Verdict : std::uint8_t { kDeliver, kDeliverLast };

  // UNSUB with a maximum; <= 0 is none. True: the subscription ends now.
  bool set(std::int64_t maximum) {
    maximum_ = maximum > 0 && maximum > delivered_ ? maximum : 0;
    return maximum_ == 0;
  }
  // Before each delivery. After kDeliverLast the owner removes the subscription.
  Verdict count() {
    ++delivered_;
    return maximum_ != 0 && delivered_ >= maximum_ ? Verdict::kDeliverLast : Verdict::kDeliver;
  }
  std::int64_t delivered() const { return delivered_; }
  std::int64_t maximum() const { return maximum_; }

 private:
  std::int64_t delivered_ = 0;
  std::int64_t maximum_ = 0;
};

}  // namespace firth::nats
