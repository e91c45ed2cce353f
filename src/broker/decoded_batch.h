// The records of one batch, whatever codec its producer chose.
#pragma once

#include "base/result.h"
#include "base/shared_bytes.h"
#include "log/compression.h"

namespace firth::broker {

// Of one whole batch that was checked when it came: a slice of it, or new bytes. kInvalid, kLimit: as Decompressor::decompress; beyond
// 64 MiB nobody on the NATS side can hold it.
Result<SharedBytes> records_of(const SharedBytes& batch, log::Decompressor& decompressor);

}  // namespace firth::broker
