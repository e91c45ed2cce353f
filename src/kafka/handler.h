// How an API is served. A handler is a struct that names its request, its response and the versions that it serves; it knows no bytes:
//
//   struct DeleteTopics {
//     using Request = DeleteTopicsRequest;
//     using Response = DeleteTopicsResponse;
//     static constexpr Api kApi{.key = ApiKey::kDeleteTopics, .min = 1, .max = 6};
//     static runtime::Task<Response> handle(const Context& context, Request request);
//   };
//
// and has a row in registry.cc: ApiVersions reports the rows, so that what has no handler cannot be advertised.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/byte_chain.h"
#include "broker/broker.h"
#include "kafka/api_key.h"
#include "kafka/codec_error.h"
#include "kafka/face.h"
#include "kafka/frame.h"
#include "runtime/cancellation.h"
#include "runtime/task.h"

namespace firth::kafka {

// Who asks, and where; outlives the request. On the connection's shard.
struct Context {
  broker::ShardBroker& broker;
  Face& face;
  const std::string& account;
  const std::string& client_host;
  std::string client_id;  // of this request
  std::int16_t api_version = 0;
  runtime::Cancellation& cancellation;  // the connection has gone, or the server stops: what waits for others may end

  runtime::Shard& shard() const { return broker.shard(); }
  broker::TopicPointer topic(std::string_view name) const { return broker.catalog().find(account, name); }
  // Of this account only.
  broker::TopicPointer topic(const TopicId& id) const {
    broker::TopicPointer found = broker.catalog().find(id);
    return found != nullptr && found->account == account ? found : nullptr;
  }
};

struct Api {
  ApiKey key;
  std::int16_t min, max;
};

// What becomes of a request: a frame, nothing (Produce with acks 0), or the end of the connection.
struct Reply {
  enum class Kind : std::uint8_t { kFrame, kSilence, kClose } kind = Kind::kFrame;
  ByteChain frame;
  std::string why;  // of kClose
};

enum class InFlight : std::uint8_t {
  kAlone,
  kTogether
};  // whether requests of one connection run at the same time; answers keep their order

struct HandlerRow {
  Api api;
  InFlight in_flight;
  // The message at `in`. Everything outlives the task.
  runtime::Task<Reply> (*serve)(const Context& context, const RequestHeader& header, Reader in);
};

std::span<const HandlerRow> handlers();            // registry.cc; by key
const HandlerRow* find_handler(std::int16_t key);  // nullptr: not served

template <class Response>
Reply encode_reply(const RequestHeader& header, const Response& response) {
  Writer out;
  begin_response(out, header);
  if (const CodecError error = response.encode(out, header.api_version); error != CodecError::kNone)
    return {.kind = Reply::Kind::kClose, .frame = {}, .why = "the response has no form in this version: " + std::string(to_string(error))};
  return {.kind = Reply::Kind::kFrame, .frame = finish_frame(std::move(out)), .why = {}};
}

template <class Handler>
runtime::Task<Reply> serve(const Context& context, const RequestHeader& header, Reader in) {
  typename Handler::Request request;
  if (const CodecError error = request.decode(in, header.api_version); error != CodecError::kNone)
    co_return Reply{.kind = Reply::Kind::kClose, .frame = {}, .why = std::string(to_string(error))};
  if constexpr (requires { Handler::is_silent(request); }) {
    if (Handler::is_silent(request)) {
      const typename Handler::Response response = co_await Handler::handle(context, std::move(request));
      const bool failed = Handler::has_failed(response);
      co_return Reply{.kind = failed ? Reply::Kind::kClose : Reply::Kind::kSilence, .frame = {}, .why = "a request without answer failed"};
    }
  }
  co_return encode_reply(header, co_await Handler::handle(context, std::move(request)));
}

template <class Handler>
constexpr HandlerRow handler_row(InFlight in_flight = InFlight::kAlone) {
  return {.api = Handler::kApi, .in_flight = in_flight, .serve = &serve<Handler>};
}

}  // namespace firth::kafka
