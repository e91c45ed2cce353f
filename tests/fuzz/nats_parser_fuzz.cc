// Whatever a client sends: the parser neither reads past its input nor makes progress of nothing, and reads the same in pieces as at once.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "nats/parser.h"

namespace {

using namespace firth::nats;

// All operations of the input, told in one text; the input is given in pieces of `step` bytes.
std::string read_all(std::string_view input, std::size_t step) {
  Parser parser({.max_control_line = 128, .max_payload = 1024});
  std::string told;
  std::string buffer;
  while (!input.empty() || !buffer.empty()) {
    buffer += input.substr(0, step);
    input.remove_prefix(input.size() < step ? input.size() : step);
    for (;;) {
      const std::string exact(buffer);  // of its own: reading past it is seen
      Operation operation;
      const Parser::Outcome outcome = parser.next(exact, operation);
      if (outcome == Parser::Outcome::kError) return told + std::string(name_of(operation.error));
      if (outcome == Parser::Outcome::kIncomplete) break;
      FIRTH_ASSERT(parser.consumed() > 0 && parser.consumed() <= exact.size());
      FIRTH_ASSERT(operation.verb != Verb::kPublish || operation.message.header_bytes <= operation.message.payload.size());
      told += static_cast<char>('0' + static_cast<int>(operation.verb));
      for (const std::string_view part : {operation.message.subject, operation.message.reply, operation.message.payload, operation.subject,
                                          operation.queue, operation.sid, operation.arguments})
        told.append(part).append(1, '|');
      buffer.erase(0, parser.consumed());
    }
    if (input.empty()) break;
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = read_all(input, input.size() + 1);
  const std::string pieces = read_all(input, data[0] % 17 + 1u);
  FIRTH_ASSERT(whole == pieces);
  return 0;
}
