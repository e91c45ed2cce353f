// The functions that a transform's destination may hold: one is read from a token, and applied to a token.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "subject/transform.h"

namespace firth::subject {

// "$2", "{{left(1,3)}}" or a plain token. kInvalid: nats-server's text.
Result<Transform::Part> parse_part(std::string_view token);

// "invalid mapping destination: <what> in <where>": all errors of a destination have this form.
Error destination_error(std::string_view what, std::string_view where);

// Appends the value of a function that works on one source token: everything but kNone, kPartition and kRandom.
void append_applied(std::string& out, const Transform::Part& part, std::string_view token);

}  // namespace firth::subject
