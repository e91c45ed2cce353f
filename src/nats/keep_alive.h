// KeepAlive: when a client is pinged, and when it is given up. Pure: the session brings the time and a timer.
//
// The first PING comes 2 seconds after CONNECT (and up to a fifth more, so that clients that came together do not answer together), later
// ones every interval. One is left out if the client sent something within the interval and its round trip is known and younger than an
// hour.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "runtime/clock.h"

namespace firth::nats {

class KeepAlive {
 public:
  using Duration = std::chrono::nanoseconds;
  using Time = runtime::MonotonicTime;

  struct Settings {
    Duration interval = std::chrono::minutes(2);
    std::int64_t max_outstanding = 2;
  };
  enum class Action : std::uint8_t { kNothing, kPing, kStale };

  explicit KeepAlive(Settings settings) : settings_(settings) {}

  // How long until the first on_timer. `random` is any number.
  Duration first_delay(std::uint32_t random) const {
    const Duration delay = std::clamp<Duration>(settings_.interval, Duration(0), std::chrono::seconds(2));
    return delay +
           Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) / 5 * (static_cast<double>(random) / 4294967296.0)));
  }
  // Then the timer is set to interval() again, unless the client is stale.
  Action on_timer(Time now) {
    constexpr Duration kRoundTripLifetime = std::chrono::hours(1);
    const bool measured = round_trip_ && now - pinged_at_ <= kRoundTripLifetime;
    const bool heard = heard_at_ && now - *heard_at_ < settings_.interval;
    if (heard && measured) return Action::kNothing;
    if (outstanding_ + 1 > settings_.max_outstanding) return Action::kStale;
    ++outstanding_;
    pinged_at_ = now;
    return Action::kPing;
  }
  // Messages, subscriptions and PINGs of the client.
  void on_data(Time now) { heard_at_ = now; }
  void on_pong(Time now) {
    if (outstanding_ > 0) round_trip_ = now - pinged_at_;
    outstanding_ = 0;
  }

  Duration interval() const { return settings_.interval; }
  std::optional<Duration> round_trip() const { return round_trip_; }

 private:
  Settings settings_;
  std::int64_t outstanding_ = 0;
  Time pinged_at_{};
  std::optional<Time> heard_at_;
  std::optional<Duration> round_trip_;
};

}  // namespace firth::nats
