#include "kafka/session.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "base/mark.h"
#include "kafka/handlers/api_versions.h"
#include "kafka/sessions.h"

namespace firth::kafka {
namespace {

using namespace std::chrono_literals;
constexpr auto kFarewellLinger = 1s;

std::string name_of(const RequestHeader& header) {
  const ApiRow* api = api_row(header.api_key);
  return fmt::format("{} version {}", api == nullptr ? fmt::format("API {}", header.api_key) : std::string(api->name), header.api_version);
}

}  // namespace

Session::Session(Sessions& sessions, runtime::Connection& connection, std::uint64_t id)
    : sessions_(sessions),
      connection_(&connection),
      id_(id),
      client_host_(connection.peer().host),
      who_(fmt::format("{} - kid:{}", connection.peer().to_string(), id)) {
  connection.set_output_marks(kMaxPendingOutput / 4, kMaxPendingOutput);
}

std::size_t Session::on_input(const SharedBytes& input) {
  std::size_t used = 0;
  while (connection_ != nullptr && !is_paused_) {
    const SharedBytes rest = input.slice(used, input.size() - used);
    const FrameFront front = look_at_frame(rest.view(), kDefaultMaxRequestBytes);
    if (front.state == FrameState::kBad) {
      close("the size of a request is below zero or above the limit");
      break;
    }
    if (front.bytes >= kCountedRequestBytes && !count_request(front.bytes)) break;
    if (front.state == FrameState::kIncomplete) {
      connection_->expect(front.bytes);
      break;
    }
    if (!take(rest.slice(kFrameSizeBytes, front.bytes - kFrameSizeBytes))) break;
    used += front.bytes;
  }
  return used;
}

bool Session::take(const SharedBytes& frame) {
  Reader in(frame);
  RequestHeader header;
  if (const CodecError error = read_request_header(in, header); error != CodecError::kNone) {
    close(fmt::format("the header of a request cannot be read: {}", to_string(error)));
    return true;
  }
  const HandlerRow* row = find_handler(header.api_key);
  if (!may_begin(row)) {
    pause();
    return false;
  }
  if (!has_memory_for(row)) {
    pause_for_memory();
    return false;
  }
  if (row == nullptr) {
    close(fmt::format("{} is not served", name_of(header)));
  } else if (header.api_version < row->api.min || header.api_version > row->api.max) {
    if (row->api.key == ApiKey::kApiVersions) {
      pending_.push_back({.number = ++last_number_, .reply = std::nullopt});
      finish(last_number_, ApiVersions::refuse_version(header));
    } else {
      close(fmt::format("{} is not served", name_of(header)));
    }
  } else {
    begin(*row, std::move(header), std::move(in));
  }
  return true;
}

bool Session::may_begin(const HandlerRow* row) const {
  if (connection_->out().size() >= kMaxPendingOutput) return false;
  if (pending_.empty()) return true;
  return row != nullptr && row->in_flight == InFlight::kTogether && in_flight_ == InFlight::kTogether && pending_.size() < kMaxInFlight;
}

// Produce and fetch are what fills memory; all else is small, and some of it (heartbeats) must not wait.
bool Session::has_memory_for(const HandlerRow* row) const {
  const bool is_large = row != nullptr && (row->api.key == ApiKey::kFetch || row->api.key == ApiKey::kProduce);
  return !is_large || !sessions_.broker().shard().memory.is_over_budget();
}

// Whether the request may be read; if not the session is paused, or closed if it never may.
bool Session::count_request(std::size_t bytes) {
  if (counted_bytes_ != 0) return true;
  runtime::MemoryGovernor& memory = sessions_.broker().shard().memory;
  if (bytes > memory.budget_bytes() / 2) {
    close(fmt::format("a request of {} bytes is more than half of the memory budget", bytes));
    return false;
  }
  if (!memory.try_reserve(runtime::MemoryKind::kRequests, bytes)) {
    pause_for_memory();
    return false;
  }
  counted_bytes_ = bytes;
  return true;
}

void Session::uncount(std::size_t& bytes) {
  if (bytes != 0) sessions_.broker().shard().memory.release(runtime::MemoryKind::kRequests, std::exchange(bytes, 0));
}

void Session::begin(const HandlerRow& row, RequestHeader header, Reader in) {
  pending_.push_back({.number = ++last_number_, .reply = std::nullopt, .counted_bytes = std::exchange(counted_bytes_, 0)});
  in_flight_ = row.in_flight;
  tasks_.spawn(serve(*this, row, std::move(header), std::move(in), last_number_));
}

runtime::Task<> Session::serve(Session& session, const HandlerRow& row, RequestHeader header, Reader in, std::uint64_t number) {
  const Context context{.broker = session.sessions_.broker(),
                        .face = session.sessions_.face(),
                        .account = session.sessions_.account(),
                        .client_host = session.client_host_,
                        .client_id = header.client_id.value_or(""),
                        .api_version = header.api_version,
                        .cancellation = session.tasks_.cancellation()};
  Reply reply = co_await row.serve(context, header, std::move(in));
  if (reply.kind == Reply::Kind::kClose) reply.why = fmt::format("{}: {}", name_of(header), reply.why);
  session.finish(number, std::move(reply));
}

void Session::finish(std::uint64_t number, Reply reply) {
  const auto found = std::ranges::find(pending_, number, &Pending::number);
  if (found == pending_.end()) return;  // closed meanwhile
  found->reply = std::move(reply);
  uncount(found->counted_bytes);
  write_replies();
  // Not from here: this may run while a partition tells its observers, who must not append.
  if (is_paused_) sessions_.resume_soon(id_);
}

void Session::write_replies() {
  while (connection_ != nullptr && !pending_.empty() && pending_.front().reply.has_value()) {
    const Reply reply = *std::move(pending_.front().reply);
    pending_.pop_front();
    if (reply.kind == Reply::Kind::kClose) return close(reply.why);
    if (reply.kind == Reply::Kind::kSilence) continue;
    for (const SharedBytes& piece : reply.frame.pieces()) connection_->out().append(piece);
    connection_->touch();
  }
}

void Session::pause() {
  is_paused_ = true;
  connection_->pause_input();
  // What fills the output now may be written at the end of this turn, of which nobody tells.
  if (pending_.empty()) sessions_.resume_soon(id_);
}

void Session::pause_for_memory() {
  FIRTH_MARK("kafka.session.waits_for_memory");
  is_paused_ = true;
  connection_->pause_input();
  sessions_.resume_with_memory(id_);
}

void Session::resume() {
  if (connection_ == nullptr || !is_paused_ || connection_->out().size() >= kMaxPendingOutput) return;
  is_paused_ = false;
  connection_->resume_input();
}

void Session::close(std::string_view why) {
  if (connection_ == nullptr) return;
  log_info("{} - Kafka connection closed: {}", who_, why);
  std::exchange(connection_, nullptr)->close(kFarewellLinger);
  ended();
}

void Session::on_closed(const Error& why) {
  log_debug("{} - Kafka connection closed: {}", who_, why.text);
  connection_ = nullptr;
  ended();
}

void Session::ended() {
  uncount(counted_bytes_);
  for (Pending& pending : pending_) uncount(pending.counted_bytes);
  pending_.clear();
  tasks_.cancel();
  sessions_.let_go(*this);
}

}  // namespace firth::kafka
