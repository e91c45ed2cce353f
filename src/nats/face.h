// What all sessions of the server share: settings that do not change, and counts across shards.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "nats/credentials.h"
#include "nats/info.h"
#include "nats/keep_alive.h"
#include "nats/parser.h"
#include "runtime/worker_pool.h"

namespace firth::nats {

struct Settings {
  Info info;  // what every client is told; the session adds what is its own
  Parser::Limits limits;
  KeepAlive::Settings keep_alive;
  Credentials credentials;
  std::chrono::nanoseconds authentication_timeout = std::chrono::seconds(2);
  std::size_t max_pending = 64u << 20;
  std::chrono::nanoseconds write_deadline = std::chrono::seconds(10);
  std::size_t max_subscriptions = 0;        // of a connection; 0: any number
  std::size_t max_subscription_tokens = 0;  // 0: any number
  std::size_t max_connections = 0;          // 0: any number
};

// Any thread.
struct Face {
  explicit Face(Settings the_settings) : settings(std::move(the_settings)) {}

  runtime::WorkerPool* workers = nullptr;  // for password hashes; needed where the credentials have any
  Settings settings;                       // not changed once the listener accepts
  std::atomic<std::uint64_t> last_client_id{0};
  std::atomic<std::size_t> connections{0};
};

}  // namespace firth::nats
