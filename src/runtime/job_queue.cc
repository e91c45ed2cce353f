#include "runtime/job_queue.h"

#include <memory>

#include "base/assert.h"

namespace firth::runtime {
namespace {

JobQueue::Node* reversed(JobQueue::Node* newest) {
  JobQueue::Node* oldest = nullptr;
  while (newest != nullptr) {
    JobQueue::Node* const next = std::exchange(newest->next, oldest);
    oldest = std::exchange(newest, next);
  }
  return oldest;
}

}  // namespace

JobQueue::List::~List() {
  while (first_ != nullptr) delete std::exchange(first_, first_->next);
}

Job JobQueue::List::pop() {
  FIRTH_ASSERT(first_ != nullptr);
  const std::unique_ptr<Node> node(std::exchange(first_, first_->next));
  return std::move(node->job);
}

JobQueue::~JobQueue() { close(); }

// Sequentially consistent, as waker.h asks: the job is in the list before the poster looks whether the owner sleeps.
void JobQueue::push(Job job) {
  auto node = std::make_unique<Node>(std::move(job));
  Node* before = newest_.load(std::memory_order_relaxed);
  do {
    if (before == closed()) return;
    node->next = before;
  } while (!newest_.compare_exchange_weak(before, node.get(), std::memory_order_seq_cst, std::memory_order_relaxed));
  static_cast<void>(node.release());  // may be gone already
}

JobQueue::List JobQueue::take_all() {
  FIRTH_ASSERT(newest_.load(std::memory_order_relaxed) != closed());
  return List(reversed(newest_.exchange(nullptr, std::memory_order_acquire)));
}

void JobQueue::close() {
  Node* const newest = newest_.exchange(closed(), std::memory_order_acquire);
  if (newest != closed()) List dropped(reversed(newest));  // destroyed oldest first, as they would have run
}

}  // namespace firth::runtime
