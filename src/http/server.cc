#include "http/server.h"

#include <fmt/core.h>

#include "base/log.h"

namespace firth::http {

namespace {

using namespace std::chrono_literals;
constexpr auto kFarewellLinger = 1s;
constexpr auto kIdleTimeout = 60s;

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

Response refusal(int status) { return {.status = status, .content_type = "text/plain", .body = fmt::format("{}\n", reason_of(status))}; }

}  // namespace

class Server::Connection final : public runtime::ConnectionHandler {
 public:
  Connection(Server& server, runtime::Connection& connection) : server_(server), connection_(&connection) { restart_timer(); }
  ~Connection() override { server_.loop_.cancel(idle_timer_); }

  std::size_t on_input(const SharedBytes& input) override {
    const std::string_view text = as_text(input.view());
    std::size_t at = 0;
    while (connection_ != nullptr && at < text.size()) {
      Request request;
      std::size_t consumed = 0;
      const HeadOutcome outcome = read_head(text.substr(at), request, consumed);
      if (outcome == HeadOutcome::kIncomplete) break;
      at += consumed;
      if (outcome == HeadOutcome::kMalformed) request.keep_alive = false;
      send(request, outcome == HeadOutcome::kMalformed ? refusal(400) : server_.respond(request));
    }
    return at;
  }
  void on_closed(const Error&) override {
    connection_ = nullptr;
    forget();
  }
  void close() {
    if (connection_ == nullptr) return;
    std::exchange(connection_, nullptr)->close(kFarewellLinger);
    forget();
  }

 private:
  void send(const Request& request, const Response& response) {
    connection_->out().append(fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {}\r\n\r\n",
                                          response.status, reason_of(response.status), response.content_type, response.body.size(),
                                          request.keep_alive ? "keep-alive" : "close"));
    if (request.method != Method::kHead) connection_->out().append(response.body);
    connection_->touch();
    restart_timer();
    if (!request.keep_alive) close();
  }
  void restart_timer() {
    server_.loop_.cancel(idle_timer_);
    idle_timer_ = server_.loop_.schedule(server_.loop_.now() + kIdleTimeout, [this] { close(); });
  }
  // Not at once: this object is on the stack.
  void forget() {
    server_.loop_.post([&server = server_, this] { server.connections_.erase(this); });
  }

  Server& server_;
  runtime::Connection* connection_;  // null: closed
  runtime::TimerId idle_timer_;
};

Server::Server(runtime::Network& network, runtime::Loop& loop) : network_(network), loop_(loop) {}
Server::~Server() = default;

Result<void> Server::listen(const runtime::Address& address) {
  FIRTH_TRY(listener_, network_.listen(loop_, address, [this](auto socket) { accept(std::move(socket)); }));
  return {};
}

void Server::close_all() {
  listener_.reset();
  for (const auto& [key, connection] : connections_) connection->close();
}

void Server::accept(std::unique_ptr<runtime::AcceptedSocket> socket) {
  if (connections_.size() >= kMaxConnections) return log_info("monitoring: more than {} connections", kMaxConnections);
  const Result<runtime::Connection*> attached = network_.attach(loop_, std::move(socket));
  if (!attached) return;
  auto connection = std::make_unique<Connection>(*this, **attached);
  (*attached)->set_handler(*connection);
  connections_.emplace(connection.get(), std::move(connection));
}

Response Server::respond(const Request& request) {
  if (request.method == Method::kOther) return refusal(405);
  const auto page = pages_.find(request.path);
  return page == pages_.end() ? refusal(404) : page->second(request);
}

}  // namespace firth::http
