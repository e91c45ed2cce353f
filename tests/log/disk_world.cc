#include "tests/log/disk_world.h"

namespace firth::log::test {

SharedBytes make_batch(std::string_view text, std::int32_t count) {
  SharedBytes bytes = SharedBytes::allocate(kBatchHeaderBytes + text.size());
  std::byte* const at = bytes.writable().data();
  std::fill(at, at + kBatchHeaderBytes, std::byte{0});
  store_be(at + 8, static_cast<std::int32_t>(bytes.size() - kBatchLengthEnd));
  store_be(at + 16, kBatchMagic);
  store_be(at + 23, count - 1);
  store_be(at + 43, std::int64_t{-1});
  store_be(at + 57, count);
  std::copy_n(as_bytes(text).data(), text.size(), at + kBatchHeaderBytes);
  store_be(at + 17, crc32c(bytes.view().subspan(kBatchCrcBegin)));
  return bytes;
}

bool DiskWorld::open() {
  status.below_reserve = false;
  status.failed = false;
  environment_ = std::make_unique<PartitionEnvironment>(
      PartitionEnvironment{.files = world.files(),
                           .directory = {},
                           .settings_of = settings_of,
                           .make_piece = [](const auto&, const auto&) { return std::make_unique<JournalingPiece>(); },
                           .memory = &memory});
  std::vector<ShardLog*> shards;
  for (std::size_t i = 0; i < shard_count_; ++i) {
    shards_.push_back(std::make_unique<ShardLog>(world.loop("shard" + std::to_string(i)), *environment_, status));
    shards.push_back(shards_.back().get());
  }
  DiskSettings settings{.directory = "data", .journal = {}, .replay_budget_bytes = replay_budget_bytes_};
  auto opened = Disk::open(
      settings,
      {.files = world.files(),
       .random = world.random(),
       .commit_thread = world.thread("commit"),
       .checkpoint_thread = world.thread("checkpoint"),
       .workers = world.workers()},
      *environment_, shards, [this](GroupId group) -> ShardLog& { return home(group); }, status);
  if (!opened.ok()) {
    error = opened.error().text;
    return false;
  }
  disk = *std::move(opened);
  return true;
}

}  // namespace firth::log::test
