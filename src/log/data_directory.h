// The data directory: whose it is, and that it is ours alone.
//
//   <directory>/format       "firth data 1\nid <32 hex digits>\n": the version of everything below; an unknown one is refused
//   <directory>/lock         held by the running process
//   <directory>/manifest     manifest.h
//   <directory>/journal/     journal_file.h
//   <directory>/partitions/  segment_name.h
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/files.h"
#include "runtime/random.h"

namespace firth::log {

struct DataDirectory {
  std::string path;
  std::string id;  // 32 hex digits, made with the directory
  bool is_new = false;
  std::unique_ptr<runtime::File> lock;

  std::string journal() const { return path + "/journal"; }
  std::string partitions() const { return path + "/partitions"; }
};

// Opens or makes it, with its parents. kUnavailable: another process has it. kUnsupported: a version or feature of a later server, or the
// data of nats-server or Kafka; the text names the way over.
Result<DataDirectory> open_data_directory(runtime::Files& files, runtime::Random& random, std::string_view path);

}  // namespace firth::log
