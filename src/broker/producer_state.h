// What a partition knows of its idempotent producers (KIP-98): of each the epoch and the last five batches, so that a batch that is sent
// again is recognized, and one that is missing is noticed. A piece of the partition; it follows the data: nothing but the released
// batches themselves changes it.
//
//   released batches --on_batch--> visible          decisions look at visible with the batches ahead put on it
//   accepted batches --accepted--> ahead            (appended, not released yet; dropped when their commit fails)
//
// Shard: the partition's.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>

#include "log/partition.h"
#include "log/piece.h"

namespace firth::broker {

struct ProducedBatch {
  std::int32_t first_sequence = 0;
  std::int32_t last_sequence = 0;  // sequences wrap from 2^31 - 1 to 0
  Offset base;
  Offset last;
  std::int64_t max_timestamp_ms = -1;
};

struct ProducerVerdict {
  enum class Kind : std::uint8_t { kAppend, kDuplicate, kOutOfOrder, kOldEpoch } kind = Kind::kAppend;
  ProducedBatch original;  // of kDuplicate
};

class ProducerState final : public log::Piece {
 public:
  static constexpr std::size_t kRememberedBatches = 5;  // what clients may have in flight
  // Of a partition: above it the producer that wrote least recently is forgotten, after which it may begin anywhere (KIP-360).
  static constexpr std::size_t kMaxProducers = 10'000;

  // Of a partition; makes the piece in the frame of this turn if there is none, which is to be waited for: nullptr then. Errors: those of
  // Partition::act.
  static Result<ProducerState*> of(log::Partition& partition);

  // REQUIRES: a batch with a producer id.
  ProducerVerdict judge(const log::Partition& partition, const log::BatchView& batch);
  // It was appended: its offsets are stamped.
  void accepted(const log::BatchView& batch);

  void apply(ByteView) override {}  // the act that makes the piece
  bool follows_data() const override { return true; }
  void on_batch(const log::BatchView& batch, const SharedBytes&) override;
  SharedBytes encode() const override;
  Result<void> restore(ByteView bytes) override;

  std::size_t size() const { return producers_.size(); }

 private:
  struct Producer {
    std::int16_t epoch = 0;
    std::size_t count = 0;
    std::array<ProducedBatch, kRememberedBatches> batches{};  // oldest first

    void add(std::int16_t batch_epoch, const ProducedBatch& batch);
  };
  struct Ahead {
    ProducerId id;
    std::int16_t epoch;
    ProducedBatch batch;
  };
  void forget_one();

  std::map<ProducerId, Producer> producers_;
  std::deque<Ahead> ahead_;
};

}  // namespace firth::broker
