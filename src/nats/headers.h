// Header blocks under the names of this face: broker/header_block.h.
#pragma once

#include "broker/header_block.h"

namespace firth::nats {

using broker::find_header;
using broker::HeaderBuilder;
using broker::HeaderCursor;
using broker::HeaderField;
using broker::is_legal_name;
using broker::is_legal_value;
using broker::is_well_formed;
using broker::kHeaderVersion;
using broker::kStatusNoResponders;
using broker::no_responders_block;
using broker::status_code;
using broker::status_line;

}  // namespace firth::nats
