// How a handler reaches a group: on whatever shard it lives. And which of Kafka's errors says what a coordinator answers.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
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

// What the group's home answers, or Kafka's word for why it does not.
template <class T>
using GroupAnswer = std::expected<T, ErrorCode>;

// What a request says about the group that it names.
struct GroupCall {
  std::string id;
  // Whether the topic of the groups' offsets is made, if this is the first group of the account.
  broker::Groups::IfAbsent if_absent = broker::Groups::IfAbsent::kMake;
  // Old clients commit and fetch offsets of a group without a name, and it can be looked at; nobody can be a member of it.
  enum class Name : std::uint8_t { kRequired, kMayBeEmpty } name = Name::kRequired;
};

inline broker::GroupRef group_ref(const Context& context, const std::string& id) {
  return {.account = context.account, .id = id, .partition = internal_partition(id, broker::kOffsetsPartitions)};
}

namespace detail {

template <class T>
GroupAnswer<T> to_answer(T value) {
  return value;
}
template <class T>
GroupAnswer<T> to_answer(Result<T> result) {
  if (result.ok()) return *std::move(result);
  return std::unexpected(to_coordinator_error(result.error().code));
}

template <class T, class Ask>
runtime::Task<GroupAnswer<T>> ask_there(broker::ShardGroups& home, broker::GroupRef group, Ask ask) {
  co_return to_answer<T>(co_await ask(home, std::move(group)));
}

}  // namespace detail

// Runs on the group's shard what `ask`, given the shard's groups, makes: a task with a T or a Result<T>. GROUP_ID_NOT_FOUND: the account
// has no groups at all, and IfAbsent::kLeave; or kNotFound from `ask`.
template <class T, class Ask>
runtime::Task<GroupAnswer<T>> ask_group(const Context& context, GroupCall call, Ask ask) {
  if (call.id.empty() && call.name == GroupCall::Name::kRequired) co_return std::unexpected(ErrorCode::kInvalidGroupId);
  broker::GroupRef group = group_ref(context, call.id);
  const Result<broker::ShardGroups*> found =
      co_await context.face.groups->home(context.broker, group.account, group.partition, call.if_absent);
  if (!found.ok()) co_return std::unexpected(to_coordinator_error(found.error().code));
  broker::ShardGroups* const home = *found;
  if (home == nullptr) co_return std::unexpected(ErrorCode::kGroupIdNotFound);
  co_return co_await broker::on_shard<GroupAnswer<T>>(context.shard(), home->shard().shard(),
                                                      [home, group = std::move(group), ask = std::move(ask)]() mutable {
                                                        return detail::ask_there<T>(*home, std::move(group), std::move(ask));
                                                      });
}

}  // namespace firth::kafka
