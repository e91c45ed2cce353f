// InitProducerId: a fresh id at epoch 0 for an idempotent producer. Transactions are not served: there is no coordinator for them.
#include "kafka/handlers/init_producer_id.h"

#include "broker/on_shard.h"
#include "broker/producer_ids.h"
#include "kafka/errors.h"

namespace firth::kafka {
namespace {

constexpr ShardIndex kIdShard{0};

}  // namespace

runtime::Task<InitProducerIdResponse> InitProducerId::handle(const Context& context, InitProducerIdRequest request) {
  InitProducerIdResponse response;
  if (request.transactional_id.has_value()) {
    response.error_code = ErrorCode::kInvalidRequest;  // an error that clients do not retry
    co_return response;
  }
  runtime::Shard& there = context.broker.broker().shard(kIdShard).shard();
  const auto id =
      co_await broker::on_shard<Result<ProducerId>>(context.shard(), there, [ids = context.face.producer_ids] { return ids->next(); });
  if (id.ok()) response.producer_id = id->value();
  else response.error_code = to_kafka(id.error().code);
  co_return response;
}

}  // namespace firth::kafka
