// What may be done with a resource, as bits of Kafka's operations: everything, as there is no authorizer. Told only to those who ask, as
// ksqlDB and Connect do.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace firth::kafka {

enum class Operation : std::int8_t {
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDelete = 6,
  kAlter = 7,
  kDescribe = 8,
  kClusterAction = 9,
  kDescribeConfigs = 10,
  kAlterConfigs = 11,
  kIdempotentWrite = 12,
};

constexpr std::int32_t bits_of(std::initializer_list<Operation> operations) {
  std::int32_t bits = 0;
  for (const Operation operation : operations) bits |= 1 << static_cast<int>(operation);
  return bits;
}

inline constexpr std::int32_t kTopicOperations =
    bits_of({Operation::kRead, Operation::kWrite, Operation::kCreate, Operation::kDelete, Operation::kAlter, Operation::kDescribe,
             Operation::kDescribeConfigs, Operation::kAlterConfigs});
inline constexpr std::int32_t kGroupOperations =
    bits_of({Operation::kRead, Operation::kDelete, Operation::kDescribe, Operation::kDescribeConfigs, Operation::kAlterConfigs});
inline constexpr std::int32_t kClusterOperations =
    bits_of({Operation::kCreate, Operation::kAlter, Operation::kDescribe, Operation::kClusterAction, Operation::kDescribeConfigs,
             Operation::kAlterConfigs, Operation::kIdempotentWrite});

}  // namespace firth::kafka
