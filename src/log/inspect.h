// Reading a data directory from outside: everything is looked at, nothing is written, and damage ends nothing. For `firth log`.
//
// Not while a server uses the directory: what it has not written yet would look like damage.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/journal.h"
#include "runtime/files.h"

namespace firth::log {

struct InspectionSettings {
  JournalSettings journal;
  // Called for each thing that is found, one line each: dump prints them, verify drops them.
  std::function<void(const std::string& line)> print = [](const std::string&) {};
};

struct Inspection {
  std::uint64_t partitions = 0;
  std::uint64_t pieces = 0;
  std::uint64_t segments = 0;
  std::uint64_t batches = 0;
  std::uint64_t records = 0;
  std::uint64_t frames = 0;
  std::uint64_t entries = 0;
  std::uint64_t acts = 0;
  bool torn_tail = false;
  std::vector<std::string> complaints;  // what is damaged or contradicts itself; empty: all is well
};

// Reads the manifest, every segment with its seal, and the journal behind the manifest. Errors: only if the directory cannot be read.
Result<Inspection> inspect(runtime::Files& files, std::string_view directory, const InspectionSettings& settings);

}  // namespace firth::log
