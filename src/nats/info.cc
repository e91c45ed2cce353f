#include "nats/info.h"

#include <boost/json.hpp>
#include <string_view>

namespace firth::nats {

namespace {

namespace json = boost::json;

constexpr int kProtocolVersion = 1;

class Writer {
 public:
  template <class T>
  void always(std::string_view name, const T& value) {
    object_[name] = json::value(value);
  }
  template <class T>
  void unless_empty(std::string_view name, const T& value) {
    if (value != T()) always(name, value);
  }
  void unless_empty(std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) object_[name] = json::array(values.begin(), values.end());
  }
  std::string text() const { return json::serialize(object_); }

 private:
  json::object object_;
};

}  // namespace

std::string info_line(const Info& info) {
  Writer out;
  out.always("server_id", info.server_id);
  out.always("server_name", info.server_name);
  out.always("version", info.version);
  out.always("proto", kProtocolVersion);
  out.always("go", info.go);
  out.always("host", info.host);
  out.always("port", info.port);
  out.always("headers", info.headers);
  out.unless_empty("auth_required", info.auth_required);
  out.unless_empty("tls_required", info.tls_required);
  out.unless_empty("tls_verify", info.tls_verify);
  out.unless_empty("tls_available", info.tls_available);
  out.always("max_payload", info.max_payload);
  out.unless_empty("jetstream", info.jetstream);
  out.unless_empty("client_id", info.client_id);
  out.unless_empty("client_ip", info.client_ip);
  out.unless_empty("nonce", info.nonce);
  out.unless_empty("cluster", info.cluster);
  out.unless_empty("domain", info.domain);
  out.unless_empty("connect_urls", info.connect_urls);
  out.unless_empty("ldm", info.lame_duck_mode);
  out.unless_empty("connect_info", info.connect_info);
  out.unless_empty("remote_account", info.remote_account);
  out.unless_empty("acc_is_sys", info.is_system_account);
  out.unless_empty("api_lvl", info.api_level);
  return "INFO " + out.text() + "\r\n";
}

}  // namespace firth::nats
