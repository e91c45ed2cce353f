// Names on the simulated disk: errors as POSIX gives them, and what may become of names that were not synced.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/sim/files.h"
#include "tests/sim/seeds.h"

namespace firth::sim {
namespace {

using runtime::OpenMode;

void put(Files& files, std::string_view path, std::string_view text) { files.put_content(path, as_bytes(text)); }

std::string tree(const Files& files) {
  std::string result;
  for (const char* path : {"a", "b", "d/a", "d/b"}) {
    const auto content = files.content(path);
    if (content) result += std::string(path) + "=" + std::string(as_text(*content)) + " ";
  }
  return result;
}

// What is found after power loss over all seeds, when `work` was done to a disk that has a directory d and what `prepare` put there.
template <class Prepare, class Work>
std::set<std::string> found_after(Prepare prepare, Work work) {
  std::set<std::string> found;
  for (const std::uint64_t seed : test::seeds(300)) {
    Files files(seed);
    *files.make_directory("d");
    *files.sync_directory("/");
    prepare(files);
    work(files);
    files.lose_power(seed);
    found.insert(tree(files));
  }
  return found;
}

using Trees = std::set<std::string>;

TEST(SimNames, RenameIsAtomic) {
  const auto prepare = [](Files& files) {
    put(files, "a", "new");
    put(files, "b", "old");
  };
  EXPECT_EQ(found_after(prepare, [](Files& files) { *files.rename("a", "b"); }), (Trees{"a=new b=old ", "b=new "}));
  const auto synced = [](Files& files) {
    *files.rename("a", "b");
    *files.sync_directory("");
  };
  EXPECT_EQ(found_after(prepare, synced), (Trees{"b=new "}));
}

TEST(SimNames, RenameBetweenDirectoriesIsSyncedByEither) {
  const auto prepare = [](Files& files) { put(files, "a", "1"); };
  for (const char* directory : {"", "d"}) {
    const auto work = [directory](Files& files) {
      *files.rename("a", "d/b");
      *files.sync_directory(directory);
    };
    EXPECT_EQ(found_after(prepare, work), (Trees{"d/b=1 "})) << directory;
  }
}

TEST(SimNames, CreatedFileMayVanishThoughItsBytesAreSynced) {
  const auto work = [](Files& files) {
    auto file = *files.open("d/a", OpenMode::kCreate);
    const ByteView part = as_bytes("x");
    *file->write_at(0, std::span(&part, 1));
    *file->sync_data();
  };
  EXPECT_EQ(found_after([](Files&) {}, work), (Trees{"", "d/a=x "}));
}

TEST(SimNames, RemovedFileMayBeBackAndDirectoriesForgetIndependently) {
  const auto prepare = [](Files& files) {
    put(files, "a", "1");
    put(files, "d/a", "2");
  };
  const auto work = [](Files& files) {
    *files.remove("a");
    *files.remove("d/a");
  };
  EXPECT_EQ(found_after(prepare, work), (Trees{"", "a=1 ", "d/a=2 ", "a=1 d/a=2 "}));
}

TEST(SimNames, LaterChangeNeedsTheEarlierOneOfTheSameName) {
  const auto work = [](Files& files) {
    EXPECT_TRUE(files.open("a", OpenMode::kCreate).ok());
    *files.rename("a", "b");
  };
  EXPECT_EQ(found_after([](Files&) {}, work), (Trees{"", "a= ", "b= "}));
}

TEST(SimNames, SyncingADirectoryCoversWhatItsChangesNeed) {
  const auto work = [](Files& files) {
    EXPECT_TRUE(files.open("a", OpenMode::kCreate).ok());
    EXPECT_TRUE(files.open("b", OpenMode::kCreate).ok());
    *files.rename("a", "d/a");
    *files.sync_directory("d");
  };
  EXPECT_EQ(found_after([](Files&) {}, work), (Trees{"d/a= ", "b= d/a= "}));
}

TEST(SimNames, NewDirectoryMayVanishWithAllThatIsInIt) {
  int vanished = 0, kept = 0;
  for (const std::uint64_t seed : test::seeds(100)) {
    Files files(seed);
    *files.make_directory("n");
    put(files, "n/a", "1");
    files.lose_power(seed);
    const bool there = *files.exists("n");
    EXPECT_EQ(files.content("n/a").has_value(), there);
    (there ? kept : vanished) += 1;
  }
  EXPECT_GT(vanished, 0);
  EXPECT_GT(kept, 0);
}

TEST(SimNames, SyncFilesystemKeepsAll) {
  const auto work = [](Files& files) {
    auto file = *files.open("a", OpenMode::kCreate);
    const ByteView part = as_bytes("x");
    *file->write_at(0, std::span(&part, 1));
    *files.rename("a", "d/b");
    *files.sync_filesystem("");
  };
  EXPECT_EQ(found_after([](Files&) {}, work), (Trees{"d/b=x "}));
}

// Names are metadata: a file system that cannot write its own stops, so that a later sync which succeeds has written them.
TEST(SimNames, AfterAFailedDirectorySyncNamesWaitForTheNext) {
  for (const bool is_synced_again : {false, true}) {
    const auto work = [&](Files& files) {
      EXPECT_TRUE(files.open("a", OpenMode::kCreate).ok());
      files.inject({.operation = Operation::kSyncDirectory});
      EXPECT_FALSE(files.sync_directory("").ok());
      if (is_synced_again) EXPECT_TRUE(files.sync_directory("").ok());
    };
    EXPECT_EQ(found_after([](Files&) {}, work), is_synced_again ? Trees{"a= "} : (Trees{"", "a= "}));
  }
}

TEST(SimNames, ErrorsAreThoseOfPosix) {
  Files files;
  *files.make_directory("d");
  put(files, "d/f", "");
  EXPECT_EQ(files.open("x", OpenMode::kRead).error().code, Errc::kNotFound);
  EXPECT_EQ(files.open("x", OpenMode::kReadWrite).error().code, Errc::kNotFound);
  EXPECT_EQ(files.open("x/y", OpenMode::kCreate).error().code, Errc::kNotFound);
  EXPECT_EQ(files.open("d/f/y", OpenMode::kCreate).error().code, Errc::kNotFound);
  EXPECT_EQ(files.open("d/f", OpenMode::kCreate).error().code, Errc::kExists);
  EXPECT_EQ(files.open("d", OpenMode::kRead).error().code, Errc::kStorage);
  EXPECT_EQ(files.remove("x").error().code, Errc::kNotFound);
  EXPECT_EQ(files.remove("d").error().code, Errc::kStorage);
  EXPECT_EQ(files.rename("x", "y").error().code, Errc::kNotFound);
  EXPECT_EQ(files.rename("d/f", "x/y").error().code, Errc::kNotFound);
  EXPECT_EQ(files.rename("d", "d/e").error().code, Errc::kStorage);
  EXPECT_EQ(files.rename("d/f", "d").error().code, Errc::kStorage);
  EXPECT_EQ(files.make_directory("x/y").error().code, Errc::kNotFound);
  EXPECT_EQ(files.make_directory("d/f").error().code, Errc::kExists);
  EXPECT_TRUE(files.make_directory("d").ok());
  EXPECT_EQ(files.sync_directory("x").error().code, Errc::kNotFound);
  EXPECT_EQ(files.list("x").error().code, Errc::kNotFound);
  auto read_only = *files.open("d/f", OpenMode::kRead);
  const ByteView part = as_bytes("x");
  EXPECT_EQ(read_only->write_at(0, std::span(&part, 1)).error().code, Errc::kStorage);
  EXPECT_EQ(read_only->truncate(0).error().code, Errc::kStorage);
}

TEST(SimNames, ListIsSortedAndAnOpenFileOutlivesItsName) {
  Files files;
  for (const char* name : {"c", "a", "b"}) put(files, name, name);
  *files.make_directory("aa");
  std::string names;
  for (const auto& entry : *files.list("")) names += entry.name + (entry.is_directory ? "/ " : " ");
  EXPECT_EQ(names, "a aa/ b c ");
  auto file = *files.open("a", OpenMode::kRead);
  *files.remove("a");
  EXPECT_FALSE(*files.exists("a"));
  std::byte byte;
  EXPECT_EQ(*file->read_at(0, std::span(&byte, 1)), 1u);
}

}  // namespace
}  // namespace firth::sim
