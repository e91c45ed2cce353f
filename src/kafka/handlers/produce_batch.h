// One batch of a produce request before it is appended: checked against Kafka's rules, the topic's and, on streams, those of the contract
// of one log; then made ready to be kept.
#pragma once

#include <cstdint>
#include <string>

#include "base/shared_bytes.h"
#include "broker/topic.h"
#include "kafka/error_code.h"
#include "log/batch_rules.h"
#include "log/compression.h"
#include "runtime/memory_account.h"

namespace firth::kafka {

struct PreparedBatch {
  ErrorCode error = ErrorCode::kNone;
  std::string message;               // for a person, if there is an error
  std::int32_t bad_record = -1;      // its index, if one record is to blame
  SharedBytes bytes;                 // to be appended
  std::int64_t append_time_ms = -1;  // of topics with LogAppendTime
};

// `records` is a slice of the request's frame: held on to if it is large, else copied, as a small one would hold all of the frame.
struct BatchTools {
  log::Decompressor& decompressor;
  runtime::MemoryGovernor& memory;  // counts what is decompressed, while it is looked at
};
PreparedBatch prepare_batch(const SharedBytes& records, const broker::Topic& topic, std::int64_t now_ms, BatchTools tools);

}  // namespace firth::kafka
