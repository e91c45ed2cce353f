// How this program starts threads: named, and with every signal blocked, so that signals reach only the one that waits for them.
#pragma once

#include <string_view>
#include <thread>

#include "runtime/executor.h"

namespace firth::runtime {

std::thread start_thread(std::string_view name, Job body);

}  // namespace firth::runtime
