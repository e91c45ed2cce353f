// A directory of a test's own below $TMPDIR (or /tmp), removed with all that is in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "runtime/files.h"

namespace firth::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* const base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/firth-test-XXXXXX";
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { remove_tree(*runtime::make_files(), path_); }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return std::string(path_).append("/").append(name); }

 private:
  static void remove_tree(runtime::Files& files, const std::string& path) {
    auto entries = files.list(path);
    if (entries) {
      for (const auto& entry : *entries) {
        const std::string inner = path + "/" + entry.name;
        if (entry.is_directory) remove_tree(files, inner);
        else EXPECT_TRUE(files.remove(inner).ok());
      }
    }
    EXPECT_TRUE(files.remove(path).ok());
  }

  std::string path_;
};

}  // namespace firth::test
