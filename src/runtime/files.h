// The door to the file system. The server links the real one (files_linux.cc); tests/sim has a second one that keeps what was synced and
// loses, tears or flips the rest. What is promised here is what POSIX promises, and no more.
//
//   write_at     is in the page cache: survives the death of the process, not of the machine
//   sync_data    the bytes of this file that were written before the call survive power loss; so does a size that they need
//   sync_directory  the names (created, renamed, removed) in this directory survive power loss
//
// Errors: kNotFound, kExists, kNoSpace (ENOSPC, EDQUOT), kStorage (all else); the text names path, operation and errno.
// Threads: a Files object may be used by all threads at once, a File by one thread at a time, but for read_at: any number at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace firth::runtime {

class File {
 public:
  virtual ~File() = default;  // closes; never syncs

  // Reads up to out.size() bytes from `position`; fewer only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t position, MutableBytes out) const = 0;
  // Writes all parts one after the other from `position`, or fails; after an error any prefix may have been written.
  virtual Result<void> write_at(std::uint64_t position, std::span<const ByteView> parts) = 0;
  // A failed sync is final: the kernel has dropped the dirty pages, and the next sync of this file would lie.
  virtual Result<void> sync_data() = 0;
  // Starts writing these bytes to the disk without waiting for them, so that dirty pages do not pile up in front of another file's sync.
  virtual void start_writeout(std::uint64_t position, std::uint64_t length) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
};

enum class OpenMode {
  kRead,            // kNotFound if it does not exist
  kReadWrite,       // the same
  kCreate,          // kExists if it does
  kCreateOrReplace  // an existing one is emptied
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

class Files {
 public:
  virtual ~Files() = default;

  virtual Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;
  virtual Result<void> rename(std::string_view from, std::string_view to) = 0;  // replaces `to` in one step
  virtual Result<void> remove(std::string_view path) = 0;                       // a file, or an empty directory
  virtual Result<void> make_directory(std::string_view path) = 0;               // existing ones are fine; the parent must exist
  virtual Result<void> sync_directory(std::string_view path) = 0;
  virtual Result<void> sync_filesystem(std::string_view path) = 0;              // syncfs: cheaper than many sync_data calls
  virtual Result<std::vector<DirectoryEntry>> list(std::string_view path) = 0;  // sorted by name
  virtual Result<bool> exists(std::string_view path) = 0;
  virtual Result<std::uint64_t> free_bytes(std::string_view path) = 0;
  // The life of the page cache that write_at writes to: another one after a power loss or a restart of the machine, not of the process.
  virtual BootId boot_id() const = 0;
  // Takes the data directory for this process until it ends; kUnavailable if another one has it.
  virtual Result<std::unique_ptr<File>> lock(std::string_view path) = 0;
};

// The real one.
std::unique_ptr<Files> make_files();

}  // namespace firth::runtime
