// INFO and STREAM.*: what the API does with streams. Each handler runs on the requester's shard and asks the stream's home.
#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "broker/consumer_state.h"
#include "jetstream/api.h"
#include "jetstream/api_errors.h"
#include "jetstream/api_level.h"
#include "jetstream/json_fields.h"
#include "jetstream/message_query.h"
#include "jetstream/stream_json.h"
#include "jetstream/stream_rules.h"
#include "subject/match.h"

namespace firth::jetstream {
namespace {

namespace json = boost::json;
using broker::kDefaultAccount;
using broker::StreamPlace;
using runtime::Task;

constexpr std::string_view kDidCreate = R"(,"did_create":true)";
constexpr std::size_t kNamesPage = 1024, kListPage = 256;

// Requests whose body may be left out.
struct InfoRequest {
  StreamDetails details;
};
struct ListRequest {
  std::string subject;
  std::uint64_t offset = 0;
};
struct PurgeRequest {
  broker::Purge purge;
  std::uint64_t below = 0;
};
// And of one message.
struct EraseRequest {
  std::uint64_t sequence = 0;
  bool no_erase = false;  // it is hidden, not overwritten, either way
};

using V = json::value;
constexpr JsonField<InfoRequest> kInfoFields[] = {
    {"subjects_filter", [](const V& v, InfoRequest& r) { return read(v, r.details.subjects_filter); }},
    {"deleted_details", [](const V& v, InfoRequest& r) { return read(v, r.details.deleted); }},
    {"offset", [](const V& v, InfoRequest& r) { return read(v, r.details.subjects_offset); }},
};
constexpr JsonField<ListRequest> kListFields[] = {
    {"subject", [](const V& v, ListRequest& r) { return read(v, r.subject); }},
    {"offset", [](const V& v, ListRequest& r) { return read(v, r.offset); }},
};
constexpr JsonField<PurgeRequest> kPurgeFields[] = {
    {"filter", [](const V& v, PurgeRequest& r) { return read(v, r.purge.filter); }},
    {"seq", [](const V& v, PurgeRequest& r) { return read(v, r.below); }},
    {"keep", [](const V& v, PurgeRequest& r) { return read(v, r.purge.keep); }},
};
constexpr JsonField<EraseRequest> kEraseFields[] = {
    {"seq", [](const V& v, EraseRequest& r) { return read(v, r.sequence); }},
    {"no_erase", [](const V& v, EraseRequest& r) { return read(v, r.no_erase); }},
};

// A request of one message must say something.
template <class Request>
std::expected<Request, ApiError> read_required(std::string_view body, std::type_identity_t<std::span<const JsonField<Request>>> fields) {
  const auto members = parse_object(body);
  if (!members.has_value()) return std::unexpected(members.error());
  if (members->empty()) return std::unexpected(ApiError{ApiErrorName::kBadRequest});
  Request request;
  if (const auto read = read_members(*members, fields, request); !read.has_value()) return std::unexpected(read.error());
  return request;
}

using StreamWork = std::string (*)(broker::Stream& stream, const ApiRequest& request);

Task<std::string> work_at_home(broker::Streams& streams, StreamPlace place, StreamWork work, ApiRequest request) {
  broker::Stream* stream = streams.open(*place.topic, place.index);
  if (stream == nullptr) co_return error_response(request.type, {ApiErrorName::kStreamNotFound});
  std::string answer = work(*stream, request);
  if (const Result<void> written = co_await broker::released(*stream); !written.ok())
    co_return error_response(request.type, {ApiErrorName::kStoreFailed, written.error().text});
  co_return answer;
}

// Finds the stream that the first token names and works on it at its home; the answer waits for what was decided.
Task<std::string> on_stream(Api& api, StreamWork work, ApiRequest request) {
  const auto place = find_stream(api.broker().catalog(), kDefaultAccount, request.tokens.front());
  if (!place.has_value()) co_return error_response(request.type, {ApiErrorName::kStreamNotFound});
  broker::Streams& home = *api.home(*place).streams;
  co_return co_await broker::on_shard<std::string>(api.broker().shard(), home.broker().shard(),
                                                   [&home, place = *place, work, request = std::move(request)]() mutable {
                                                     return work_at_home(home, place, work, std::move(request));
                                                   });
}

std::int64_t now_of(broker::Stream& stream) { return stream.loop().wall_now().time_since_epoch().count(); }

std::string info_of(broker::Stream& stream, const ApiRequest& request) {
  const auto asked = read_optional<InfoRequest>(request.body, kInfoFields);
  if (!asked.has_value()) return error_response(request.type, asked.error());
  return api_response(request.type, stream_members(stream, asked->details, now_of(stream)));
}

std::string purge_of(broker::Stream& stream, const ApiRequest& request) {
  auto asked = read_optional<PurgeRequest>(request.body, kPurgeFields);
  if (!asked.has_value()) return error_response(request.type, asked.error());
  if (asked->below > 0 && asked->purge.keep > 0) return error_response(request.type, {ApiErrorName::kBadRequest});
  if (asked->below > 0) asked->purge.below = Sequence(asked->below);
  if (stream.config().sealed) return error_response(request.type, {ApiErrorName::kSealed});
  if (stream.config().deny_purge) return error_response(request.type, {ApiErrorName::kPurgeFailed, "stream purge not permitted"});
  return api_response(request.type, fmt::format(R"("success":true,"purged":{})", stream.purge(asked->purge)));
}

std::string get_of(broker::Stream& stream, const ApiRequest& request) {
  const auto asked = read_required<MessageQuery>(request.body, message_query_fields());
  if (!asked.has_value()) return error_response(request.type, asked.error());
  const bool is_batch = asked->batch > 0 || asked->max_bytes > 0;
  if (asked->is_empty() || asked->is_contradictory() || is_batch) return error_response(request.type, {ApiErrorName::kBadRequest});
  auto found = asked->find(stream);
  if (!found.ok()) return error_response(request.type, {ApiErrorName::kStoreFailed, found.error().text});
  if (!found->has_value()) return error_response(request.type, {ApiErrorName::kNoMessage});
  if (asked->no_headers) (*found)->headers.clear();
  return api_response(request.type, fmt::format(R"("message":{})", message_json(**found)));
}

std::string erase_of(broker::Stream& stream, const ApiRequest& request) {
  const auto asked = read_required<EraseRequest>(request.body, kEraseFields);
  if (!asked.has_value()) return error_response(request.type, asked.error());
  if (stream.config().sealed) return error_response(request.type, {ApiErrorName::kSealed});
  if (stream.config().deny_delete) return error_response(request.type, {ApiErrorName::kDeleteFailed, "message delete not permitted"});
  if (stream.erase(Sequence(asked->sequence))) return api_response(request.type, R"("success":true)");
  const bool was_there = Sequence(asked->sequence) <= stream.counts().last;
  return error_response(request.type, {ApiErrorName::kDeleteFailed, was_there ? "no message found" : "stream store EOF"});
}

Task<std::string> stream_info(Api& api, ApiRequest request) { return on_stream(api, info_of, std::move(request)); }
Task<std::string> stream_purge(Api& api, ApiRequest request) { return on_stream(api, purge_of, std::move(request)); }
Task<std::string> message_get(Api& api, ApiRequest request) { return on_stream(api, get_of, std::move(request)); }
Task<std::string> message_delete(Api& api, ApiRequest request) { return on_stream(api, erase_of, std::move(request)); }

// Once every shard routes to the stream.
Task<std::string> describe_at_home(broker::Streams& streams, broker::Router& router, StreamPlace place, std::string type,
                                   std::string_view more) {
  (void)streams.open(*place.topic, place.index);
  co_await router.settle();
  broker::Stream* stream = streams.find(place.topic->partition(place.index));
  if (stream != nullptr) {  // what a lower limit takes away is gone
    (void)(co_await broker::released(*stream)).ok();
    stream = streams.find(place.topic->partition(place.index));
  }
  if (stream == nullptr) co_return error_response(type, {ApiErrorName::kStreamNotFound});
  co_return api_response(type, fmt::format("{}{}", stream_members(*stream, {}, now_of(*stream)), more));
}

// By way of shard 0, whose news of the topic reach its home before.
Task<std::string> describe(Api& api, StreamPlace place, std::string type, std::string_view more) {
  broker::Streams& home = *api.home(place).streams;
  broker::Router& router = *api.home(place).router;
  runtime::Shard& first = api.shards().front().streams->broker().shard();
  co_return co_await broker::on_shard<std::string>(api.broker().shard(), first, [&home, &router, &first, place, type, more] {
    return broker::on_shard<std::string>(first, home.broker().shard(),
                                         [&home, &router, place, type, more] { return describe_at_home(home, router, place, type, more); });
  });
}

// Why the catalog did not take a stream.
ApiError error_of_catalog(const Error& error) {
  switch (error.code) {
    case Errc::kConflict:
      return {ApiErrorName::kSubjectOverlap};
    case Errc::kNotFound:
      return {ApiErrorName::kStreamNotFound};
    default:
      return {ApiErrorName::kStoreFailed, error.text};
  }
}

Task<std::string> stream_create(Api& api, ApiRequest request) {
  const std::string& name = request.tokens.front();
  broker::TopicConfig defaults = broker::stream_defaults();
  defaults.durability = api.default_durability();
  auto parsed = parse_stream_request(request.body, std::move(defaults));
  if (!parsed.has_value()) co_return error_response(request.type, parsed.error());
  if (parsed->name != name) co_return error_response(request.type, {ApiErrorName::kStreamMismatch});
  if (name.find_first_of("/\\") != std::string::npos) co_return error_response(request.type, {ApiErrorName::kStreamNamePath});
  if (const ApiCheck error = check_new_stream(parsed->config)) co_return error_response(request.type, *error);
  if (const ApiCheck error = complete_stream(name, parsed->config)) co_return error_response(request.type, *error);
  auto there = find_stream(api.broker().catalog(), kDefaultAccount, name);
  if (!there.has_value()) {
    const auto made = co_await api.broker().broker().create_topic(
        api.broker(), {.account = std::string(kDefaultAccount), .name = name, .partition_count = 1, .config = parsed->config});
    if (made.ok()) co_return co_await describe(api, {.topic = *made, .index = PartitionIndex(0)}, request.type, kDidCreate);
    if (made.error().code != Errc::kExists) co_return error_response(request.type, error_of_catalog(made.error()));
    there = find_stream(api.broker().catalog(), kDefaultAccount, name);  // somebody else made it meanwhile
  }
  if (!there.has_value() || there->topic->config != parsed->config) co_return error_response(request.type, {ApiErrorName::kNameInUse});
  co_return co_await describe(api, *there, request.type, kDidCreate);  // as the real server says
}

// A topic of several partitions is as many streams; what is said of one of them is said of all, so it is said to the first (T, T@0).
ApiCheck check_first(const StreamPlace& place) {
  if (place.index == PartitionIndex(0)) return std::nullopt;
  return ApiError{ApiErrorName::kStreamConfig, fmt::format("stream is a partition of '{}' and is changed through it",
                                                           broker::stream_name(place.topic->name, PartitionIndex(0)))};
}

Task<std::string> stream_update(Api& api, ApiRequest request) {
  const std::string& name = request.tokens.front();
  const auto place = find_stream(api.broker().catalog(), kDefaultAccount, name);
  auto parsed = parse_stream_request(request.body, place.has_value() ? update_base(place->topic->config) : broker::stream_defaults());
  if (!parsed.has_value()) co_return error_response(request.type, parsed.error());
  if (parsed->name != name) co_return error_response(request.type, {ApiErrorName::kStreamMismatch});
  if (!place.has_value()) co_return error_response(request.type, {ApiErrorName::kStreamNotFound});
  broker::TopicConfig& config = parsed->config;
  ApiCheck error = check_first(*place);
  if (!error) error = complete_stream(name, config);
  if (!error) error = complete_update(place->topic->config, config);
  if (error) co_return error_response(request.type, *error);
  const auto changed = co_await api.broker().broker().update_topic(api.broker(), place->topic->id, config);
  if (!changed.ok()) co_return error_response(request.type, error_of_catalog(changed.error()));
  co_return co_await describe(api, {.topic = *changed, .index = place->index}, request.type, {});
}

Task<std::string> stream_delete(Api& api, ApiRequest request) {
  if (!request.body.empty()) co_return error_response(request.type, {ApiErrorName::kNotEmptyRequest});
  const auto place = find_stream(api.broker().catalog(), kDefaultAccount, request.tokens.front());
  if (!place.has_value()) co_return error_response(request.type, {ApiErrorName::kStreamNotFound});
  if (const ApiCheck error = check_first(*place)) co_return error_response(request.type, *error);
  const auto gone = co_await api.broker().broker().delete_topic(api.broker(), place->topic->id);
  if (!gone.ok()) co_return error_response(request.type, {ApiErrorName::kStreamDeleteFailed, gone.error().text});
  co_return api_response(request.type, R"("success":true)");
}

// What is listed, in order of names.
std::vector<StreamPlace> listed(const broker::CatalogView& catalog, std::string_view subject) {
  std::vector<StreamPlace> places;
  for (const auto& [key, topic] : catalog.by_name()) {
    const auto& subjects = topic->config.subjects;
    if (broker::is_internal(topic->name)) continue;
    if (!subject.empty() && std::none_of(subjects.begin(), subjects.end(), [&](const auto& s) { return subject::overlaps(s, subject); }))
      continue;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i)
      places.push_back({.topic = topic, .index = PartitionIndex(static_cast<std::int32_t>(i))});
  }
  return places;
}

Task<std::string> stream_names(Api& api, ApiRequest request) {
  const auto asked = read_optional<ListRequest>(request.body, kListFields);
  if (!asked.has_value()) co_return error_response(request.type, asked.error());
  const std::vector<StreamPlace> places = listed(api.broker().catalog(), asked->subject);
  const std::size_t offset = std::min<std::size_t>(asked->offset, places.size());
  json::array names;
  for (std::size_t i = offset; i < std::min(places.size(), offset + kNamesPage); ++i)
    names.emplace_back(broker::stream_name(places[i].topic->name, places[i].index));
  co_return api_response(request.type, fmt::format(R"("total":{},"offset":{},"limit":{},"streams":{})", places.size(), offset, kNamesPage,
                                                   names.empty() ? "null" : json::serialize(names)));
}

std::string entry_of(broker::Stream& stream, const ApiRequest&) {
  return fmt::format("{{{}}}", stream_members(stream, {}, now_of(stream)));
}

Task<std::string> stream_list(Api& api, ApiRequest request) {
  const auto asked = read_optional<ListRequest>(request.body, kListFields);
  if (!asked.has_value()) co_return error_response(request.type, asked.error());
  const std::vector<StreamPlace> places = listed(api.broker().catalog(), asked->subject);
  const std::size_t offset = std::min<std::size_t>(asked->offset, places.size());
  std::string entries;
  for (std::size_t i = offset; i < std::min(places.size(), offset + kListPage); ++i) {
    ApiRequest one{.type = {}, .tokens = {broker::stream_name(places[i].topic->name, places[i].index)}, .body = {}, .reply = {}};
    const std::string entry = co_await on_stream(api, entry_of, std::move(one));
    if (entry.starts_with(R"({"type")")) continue;  // it was deleted meanwhile
    entries += (entries.empty() ? "" : ",") + entry;
  }
  co_return api_response(request.type,
                         fmt::format(R"("total":{},"offset":{},"limit":{},"streams":[{}])", places.size(), offset, kListPage, entries));
}

struct Usage {
  std::uint64_t memory_bytes = 0, file_bytes = 0;
  std::uint64_t consumers = 0;
};
Task<Usage> usage_at(broker::Streams& streams, std::vector<StreamPlace> places) {
  Usage usage;
  for (const StreamPlace& place : places) {
    broker::Stream* stream = streams.find(place.topic->partition(place.index));
    if (stream == nullptr) continue;
    (stream->config().storage == broker::Storage::kMemory ? usage.memory_bytes : usage.file_bytes) += stream->counts().bytes;
    usage.consumers += broker::consumer_count(stream->partition());
  }
  co_return usage;
}

Task<std::string> account_info(Api& api, ApiRequest request) {
  const std::vector<StreamPlace> places = listed(api.broker().catalog(), {});
  Usage usage;
  for (const ApiShard& shard : api.shards()) {
    const auto there = co_await broker::on_shard<Usage>(api.broker().shard(), shard.streams->broker().shard(),
                                                        [streams = shard.streams, places] { return usage_at(*streams, places); });
    usage.memory_bytes += there.memory_bytes;
    usage.file_bytes += there.file_bytes;
    usage.consumers += there.consumers;
  }
  co_return api_response(
      request.type, fmt::format(R"("memory":{},"storage":{},"reserved_memory":0,"reserved_storage":0,"streams":{},"consumers":{},)"
                                R"("limits":{{"max_memory":-1,"max_storage":-1,"max_streams":-1,"max_consumers":-1,"max_ack_pending":-1,)"
                                R"("memory_max_stream_bytes":-1,"storage_max_stream_bytes":-1,"max_bytes_required":false}},)"
                                R"("api":{{"level":{},"total":0,"errors":0}})",
                                usage.memory_bytes, usage.file_bytes, places.size(), usage.consumers, kApiLevel));
}

constexpr ApiRoute kRoutes[] = {
    {"INFO", "account_info_response", account_info},
    {"STREAM.CREATE.*", "stream_create_response", stream_create},
    {"STREAM.UPDATE.*", "stream_update_response", stream_update},
    {"STREAM.INFO.*", "stream_info_response", stream_info},
    {"STREAM.NAMES", "stream_names_response", stream_names},
    {"STREAM.LIST", "stream_list_response", stream_list},
    {"STREAM.DELETE.*", "stream_delete_response", stream_delete},
    {"STREAM.PURGE.*", "stream_purge_response", stream_purge},
    {"STREAM.MSG.GET.*", "stream_msg_get_response", message_get},
    {"STREAM.MSG.DELETE.*", "stream_msg_delete_response", message_delete},
};

}  // namespace

std::span<const ApiRoute> stream_routes() { return kRoutes; }

}  // namespace firth::jetstream
