// Bytes that a start found and goes on from must survive the next power loss. To sync them is not enough: they may stand in the page cache
// since a sync that failed, whose pages the kernel has marked clean; a later sync would succeed without writing them.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "runtime/files.h"

namespace firth::log {

// Writes what the file holds in [from, to) over itself, and syncs it. A part that power loss interrupts holds the same bytes before and
// after. Errors: kStorage, kNoSpace.
Result<void> write_again(runtime::File& file, std::uint64_t from, std::uint64_t to);

}  // namespace firth::log
