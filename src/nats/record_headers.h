// The headers of records under the names of this face: broker/record_headers.h.
#pragma once

#include "broker/record_headers.h"

namespace firth::nats {

using broker::kBlockHeader;
using broker::kEscapedHeader;
using broker::RecordHeader;
using broker::to_block;
using broker::to_record_headers;

}  // namespace firth::nats
