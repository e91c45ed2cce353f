// The client's side of the NATS protocol: one operation at a time from the front of a session's read buffer. One pass, no allocation, no
// copy: all views of an operation point into the buffer.
//
//   PUB orders.eu inbox.7 5\r\nhello\r\nPING\r\nSUB ord        The buffer starts where the last operation ended. next() takes the PUB
//   ^ input                           ^ and later this         (31 bytes), then the PING, then says kIncomplete: keep "SUB ord", add
//                                                              what the socket has, and ask again; nothing is read twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/subscriber.h"
#include "nats/errors.h"

namespace firth::nats {

enum class Verb : std::uint8_t { kPublish, kSubscribe, kUnsubscribe, kPing, kPong, kConnect, kInfo, kOk, kError };

// What a verb does not use is left as it was.
struct Operation {
  Verb verb = Verb::kPing;
  ProtocolError error = ProtocolError::kNone;  // of Outcome::kError
  bool has_headers = false;                    // kPublish: it was HPUB (whose headers may have no bytes)
  broker::Message message;                     // kPublish: as it is handed on; the block is the caller's
  std::string_view subject;                    // kSubscribe
  std::string_view queue;                      // kSubscribe; "" is none
  std::string_view sid;                        // kSubscribe, kUnsubscribe
  std::int64_t maximum = 0;                    // kUnsubscribe: after so many messages; <= 0: now
  std::string_view arguments;                  // kConnect, kInfo, kError: the rest of the line
};

class Parser {
 public:
  enum class Outcome : std::uint8_t {
    kOperation,   // drop consumed() bytes, then call again
    kIncomplete,  // call again with the same bytes and more behind them (they may have moved)
    kError,       // Operation::error says which; the connection is over
  };
  struct Limits {
    std::uint32_t max_control_line = 4096;  // bytes of arguments
    std::int64_t max_payload = 1 << 20;     // -1: none
  };

  Parser() = default;
  explicit Parser(Limits limits) : limits_(limits) {}

  Outcome next(std::string_view input, Operation& operation);

  // After kOperation: the bytes that it took.
  std::size_t consumed() const { return consumed_; }
  // After kIncomplete: the size of the whole operation if its line has been read, else 0. A buffer of that size ends the waiting.
  std::size_t expected_bytes() const { return awaited_.payload_at == 0 ? 0 : awaited_.payload_at + awaited_.payload_bytes + 2; }

 private:
  // Positions in the input: they survive when the buffer moves. (And they are numbers in registers: a view that was stored as two words
  // and is copied as one waits for the store to finish.)
  struct Publish {
    std::uint32_t subject_at = 0, subject_bytes = 0;
    std::uint32_t reply_at = 0, reply_bytes = 0;
    std::uint32_t header_bytes = 0;
    std::uint32_t payload_bytes = 0;
    std::uint32_t payload_at = 0;
    bool has_headers = false;
  };
  struct Line;

  Outcome parse_publish(std::string_view input, std::size_t verb_bytes, Operation& operation);
  static bool split_short_line(std::string_view input, std::size_t verb_bytes, Line& line);
  static bool split_line(std::string_view input, std::size_t verb_bytes, Line& line);
  ProtocolError read_line(const Line& line, std::string_view input, Publish& publish) const;
  Outcome finish_publish(const Publish& publish, std::string_view input, Operation& operation);
  Outcome parse_other(std::string_view input, Operation& operation);
  Outcome await_line(std::string_view input, Operation& operation);
  // How far a line may grow: the arguments, the verb and some blanks. The same whether its end is there or still to come.
  std::size_t longest_line() const { return std::size_t{limits_.max_control_line} + 32; }
  Outcome fail(ProtocolError error, Operation& operation);

  Limits limits_;
  std::size_t consumed_ = 0;
  std::size_t scanned_ = 0;  // bytes of the input that hold no line end: not looked at again
  Publish awaited_;          // its payload is; payload_at 0: none is
};

}  // namespace firth::nats
