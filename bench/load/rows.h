// The rows of the table that bench/run prints, one function each; see docs/benchmarks.md for what they stand for.
#pragma once

#include "bench/load/options.h"

namespace firth::load {

void run_core(const Options& options);       // core NATS: `pairs` publishers, `subscribers` to each
void run_request(const Options& options);    // request and reply, `clients` requesters, one responder
void run_jetstream(const Options& options);  // publishes into a stream by `clients`, `window` of each unacknowledged
void run_bucket(const Options& options);     // the same into a key-value bucket of `subjects` keys
void run_kafka(const Options& options);      // produce requests of one batch by `clients`, `window` of each unanswered, acks = all
void run_fill(const Options& options);       // publishes as run_jetstream does, until about `messages` are stored, and measures nothing
void run_start(const Options& options);      // from fork to the first answer; with `stream`, to what it says of that stream

}  // namespace firth::load
