#include "runtime/timers.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "runtime/deadline.h"

namespace firth::runtime {
namespace {

MonotonicTime at(std::int64_t nanoseconds) { return MonotonicTime(std::chrono::nanoseconds(nanoseconds)); }

TEST(Timers, RunByDeadlineThenByOrder) {
  Timers timers;
  std::string ran;
  for (const auto& [deadline, name] : {std::pair(5, 'a'), {3, 'b'}, {5, 'c'}, {1, 'd'}, {3, 'e'}})
    timers.add(at(deadline), [&, name] { ran += name; });
  EXPECT_EQ(timers.next_deadline(), at(1));
  while (Job job = timers.take_due(at(4))) job();
  EXPECT_EQ(ran, "dbe");
  while (Job job = timers.take_due(at(5))) job();
  EXPECT_EQ(ran, "dbeac");
  EXPECT_EQ(timers.next_deadline(), std::nullopt);
}

TEST(Timers, ADeadlineIsAsFarAsTheClockCanSay) {
  using Delay = std::chrono::nanoseconds;
  EXPECT_EQ(deadline_after(at(5), Delay(3)), at(8));
  EXPECT_EQ(deadline_after(at(5), Delay::max()), at(INT64_MAX));
  EXPECT_EQ(deadline_after(at(5), Delay(-1)), at(5));
  EXPECT_EQ(deadline_after(at(5), Delay::min()), at(5));
}

TEST(Timers, CancellingWhatIsNotThereIsANoOp) {
  Timers timers;
  timers.cancel({});
  timers.cancel({~std::uint64_t{0}});
  const auto token = std::make_shared<int>(0);
  const TimerId first = timers.add(at(1), [token] {});
  EXPECT_NE(first.value, 0u);
  timers.cancel(first);
  EXPECT_EQ(token.use_count(), 1);
  const TimerId second = timers.add(at(1), [token] {});  // takes the same slot
  timers.cancel(first);
  EXPECT_EQ(timers.size(), 1u);
  EXPECT_TRUE(static_cast<bool>(timers.take_due(at(1))));
  timers.cancel(second);
  EXPECT_EQ(timers.size(), 0u);
}

TEST(Timers, AgreeWithAMapUnderRandomOperations) {
  std::mt19937 random(7);
  Timers timers;
  std::map<std::pair<std::int64_t, int>, TimerId> model;
  int added = 0;
  int ran = -1;
  for (int step = 0; step < 50000; ++step) {
    const auto choice = random() % 8;
    if (choice < 4) {
      const auto deadline = static_cast<std::int64_t>(random() % 1000);
      model[{deadline, added}] = timers.add(at(deadline), [&ran, added] { ran = added; });
      ++added;
    } else if (choice < 6 && !model.empty()) {
      auto victim = std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
      timers.cancel(victim->second);
      model.erase(victim);
    } else if (!model.empty()) {
      const auto now = static_cast<std::int64_t>(random() % 1000);
      Job job = timers.take_due(at(now));
      ASSERT_EQ(static_cast<bool>(job), model.begin()->first.first <= now);
      if (!job) continue;
      job();
      ASSERT_EQ(ran, model.begin()->first.second);
      model.erase(model.begin());
    }
    ASSERT_EQ(timers.size(), model.size());
    if (!model.empty()) ASSERT_EQ(timers.next_deadline(), at(model.begin()->first.first));
  }
}

}  // namespace
}  // namespace firth::runtime
