// A file beside a segment that grows by appending and can be made anew: the two offset indexes. Opened at the first write.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/files.h"

namespace firth::log {

class SidecarFile {
 public:
  SidecarFile(runtime::Files& files, std::string path) : files_(&files), path_(std::move(path)) {}

  // All bytes; a file that does not exist has none.
  Result<std::vector<std::byte>> read_all() const;
  // What lies behind `bytes` is dropped at the next append.
  void keep_prefix(std::uint64_t bytes) {
    size_ = bytes;
    file_.reset();
  }
  // Replaces the file by an empty one.
  Result<void> start_anew();
  Result<void> append(ByteView bytes);
  // Of what was appended since it was opened.
  Result<void> sync();
  void close() { file_.reset(); }

  std::uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  runtime::Files* files_;
  std::string path_;
  std::unique_ptr<runtime::File> file_;
  std::uint64_t size_ = 0;
};

}  // namespace firth::log
