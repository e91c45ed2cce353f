// Jobs on their way to one thread: posted by any, without a lock, and taken all at once by the owner in the order of posting.
//
//   newest_ -> job -> job -> job (oldest)      pushed in front by one compare-and-swap; take_all() turns the list around
//
// A queue that was closed destroys what is posted from then on: the owner of its thread has gone.
#pragma once

#include <atomic>
#include <utility>

#include "runtime/executor.h"

namespace firth::runtime {

class JobQueue {
 public:
  JobQueue() = default;
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;
  ~JobQueue();

  struct Node {
    Job job;
    Node* next = nullptr;
  };
  // A list of jobs, oldest first. Those that are not taken from it are destroyed with it.
  class List {
   public:
    List() = default;
    explicit List(Node* first) : first_(first) {}
    List(List&& other) noexcept : first_(std::exchange(other.first_, nullptr)) {}
    List& operator=(List&& other) noexcept {
      std::swap(first_, other.first_);
      return *this;
    }
    ~List();
    bool empty() const { return first_ == nullptr; }
    Job pop();  // REQUIRES: !empty()

   private:
    Node* first_ = nullptr;
  };

  void push(Job job);  // from any thread

  // The owner's.
  bool empty() const { return newest_.load(std::memory_order_seq_cst) == nullptr; }
  List take_all();
  void close();

 private:
  static Node* closed() { return reinterpret_cast<Node*>(alignof(Node)); }

  alignas(64) std::atomic<Node*> newest_{nullptr};  // a cache line that posters fight for
};

}  // namespace firth::runtime
