// What the system says of this process.
#pragma once

#include <cstdint>

namespace firth::runtime {

std::int64_t process_id();
// How many processors it may run on: as many shards are worth having.
unsigned usable_processors();
// Of the machine.
std::uint64_t machine_memory_bytes();
// Memory that it holds now; 0: not known.
std::uint64_t resident_bytes();

}  // namespace firth::runtime
