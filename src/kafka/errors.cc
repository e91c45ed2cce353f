#include "kafka/errors.h"

#include <span>

namespace firth::kafka {
namespace {

constexpr Retry kFinal = Retry::kFinal;
constexpr Retry kRetriable = Retry::kRetriable;

constexpr ErrorRow kRows[] = {
#define FIRTH_KAFKA_ERROR(name, code, wire_name, retry, text) {ErrorCode::name, wire_name, retry, text},
#include "kafka/errors.def"
#undef FIRTH_KAFKA_ERROR
};

constexpr int kFirstCode = -1;

consteval bool rows_are_in_order() {
  int code = kFirstCode;
  for (const ErrorRow& row : kRows)
    if (static_cast<int>(row.code) != code++) return false;
  return true;
}
static_assert(rows_are_in_order());  // so that the code is the index

}  // namespace

const ErrorRow& error_row(ErrorCode code) {
  const auto index = static_cast<std::size_t>(static_cast<int>(code) - kFirstCode);
  return index < std::size(kRows) ? kRows[index] : kRows[0];
}

ErrorCode to_kafka(Errc code) {
  switch (code) {
    case Errc::kInvalid:
      return ErrorCode::kInvalidRequest;
    case Errc::kNotFound:
      return ErrorCode::kUnknownTopicOrPartition;
    case Errc::kExists:
      return ErrorCode::kTopicAlreadyExists;
    case Errc::kConflict:
      return ErrorCode::kInvalidRequest;
    case Errc::kLimit:
      return ErrorCode::kPolicyViolation;
    case Errc::kNoSpace:
    case Errc::kStorage:
    case Errc::kCorrupt:
      return ErrorCode::kKafkaStorageError;
    case Errc::kUnsupported:
      return ErrorCode::kUnsupportedVersion;
    // Clients then ask for the leader anew and retry, which is what both mean: the server starts, stops or moves the partition.
    case Errc::kUnavailable:
    case Errc::kCancelled:
      return ErrorCode::kNotLeaderOrFollower;
    case Errc::kDenied:
      return ErrorCode::kTopicAuthorizationFailed;
  }
  return ErrorCode::kUnknownServerError;
}

}  // namespace firth::kafka
