// What -V prints of a client's protocol: one operation or message a line, in nats-server's words, without passwords and tokens.
#pragma once

#include <string>
#include <string_view>

#include "nats/message_line.h"
#include "nats/parser.h"

namespace firth::nats {

// "PUB foo reply 5", 'CONNECT {"pass":"[REDACTED]"}', "MSG foo 1 5".
std::string traced(const Operation& operation);
std::string traced(const MessageLine& line);

// What a message carries, quoted as Go quotes text: MSG_PAYLOAD: ["hi\r\n"].
std::string traced_payload(std::string_view payload);

}  // namespace firth::nats
