// The door to sockets. A connection belongs to the loop that it was made on, and is used on that thread only.
//
// Input: the loop reads into a shared block and hands the handler what has arrived. Bytes that the handler does not consume are kept and
// handed over again, in front of what follows. The handler may keep slices of the block: it is not reused while anyone holds it.
// Output: append to out(), then touch(): the loop writes each touched connection once, at the end of the turn.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/shared_bytes.h"
#include "runtime/loop.h"
#include "runtime/memory_account.h"
#include "runtime/out_buffer.h"

namespace firth::runtime {

struct Address {
  std::string host;
  std::uint16_t port = 0;  // 0 when listening: any free one
  std::string to_string() const;
};

class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;

  // Returns how many bytes it consumed. If it needs more before it can go on, it says so with Connection::expect.
  virtual std::size_t on_input(const SharedBytes& input) = 0;
  // The peer closed (what was in out() was written as far as the socket took it) or the socket failed; `why` says it. Called once, at
  // the end of a turn; the connection is destroyed after it returns. Not called after close(), nor when the loop stops.
  virtual void on_closed(const Error& why) = 0;
  // Once, after pending output fell below the low mark of set_output_marks.
  virtual void on_output_drained() {}
  // Pending output has grown while the memory budget is passed: from within touch().
  virtual void on_over_budget() {}
};

class Connection {
 public:
  Connection() = default;
  explicit Connection(BlockPool& pool) : out_(pool) {}
  virtual ~Connection() = default;

  virtual void set_handler(ConnectionHandler& handler) = 0;  // REQUIRES: set in the turn of attach()
  OutBuffer& out() { return out_; }
  virtual void touch() = 0;

  // The next on_input comes when that many unconsumed bytes are there (a frame of known size): no calls in between, one block for all.
  virtual void expect(std::size_t bytes) = 0;
  virtual void pause_input() = 0;
  virtual void resume_input() = 0;
  // on_output_drained is called when pending output, having been at or above high at the end of a turn, falls below low. There is no
  // limit here: a session that cannot wait looks at out().size() and closes.
  virtual void set_output_marks(std::size_t low, std::size_t high) = 0;

  // What is in out() is still written (for at most `linger`), nothing more is read, then the socket is closed and the object destroyed;
  // the handler is not called again. REQUIRES: no use of the connection after it.
  virtual void close(std::chrono::milliseconds linger) = 0;

  virtual const Address& peer() const = 0;
  virtual const Address& local() const = 0;

  // Pending output counts there from here on.
  void set_memory(MemoryGovernor& governor) { memory_.attach(governor); }

 protected:
  OutBuffer out_;
  MemoryAccount memory_{MemoryKind::kOutBuffers};  // followed by touch() and after each write
};

// Accepts on one loop; `accepted` runs on the loop's thread.
class Listener {
 public:
  virtual ~Listener() = default;               // stops listening
  virtual const Address& address() const = 0;  // with the real port
};

// An accepted socket that has no loop yet: small, movable between threads.
class AcceptedSocket {
 public:
  virtual ~AcceptedSocket() = default;
  virtual const Address& peer() const = 0;
};

class Network {
 public:
  virtual ~Network() = default;

  using Accepted = std::move_only_function<void(std::unique_ptr<AcceptedSocket>)>;
  // kExists: the address is in use. Called on, and accepting on, `loop`'s thread (or before the loop started).
  virtual Result<std::unique_ptr<Listener>> listen(Loop& loop, const Address& address, Accepted accepted) = 0;
  // Makes the connection on `loop`, whose thread calls it: placement decides which loop that is.
  virtual Result<Connection*> attach(Loop& loop, std::unique_ptr<AcceptedSocket> socket) = 0;
};

std::unique_ptr<Network> make_network();

}  // namespace firth::runtime
