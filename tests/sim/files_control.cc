// The side of sim::Files that tests hold: what happens to the disk, and what was done to it.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "tests/sim/files.h"

namespace firth::sim {

void Files::kill() {
  const std::lock_guard lock(mutex_);
  restart();
}

void Files::lose_power(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  ++boot_;
  Random random(seed);
  names_.settle(random);
  names_.drop_cache();
  for (const NodePointer& file : names_.files()) {
    file->content.settle(random, neighbours_);
    file->content.drop_cache();
  }
  restart();
}

void Files::restart() {
  ++life_;
  halted_ = false;
  locks_.clear();
  faults_.clear();
  used_bytes_ = 0;
  for (const NodePointer& file : names_.files()) used_bytes_ += file->content.size();
}

BootId Files::boot_id() const {
  const std::lock_guard lock(mutex_);
  BootId id;
  store_le(id.bytes.data(), boot_);
  return id;
}

bool Files::is_halted() const {
  const std::lock_guard lock(mutex_);
  return halted_;
}

void Files::inject(Fault fault) {
  FIRTH_ASSERT(fault.nth > 0);
  const std::lock_guard lock(mutex_);
  faults_.push_back({std::move(fault)});
}

void Files::clear_faults() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void Files::limit_space(std::uint64_t total_bytes) {
  const std::lock_guard lock(mutex_);
  space_bytes_ = total_bytes;
}

void Files::flip_bit(std::string_view path, std::uint64_t position, int bit) {
  const std::lock_guard lock(mutex_);
  const Names::Place place = names_.find(path);
  FIRTH_ASSERT(place.node != nullptr && !place.node->is_directory);
  place.node->content.flip_bit(position, bit);
}

Counters Files::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

std::vector<ReadRange> Files::reads() const {
  const std::lock_guard lock(mutex_);
  return reads_;
}

std::uint64_t Files::bytes_read(std::string_view path) const {
  const std::string normal = normal_path(path);
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const ReadRange& range : reads_)
    if (range.path == normal) sum += range.length;
  return sum;
}

void Files::reset_counters() {
  const std::lock_guard lock(mutex_);
  counters_ = {};
  reads_.clear();
}

std::optional<std::vector<std::byte>> Files::content(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const Names::Place place = names_.find(path);
  if (place.node == nullptr || place.node->is_directory) return std::nullopt;
  std::vector<std::byte> bytes(place.node->content.size());
  place.node->content.read(0, bytes);
  return bytes;
}

void Files::put_content(std::string_view path, ByteView bytes) {
  const std::lock_guard lock(mutex_);
  const Names::Place place = names_.find(path);
  FIRTH_ASSERT(place.directory != nullptr);
  NodePointer node = place.node;
  if (node == nullptr) {
    node = std::make_shared<Node>();
    names_.link(place, node);
  }
  resize(*node, 0);
  resize(*node, bytes.size());
  node->content.write(0, bytes);
  node->content.sync();
  names_.sync(place.directory);
}

void Files::on_stall(std::function<void(std::chrono::nanoseconds)> spend) { spend_ = std::move(spend); }

void Files::on_operation(std::function<void(Operation, std::string_view, std::uint64_t, std::uint64_t)> observer) {
  observer_ = std::move(observer);
}

}  // namespace firth::sim
