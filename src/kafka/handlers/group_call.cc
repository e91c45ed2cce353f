#include "kafka/handlers/group_call.h"

#include "kafka/errors.h"

namespace firth::kafka {
namespace {

struct Row {
  broker::GroupFault fault;
  ErrorCode code;
};
using broker::GroupFault;
constexpr Row kRows[] = {
    {GroupFault::kNone, ErrorCode::kNone},
    {GroupFault::kNotAvailable, ErrorCode::kCoordinatorNotAvailable},
    {GroupFault::kNotCoordinator, ErrorCode::kNotCoordinator},
    {GroupFault::kNotFound, ErrorCode::kGroupIdNotFound},
    {GroupFault::kNotEmpty, ErrorCode::kNonEmptyGroup},
    {GroupFault::kFull, ErrorCode::kGroupMaxSizeReached},
    {GroupFault::kSessionTimeout, ErrorCode::kInvalidSessionTimeout},
    {GroupFault::kInconsistentProtocol, ErrorCode::kInconsistentGroupProtocol},
    {GroupFault::kUnknownMember, ErrorCode::kUnknownMemberId},
    {GroupFault::kMemberIdRequired, ErrorCode::kMemberIdRequired},
    {GroupFault::kIllegalGeneration, ErrorCode::kIllegalGeneration},
    {GroupFault::kRebalancing, ErrorCode::kRebalanceInProgress},
    {GroupFault::kFencedInstance, ErrorCode::kFencedInstanceId},
    {GroupFault::kUnknownPartition, ErrorCode::kUnknownTopicOrPartition},
    {GroupFault::kMetadataTooLarge, ErrorCode::kOffsetMetadataTooLarge},
    {GroupFault::kCommitTooLarge, ErrorCode::kInvalidCommitOffsetSize},
};

}  // namespace

ErrorCode to_kafka(GroupFault fault) {
  for (const Row& row : kRows)
    if (row.fault == fault) return row.code;
  return ErrorCode::kUnknownServerError;
}

ErrorCode to_coordinator_error(Errc code) {
  switch (code) {
    case Errc::kUnavailable:
    case Errc::kCancelled:
    case Errc::kNoSpace:
    case Errc::kStorage:
      return ErrorCode::kCoordinatorNotAvailable;
    case Errc::kNotFound:
      return ErrorCode::kGroupIdNotFound;
    default:
      return to_kafka(code);
  }
}

}  // namespace firth::kafka
