#include "cli/system_sources.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/sim/files.h"

namespace firth::cli {
namespace {

void write(runtime::Files& files, std::string_view path, std::string_view text) {
  const auto file = files.open(path, runtime::OpenMode::kCreate);
  ASSERT_TRUE(file) << file.error().text;
  const ByteView bytes = as_bytes(text);
  ASSERT_TRUE((*file)->write_at(0, std::span(&bytes, 1)));
}

TEST(SystemSources, ReadFilesAndTheEnvironment) {
  sim::Files files(1);
  write(files, "firth.conf", "port: 4333\nname: $FIRTH_TEST_VARIABLE");
  write(files, "empty.conf", "");
  setenv("FIRTH_TEST_VARIABLE", "value", 1);
  const ConfigSources sources = system_sources(files);
  const auto text = sources.read_file("firth.conf");
  ASSERT_TRUE(text) << text.error().text;
  EXPECT_EQ(*text, "port: 4333\nname: $FIRTH_TEST_VARIABLE");
  EXPECT_EQ(*sources.read_file("empty.conf"), "");
  EXPECT_EQ(sources.environment("FIRTH_TEST_VARIABLE"), "value");
  EXPECT_EQ(sources.environment("FIRTH_TEST_NO_SUCH_VARIABLE"), std::nullopt);
  unsetenv("FIRTH_TEST_VARIABLE");
}

// As nats-server 2.15.2 says it.
TEST(SystemSources, NameTheFileThatIsNotThere) {
  sim::Files files(1);
  const auto text = system_sources(files).read_file("none.conf");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().text, "open none.conf: no such file or directory");
}

TEST(SystemSources, SayWhenTheDiskFails) {
  sim::Files files(1);
  write(files, "firth.conf", "port: 4333");
  files.inject({.operation = sim::Operation::kRead, .nth = 1});
  const auto text = system_sources(files).read_file("firth.conf");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::kStorage);
}

}  // namespace
}  // namespace firth::cli
