// A request to stop waiting, from an owner to all that waits on its behalf. Nothing is destroyed by it: who waits registers what wakes it.
// One thread's.
#pragma once

#include "runtime/executor.h"

namespace firth::runtime {

class Cancellation {
 public:
  // Called once, at the request; in the constructor, if that was before. Not after the destructor.
  class Callback {
   public:
    Callback(Cancellation& cancellation, Job called);
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;
    ~Callback() { unlink(); }

   private:
    friend class Cancellation;
    void unlink();

    Job called_;
    Callback* next_ = nullptr;
    Callback** link_ = nullptr;  // what points to this one
  };

  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;
  ~Cancellation();  // REQUIRES: no callbacks

  void request();
  bool requested() const { return requested_; }

 private:
  Callback* first_ = nullptr;
  bool requested_ = false;
};

}  // namespace firth::runtime
