#include "tests/sim/link.h"

#include <algorithm>

#include "base/assert.h"

namespace firth::sim {
namespace {

constexpr std::uint64_t kSmallPieceOneIn = 4;
constexpr std::size_t kSmallPieceBytes = 16;

}  // namespace

Link::Link(Scheduler& scheduler, const NetworkSettings& settings, runtime::Address client, runtime::Address server)
    : client_address(std::move(client)), server_address(std::move(server)), scheduler_(scheduler), settings_(settings), client_(*this) {}

Link::~Link() = default;

void Link::client_sends(std::string_view bytes) {
  if (is_reset_ || to_server_.closing) return;
  to_server_.wire += bytes;
  pump(to_server_);
}

void Link::client_closes() {
  if (is_reset_) return;
  to_server_.closing = true;
  pump(to_server_);
}

void Link::client_resets() {
  if (is_reset_) return;
  is_reset_ = true;
  to_server_.wire.clear();
  to_client_.wire.clear();
  arrived_.clear();
  reset_client();
  wake_server();
}

std::size_t Link::room() const { return settings_.socket_bytes - std::min(settings_.socket_bytes, to_client_.wire.size()); }

void Link::server_sends(std::string_view bytes) {
  FIRTH_ASSERT(bytes.size() <= room());
  if (is_reset_) return;
  to_client_.wire += bytes;
  pump(to_client_);
}

void Link::server_closes() {
  if (is_reset_) return;
  to_client_.closing = true;
  pump(to_client_);
}

void Link::server_resets() {
  if (is_reset_) return;
  is_reset_ = true;
  to_client_.wire.clear();
  reset_client();
}

std::string Link::read_arrived() {
  std::string bytes = std::exchange(arrived_, {});
  pump(to_server_);
  return bytes;
}

std::size_t Link::room_of_receiver(const Pipe& pipe) const {
  if (&pipe == &to_client_) return client_.is_paused_ ? 0 : SIZE_MAX;
  return settings_.socket_bytes - std::min(settings_.socket_bytes, arrived_.size());
}

void Link::pump(Pipe& pipe) {
  const bool has_work = pipe.wire.empty() ? pipe.closing && !pipe.ended : room_of_receiver(pipe) > 0;
  if (is_reset_ || pipe.moving || !has_work) return;
  pipe.moving = true;
  const auto delay = scheduler_.random().below(static_cast<std::uint64_t>(settings_.max_delay.count()) + 1);
  scheduler_.at(scheduler_.now() + std::chrono::nanoseconds(delay), Scheduler::Kind::kUnderWay, [this, &pipe] { arrive(pipe); });
}

void Link::arrive(Pipe& pipe) {
  pipe.moving = false;
  if (is_reset_) return;
  Random& random = scheduler_.random();
  if (settings_.reset_one_in != 0 && random.one_in(settings_.reset_one_in)) return client_resets();
  if (pipe.wire.empty()) {
    pipe.ended = true;
    if (&pipe == &to_client_) {
      client_.state_ = Client::State::kClosed;
      if (client_.changed_) client_.changed_();
    }
  } else {
    std::size_t count = std::min(pipe.wire.size(), room_of_receiver(pipe));
    if (count > 0 && random.one_in(kSmallPieceOneIn)) count = std::min(count, 1 + random.below(kSmallPieceBytes));
    else if (count > 0) count = random.one_in(2) ? count : 1 + random.below(count);
    hand_over(pipe, count);
  }
  wake_server();  // there is input, or room for output
  pump(pipe);
}

void Link::hand_over(Pipe& pipe, std::size_t count) {
  scheduler_.trace(count);
  const std::string bytes = pipe.wire.substr(0, count);
  pipe.wire.erase(0, count);
  if (&pipe == &to_server_) {
    arrived_ += bytes;
  } else {
    client_.received_ += bytes;
    if (client_.changed_ && count > 0) client_.changed_();
  }
}

void Link::wake_server() {
  if (connection != nullptr) connection->wake();
}

void Link::reset_client() {
  if (client_.state_ != Client::State::kOpen) return;
  client_.state_ = Client::State::kReset;
  if (client_.changed_) client_.changed_();
}

void Link::end_process() {
  if (is_reset_) return;
  if (!client_.is_paused_ && client_.state_ == Client::State::kOpen)
    hand_over(to_client_, scheduler_.random().below(to_client_.wire.size() + 1));
  server_resets();
}

void Client::send(std::string_view bytes) { link_.client_sends(bytes); }
void Client::close() { link_.client_closes(); }
void Client::reset() { link_.client_resets(); }
void Client::pause_reading() { is_paused_ = true; }
void Client::resume_reading() {
  is_paused_ = false;
  link_.client_reads_again();
}

}  // namespace firth::sim
