// The server's end of a simulated connection: the same answers, in the same parts of a turn, as socket_connection.cc gives.
#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "runtime/system_error.h"
#include "tests/sim/link.h"

namespace firth::sim {

Connection::~Connection() {
  loop_.cancel(linger_timer_);
  loop_.forget(*this);
}

void Connection::set_handler(runtime::ConnectionHandler& handler) {
  handler_ = &handler;
  wake();
}

void Connection::resume_input() {
  is_paused_ = false;
  has_news_ = true;
  wake();
}

void Connection::set_output_marks(std::size_t low, std::size_t high) {
  low_mark_ = low;
  high_mark_ = high;
}

void Connection::touch() {
  loop_.touch(*this);
  if (memory_.follow(out_.size()) && handler_ != nullptr && !is_closing_) handler_->on_over_budget();
}

void Connection::on_ready() {
  if (is_closing_ || failed_) return touch();
  if (link_.is_reset()) return fail(runtime::system_error("read from", peer().to_string(), ECONNRESET));
  if (!out_.empty()) touch();
  if (handler_ == nullptr || is_paused_) return;
  if (link_.has_arrived()) {
    input_ += link_.read_arrived();
    has_news_ = true;
  }
  if (std::exchange(has_news_, false)) deliver();
  if (!is_closing_ && !is_paused_ && link_.at_end())
    fail({Errc::kUnavailable, "connection to " + peer().to_string() + ": closed by the peer"});
}

// One call for what has arrived: the handler takes all whole frames out of it. It is called again for what follows, or when it resumes.
void Connection::deliver() {
  if (input_.empty() || input_.size() < expected_ || is_paused_ || is_closing_) return;
  expected_ = 0;
  const std::size_t consumed = handler_->on_input(SharedBytes::copy(as_bytes(input_)));
  FIRTH_ASSERT(consumed <= input_.size());
  input_.erase(0, consumed);
}

void Connection::flush() {
  if (out_.size() >= high_mark_) above_high_mark_ = true;
  while (!out_.empty() && link_.room() > 0) {
    std::array<ByteView, 16> parts;
    const std::size_t count = out_.gather(parts);
    std::size_t sent = 0;
    for (std::size_t i = 0; i < count && link_.room() > 0; ++i) {
      const std::size_t size = std::min(parts[i].size(), link_.room());
      link_.server_sends(as_text(parts[i].first(size)));
      sent += size;
    }
    out_.consume(sent);
  }
}

void Connection::on_turn_end() {
  if (!link_.is_reset()) flush();
  (void)memory_.follow(out_.size());
  if (is_closing_) {
    if (out_.empty() || link_.is_reset()) {
      link_.server_closes();
      return destroy();
    }
    if (linger_is_over_) {
      link_.server_resets();
      return destroy();
    }
    return;
  }
  if (failed_) {
    const Error why = *std::exchange(failed_, std::nullopt);
    is_closing_ = true;  // whatever the handler does now: it is over
    link_.server_closes();
    if (handler_ != nullptr) handler_->on_closed(why);
    return destroy();
  }
  if (above_high_mark_ && out_.size() < low_mark_) {
    above_high_mark_ = false;
    if (handler_ != nullptr) handler_->on_output_drained();
  }
}

void Connection::close(std::chrono::milliseconds linger) {
  if (std::exchange(is_closing_, true)) return;
  linger_timer_ = loop_.schedule(loop_.now() + linger, [this] {
    linger_is_over_ = true;
    touch();
  });
  touch();
}

void Connection::fail(Error why) {
  if (failed_) return;
  failed_ = std::move(why);
  touch();
}

void Connection::destroy() { const auto self = std::move(link_.connection); }

}  // namespace firth::sim
