// Wakes one sleeping thread through an eventfd, and costs a poster nothing but a load while that thread is awake.
//
//   owner                                   poster
//   before_sleep()   asleep = true          makes its work visible (sequentially consistent: JobQueue::push)
//   looks for work once more                wake(): if asleep, says false and writes the eventfd
//   sleeps on descriptor(), or does not
//   after_sleep()    asleep = false
//
// Whichever of the two comes second sees the other's store, so no work is slept over; the first of many posters alone pays for the call.
#pragma once

#include <atomic>

#include "runtime/descriptor.h"

namespace firth::runtime {

class Waker {
 public:
  Waker();

  void wake();  // from any thread

  // The owner's.
  void before_sleep() { asleep_.store(true, std::memory_order_seq_cst); }
  void after_sleep() { asleep_.store(false, std::memory_order_relaxed); }
  int descriptor() const { return descriptor_.get(); }
  void wait();   // sleeps until woken, by a thread that has nothing else to wait for
  void drain();  // descriptor() was readable: makes it unreadable

 private:
  const Descriptor descriptor_;
  alignas(64) std::atomic<bool> asleep_{false};
};

}  // namespace firth::runtime
