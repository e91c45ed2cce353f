#include "nats/keep_alive.h"

#include <gtest/gtest.h>

namespace firth::nats {
namespace {

using namespace std::chrono_literals;
using Action = KeepAlive::Action;

constexpr KeepAlive::Time at(std::chrono::seconds seconds) { return KeepAlive::Time(seconds); }

TEST(KeepAlive, PingsFirstSoonAndSpread) {
  const KeepAlive usual({.interval = 2min});
  EXPECT_EQ(usual.first_delay(0), 2s);
  EXPECT_GT(usual.first_delay(0xFFFFFFFF), 2390ms);
  EXPECT_LE(usual.first_delay(0xFFFFFFFF), 2400ms);
  const KeepAlive quick({.interval = 1s});
  EXPECT_EQ(quick.first_delay(0), 1s);
  const KeepAlive below_zero({.interval = KeepAlive::Duration::min()});
  EXPECT_EQ(below_zero.first_delay(0xFFFFFFFF), 0s);
}

TEST(KeepAlive, GivesUpAClientThatDoesNotAnswer) {
  KeepAlive keep_alive({.interval = 10s, .max_outstanding = 2});
  EXPECT_EQ(keep_alive.on_timer(at(2s)), Action::kPing);
  EXPECT_EQ(keep_alive.on_timer(at(12s)), Action::kPing);
  EXPECT_EQ(keep_alive.on_timer(at(22s)), Action::kStale);
}

TEST(KeepAlive, LeavesOutPingsWhileTheClientSends) {
  KeepAlive keep_alive({.interval = 10s, .max_outstanding = 2});
  keep_alive.on_data(at(1s));
  EXPECT_EQ(keep_alive.on_timer(at(2s)), Action::kPing) << "the round trip is not known yet";
  keep_alive.on_pong(at(3s));
  EXPECT_EQ(keep_alive.round_trip(), 1s);
  keep_alive.on_data(at(4s));
  EXPECT_EQ(keep_alive.on_timer(at(13s)), Action::kNothing);
  EXPECT_EQ(keep_alive.on_timer(at(14s)), Action::kPing) << "nothing was heard for an interval";
  keep_alive.on_pong(at(14s));
  keep_alive.on_data(at(3614s));
  EXPECT_EQ(keep_alive.on_timer(at(3614s)), Action::kNothing);
  EXPECT_EQ(keep_alive.on_timer(at(3615s)), Action::kPing) << "the round trip is measured every hour";
}

// A client that publishes but never answers PING is stale, too: its round trip stays unknown.
TEST(KeepAlive, WantsPongsNotOnlyData) {
  KeepAlive keep_alive({.interval = 10s, .max_outstanding = 1});
  keep_alive.on_data(at(1s));
  EXPECT_EQ(keep_alive.on_timer(at(2s)), Action::kPing);
  keep_alive.on_data(at(11s));
  EXPECT_EQ(keep_alive.on_timer(at(12s)), Action::kStale);
  keep_alive.on_pong(at(12s));
  keep_alive.on_pong(at(13s));
  EXPECT_EQ(keep_alive.round_trip(), 10s) << "a PONG that nobody asked for measures nothing";
}

}  // namespace
}  // namespace firth::nats
