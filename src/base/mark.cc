#include "base/mark.h"

namespace firth {
namespace {

std::atomic<MarkSite*> g_first{nullptr};  // sites are static objects: pushed once, never removed

}  // namespace

MarkSite::MarkSite(std::string_view name) : name_(name), next_(g_first.load()) {
  while (!g_first.compare_exchange_weak(next_, this)) {
  }
}

std::uint64_t MarkSite::hits(std::string_view name) {
  std::uint64_t sum = 0;
  for (const MarkSite* site = g_first.load(); site != nullptr; site = site->next_)
    if (site->name_ == name) sum += site->hits_.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace firth
