// The server's INFO: what a client is told when it connects, and whenever that changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace firth::nats {

// Empty, false and 0 are left out, as in nats-server, but for the fields marked (*).
struct Info {
  std::string server_id;    // *
  std::string server_name;  // *
  std::string version;      // * clients switch features on by it
  std::string go;           // * the real server's compiler; clients only show it
  std::string host;         // *
  std::uint16_t port = 0;   // *
  bool headers = true;      // *
  bool auth_required = false;
  bool tls_required = false;
  bool tls_verify = false;
  bool tls_available = false;
  std::int64_t max_payload = 1 << 20;  // *
  bool jetstream = false;
  std::uint64_t client_id = 0;
  std::string client_ip;
  std::string nonce;
  std::string cluster;
  std::string domain;
  std::vector<std::string> connect_urls;
  bool lame_duck_mode = false;
  bool connect_info = false;  // the INFO after the first PONG
  std::string remote_account;
  bool is_system_account = false;
  int api_level = 0;
};

// "INFO {...}\r\n", in the real server's order of fields.
std::string info_line(const Info& info);

}  // namespace firth::nats
