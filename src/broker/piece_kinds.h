// The kinds of pieces that partitions have (log/piece.h), in one place: they are on disk, never renumbered.
#pragma once

#include <cstdint>
#include <memory>

#include "log/piece.h"

namespace firth::broker {

enum class PieceKind : std::uint16_t {
  kCatalog = 1,      // catalog_state.h
  kProducers = 2,    // producer_state.h: idempotent producers and message ids
  kStream = 3,       // stream_state.h: which messages a stream has
  kConsumer = 4,     // consumer_state.h: one JetStream consumer; its id is the consumer's name
  kOffsets = 5,      // group_offsets.h: committed offsets
  kProducerIds = 6,  // producer_ids.h: how many were reserved, with the catalog
};

inline log::PieceKey piece_key(PieceKind kind, std::string_view id = {}) {
  return {.kind = static_cast<std::uint16_t>(kind), .id = std::string(id)};
}

// An empty piece of the kind; nullptr: a kind of a later version.
std::unique_ptr<log::Piece> make_piece(const PartitionKey& partition, const log::PieceKey& key);

}  // namespace firth::broker
