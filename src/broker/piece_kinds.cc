#include "broker/piece_kinds.h"

#include "broker/catalog_state.h"
#include "broker/consumer_state.h"
#include "broker/group_offsets.h"
#include "broker/producer_ids.h"
#include "broker/producer_state.h"
#include "broker/stream_state.h"

namespace firth::broker {

std::unique_ptr<log::Piece> make_piece(const PartitionKey&, const log::PieceKey& key) {
  switch (static_cast<PieceKind>(key.kind)) {
    case PieceKind::kCatalog:
      return std::make_unique<CatalogState>();
    case PieceKind::kConsumer:
      return std::make_unique<ConsumerState>();
    case PieceKind::kProducers:
      return std::make_unique<ProducerState>();
    case PieceKind::kProducerIds:
      return std::make_unique<ReservedProducerIds>();
    case PieceKind::kStream:
      return std::make_unique<StreamState>();
    case PieceKind::kOffsets:
      return std::make_unique<GroupOffsets>();
  }
  return nullptr;
}

}  // namespace firth::broker
