#include "runtime/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "runtime/random.h"
#include "tests/runtime/temporary_directory.h"

namespace firth::runtime {
namespace {

class FilesTest : public testing::Test {
 protected:
  std::unique_ptr<File> open(std::string_view name, OpenMode mode) {
    auto file = files_->open(directory_ / name, mode);
    EXPECT_TRUE(file.ok()) << file.error().text;
    return file ? std::move(*file) : nullptr;
  }
  std::string content(const File& file) {
    std::string text(*file.size(), '\0');
    EXPECT_EQ(*file.read_at(0, std::as_writable_bytes(std::span(text))), text.size());
    return text;
  }
  Result<void> write(File& file, std::uint64_t position, std::string_view text) {
    const ByteView part = as_bytes(text);
    return file.write_at(position, std::span(&part, 1));
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Files> files_ = make_files();
};

TEST_F(FilesTest, ModesSayWhatMustExist) {
  struct Row {
    OpenMode mode;
    bool opens_missing, opens_existing, keeps;
    Errc refusal;
  };
  const Row rows[] = {
      {OpenMode::kRead, false, true, true, Errc::kNotFound},
      {OpenMode::kReadWrite, false, true, true, Errc::kNotFound},
      {OpenMode::kCreate, true, false, true, Errc::kExists},
      {OpenMode::kCreateOrReplace, true, true, false, Errc::kInvalid},
  };
  for (const Row& row : rows) {
    auto missing = files_->open(directory_ / "missing", row.mode);
    EXPECT_EQ(missing.ok(), row.opens_missing);
    if (missing) EXPECT_TRUE(files_->remove(directory_ / "missing").ok());
    else EXPECT_EQ(missing.error().code, row.refusal);

    ASSERT_TRUE(write(*open("present", OpenMode::kCreateOrReplace), 0, "text").ok());
    auto present = files_->open(directory_ / "present", row.mode);
    EXPECT_EQ(present.ok(), row.opens_existing);
    if (present) EXPECT_EQ(*(*present)->size(), row.keeps ? 4u : 0u);
    else EXPECT_EQ(present.error().code, row.refusal);
  }
}

TEST_F(FilesTest, ErrorsNamePathOperationAndErrno) {
  const auto missing = files_->open(directory_ / "no/such", OpenMode::kRead);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().text, "open " + (directory_ / "no/such") + ": No such file or directory (ENOENT)");
  EXPECT_EQ(files_->list(directory_ / "no").error().code, Errc::kNotFound);
  EXPECT_EQ(files_->remove(directory_ / "no").error().code, Errc::kNotFound);
  EXPECT_EQ(files_->rename(directory_ / "no", directory_ / "yes").error().code, Errc::kNotFound);
  EXPECT_EQ(files_->sync_directory(directory_ / "no").error().code, Errc::kNotFound);
  EXPECT_EQ(files_->sync_filesystem(directory_ / "no").error().code, Errc::kNotFound);
  EXPECT_EQ(files_->free_bytes(directory_ / "no").error().code, Errc::kNotFound);
  EXPECT_EQ(files_->make_directory(directory_ / "no/such").error().code, Errc::kNotFound);
}

TEST_F(FilesTest, ReadsEndWithTheFile) {
  auto file = open("file", OpenMode::kCreate);
  ASSERT_TRUE(write(*file, 0, "0123456789").ok());
  struct Row {
    std::uint64_t position;
    std::size_t wanted;
    std::string_view expected;
  };
  const Row rows[] = {{0, 10, "0123456789"}, {0, 0, ""}, {3, 4, "3456"}, {8, 4, "89"}, {10, 1, ""}, {1u << 20, 5, ""}};
  for (const Row& row : rows) {
    std::string out(row.wanted, '?');
    const auto got = file->read_at(row.position, std::as_writable_bytes(std::span(out)));
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(std::string_view(out).substr(0, *got), row.expected);
  }
}

TEST_F(FilesTest, WritesPartsInOrderWhateverTheirNumberAndSize) {
  const auto random = make_random();
  for (const std::size_t count : {0u, 1u, 2u, 63u, 64u, 65u, 128u, 200u}) {
    auto file = open("file", OpenMode::kCreateOrReplace);
    std::string expected(7, '\0');
    std::vector<std::string> parts(count);
    for (std::string& part : parts) {
      part.assign(random->below(3) == 0 ? 0 : random->below(5000), 'x');
      random->fill(std::as_writable_bytes(std::span(part)));
      expected += part;
    }
    std::vector<ByteView> views;
    for (const std::string& part : parts) views.push_back(as_bytes(part));
    ASSERT_TRUE(file->write_at(7, views).ok());
    if (expected.size() > 7) EXPECT_EQ(content(*file), expected) << count;
  }
}

TEST_F(FilesTest, AllEmptyPartsWriteNothing) {
  auto file = open("file", OpenMode::kCreate);
  const std::vector<ByteView> parts(130);
  EXPECT_TRUE(file->write_at(5, parts).ok());
  EXPECT_EQ(*file->size(), 0u);
}

TEST_F(FilesTest, TruncateShortensAndExtendsWithZeroes) {
  auto file = open("file", OpenMode::kCreate);
  ASSERT_TRUE(write(*file, 0, "0123456789").ok());
  ASSERT_TRUE(file->truncate(4).ok());
  EXPECT_EQ(content(*file), "0123");
  ASSERT_TRUE(file->truncate(6).ok());
  EXPECT_EQ(content(*file), std::string("0123\0\0", 6));
}

TEST_F(FilesTest, SyncsSucceed) {
  auto file = open("file", OpenMode::kCreate);
  ASSERT_TRUE(write(*file, 0, std::string(10000, 'x')).ok());
  file->start_writeout(0, 10000);
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_TRUE(files_->sync_directory(directory_.path()).ok());
  EXPECT_TRUE(files_->sync_filesystem(directory_.path()).ok());
  EXPECT_GT(*files_->free_bytes(directory_.path()), 0u);
}

TEST_F(FilesTest, FullDeviceIsNoSpace) {
  auto full = files_->open("/dev/full", OpenMode::kReadWrite);
  ASSERT_TRUE(full.ok());
  const auto written = write(**full, 0, "x");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, Errc::kNoSpace);
  EXPECT_EQ(written.error().text, "write /dev/full: No space left on device (ENOSPC)");
}

// The limit cuts the first pwritev short and fails the second: the short write was continued, not taken for success.
TEST_F(FilesTest, ShortWriteIsContinuedUntilItsError) {
  auto file = open("file", OpenMode::kCreate);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limited{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  const auto written = write(*file, 4000, std::string(1000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, Errc::kStorage);
  EXPECT_NE(written.error().text.find("EFBIG"), std::string::npos) << written.error().text;
  EXPECT_EQ(*file->size(), 4096u);
}

TEST_F(FilesTest, WriteToAFileOpenedForReadingFails) {
  ASSERT_TRUE(write(*open("file", OpenMode::kCreate), 0, "x").ok());
  EXPECT_EQ(write(*open("file", OpenMode::kRead), 0, "y").error().code, Errc::kStorage);
}

TEST_F(FilesTest, ListIsSortedAndTellsDirectories) {
  for (const char* name : {"b", "a.log", "10", "9"}) open(name, OpenMode::kCreate);
  ASSERT_TRUE(files_->make_directory(directory_ / "c").ok());
  ASSERT_EQ(::symlink((directory_ / "c").c_str(), (directory_ / "link").c_str()), 0);
  const auto entries = files_->list(directory_.path());
  ASSERT_TRUE(entries.ok());
  std::string text;
  for (const DirectoryEntry& entry : *entries) text += entry.name + (entry.is_directory ? "/ " : " ");
  EXPECT_EQ(text, "10 9 a.log b c/ link/ ");
}

TEST_F(FilesTest, DirectoriesAreMadeOnceAndRemovedWhenEmpty) {
  EXPECT_TRUE(files_->make_directory(directory_ / "d").ok());
  EXPECT_TRUE(files_->make_directory(directory_ / "d").ok());
  open("d/file", OpenMode::kCreate);
  EXPECT_FALSE(files_->remove(directory_ / "d").ok());
  EXPECT_TRUE(files_->remove(directory_ / "d/file").ok());
  EXPECT_TRUE(files_->remove(directory_ / "d").ok());
  open("f", OpenMode::kCreate);
  EXPECT_EQ(files_->make_directory(directory_ / "f").error().code, Errc::kExists);
}

TEST_F(FilesTest, RenameReplaces) {
  ASSERT_TRUE(write(*open("new", OpenMode::kCreate), 0, "new").ok());
  ASSERT_TRUE(write(*open("old", OpenMode::kCreate), 0, "old content").ok());
  ASSERT_TRUE(files_->rename(directory_ / "new", directory_ / "old").ok());
  EXPECT_EQ(content(*open("old", OpenMode::kRead)), "new");
  EXPECT_FALSE(*files_->exists(directory_ / "new"));
  EXPECT_TRUE(*files_->exists(directory_ / "old"));
  EXPECT_FALSE(*files_->exists(directory_ / "old/below"));
}

TEST_F(FilesTest, LockIsHeldByOneUntilItIsClosed) {
  auto first = files_->lock(directory_ / "lock");
  ASSERT_TRUE(first.ok());
  const auto second = files_->lock(directory_ / "lock");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Errc::kUnavailable);
  first->reset();
  EXPECT_TRUE(files_->lock(directory_ / "lock").ok());
}

TEST_F(FilesTest, DescriptorsAreCloseOnExec) {
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);  // the number that the next open will get
  ::close(next);
  auto file = open("file", OpenMode::kCreate);
  EXPECT_TRUE(::fcntl(next, F_GETFD) & FD_CLOEXEC);
}

}  // namespace
}  // namespace firth::runtime
