// How a handler reaches a group: on whatever shard it lives. And which of Kafka's errors says what a coordinator answers.
#pragma once

#include <utility>

#include "broker/groups.h"
#include "broker/on_shard.h"
#include "kafka/error_code.h"
#include "kafka/handler.h"
#include "kafka/java_hash.h"

namespace firth::kafka {

ErrorCode to_kafka(broker::GroupFault fault);
// Of a group's home that cannot be found or asked.
ErrorCode to_coordinator_error(Errc code);

inline broker::GroupRef group_ref(const Context& context, const std::string& id) {
  return {.account = context.account, .id = id, .partition = internal_partition(id, broker::kOffsetsPartitions)};
}

// Runs on the group's shard what `ask`, given the shard's groups, makes. kNotFound: the account has no groups at all, and IfAbsent::kLeave.
template <class T, class Ask>
runtime::Task<Result<T>> ask_group(const Context& context, broker::GroupRef group, broker::Groups::IfAbsent if_absent, Ask ask) {
  FIRTH_CO_TRY(broker::ShardGroups* const home,
               co_await context.face.groups->home(context.broker, group.account, group.partition, if_absent));
  if (home == nullptr) co_return Error{Errc::kNotFound, "there are no groups"};
  co_return co_await broker::on_shard<T>(
      context.shard(), home->shard().shard(),
      [home, group = std::move(group), ask = std::move(ask)]() mutable { return ask(*home, std::move(group)); });
}

}  // namespace firth::kafka
