// The rows of the table that bench/run prints, one function each; see docs/benchmarks.md for what they stand for.
#pragma once

#include "bench/load/options.h"

namespace firth::load {

void run_core(const Options& options);       // core NATS, one publisher, one subscriber
void run_request(const Options& options);    // request and reply, `clients` requesters, one responder
void run_jetstream(const Options& options);  // publishes into a stream, `window` of them unacknowledged
void run_kafka(const Options& options);      // produce requests of one batch, `window` of them unanswered, acks = all
void run_start(const Options& options);      // from fork to the first answer

}  // namespace firth::load
