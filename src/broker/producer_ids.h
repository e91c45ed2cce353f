// Producer ids, each given out once for ever: blocks of them are reserved by acts on the catalog's partition, and what is left of a block
// when the server stops is never used.
//
// Shard: 0.
#pragma once

#include <cstdint>

#include "broker/broker.h"
#include "log/piece.h"

namespace firth::broker {

class ReservedProducerIds final : public log::Piece {
 public:
  static std::vector<std::byte> reserve(std::int64_t end);

  void apply(ByteView act) override;
  SharedBytes encode() const override;
  Result<void> restore(ByteView bytes) override;
  std::int64_t end() const { return end_; }

 private:
  std::int64_t end_ = 0;  // exclusive
};

class ProducerIds {
 public:
  static constexpr std::int64_t kBlock = 1000;

  explicit ProducerIds(Broker& broker) : broker_(broker) {}

  // On shard 0.
  runtime::Task<Result<ProducerId>> next();

 private:
  Broker& broker_;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  bool is_reserving_ = false;
};

}  // namespace firth::broker
