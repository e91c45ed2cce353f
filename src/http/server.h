// A small HTTP server for monitoring: GET and HEAD of pages that are made at once. On one shard.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "http/request.h"
#include "runtime/network.h"

namespace firth::http {

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

class Server {
 public:
  using Page = std::move_only_function<Response(const Request&)>;
  static constexpr std::size_t kMaxConnections = 256;

  Server(runtime::Network& network, runtime::Loop& loop);
  ~Server();  // on the loop's thread, or when it has stopped

  // Before listen().
  void add_page(std::string path, Page page) { pages_[std::move(path)] = std::move(page); }
  Result<void> listen(const runtime::Address& address);
  const runtime::Address& address() const { return listener_->address(); }
  void close_all();

 private:
  class Connection;
  void accept(std::unique_ptr<runtime::AcceptedSocket> socket);
  Response respond(const Request& request);

  runtime::Network& network_;
  runtime::Loop& loop_;
  std::map<std::string, Page, std::less<>> pages_;
  std::unique_ptr<runtime::Listener> listener_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
};

}  // namespace firth::http
