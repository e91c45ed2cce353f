// The codecs of the Kafka face: a Produce request and a Fetch response with 1 and with 100 partitions of 1 KiB each, and what a batch of
// 1,000 records of 100 bytes costs to check, to walk, to build and to decompress.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kafka/generated/fetch.h"
#include "kafka/generated/produce.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "log/batch_builder.h"
#include "log/batch_rules.h"
#include "log/compression.h"

namespace firth {
namespace {

constexpr std::int16_t kProduceVersion = 13;
constexpr std::int16_t kFetchVersion = 18;
constexpr int kRecords = 1000;

SharedBytes kilobyte() { return SharedBytes::copy(as_bytes(std::string(1024, 'r'))); }

kafka::ProduceRequest produce_request(std::int64_t partitions) {
  kafka::ProduceRequest request;
  request.acks = -1;
  auto& topic = request.topics.emplace_back();
  for (std::int64_t i = 0; i < partitions; ++i) {
    auto& partition = topic.partitions.emplace_back();
    partition.partition_index = static_cast<std::int32_t>(i);
    partition.records = kilobyte();
  }
  return request;
}

void decode_produce(benchmark::State& state) {
  kafka::Writer out;
  if (produce_request(state.range(0)).encode(out, kProduceVersion) != kafka::CodecError::kNone) state.SkipWithError("encode");
  const SharedBytes frame = std::move(out).finish().flatten();
  for (auto _ : state) {
    kafka::Reader in(frame);
    kafka::ProduceRequest request;
    if (request.decode(in, kProduceVersion) != kafka::CodecError::kNone) state.SkipWithError("decode");
    benchmark::DoNotOptimize(request);
  }
}
BENCHMARK(decode_produce)->Arg(1)->Arg(100);

void encode_fetch(benchmark::State& state) {
  kafka::FetchResponse response;
  auto& topic = response.topics.emplace_back();
  for (std::int64_t i = 0; i < state.range(0); ++i) topic.partitions.emplace_back().records.emplace(kilobyte());
  for (auto _ : state) {
    kafka::Writer out;
    if (response.encode(out, kFetchVersion) != kafka::CodecError::kNone) state.SkipWithError("encode");
    benchmark::DoNotOptimize(std::move(out).finish());
  }
}
BENCHMARK(encode_fetch)->Arg(1)->Arg(100);

void decode_fetch_request(benchmark::State& state) {
  kafka::FetchRequest asked;
  asked.topics.emplace_back().partitions.resize(static_cast<std::size_t>(state.range(0)));
  kafka::Writer out;
  if (asked.encode(out, kFetchVersion) != kafka::CodecError::kNone) state.SkipWithError("encode");
  const SharedBytes frame = std::move(out).finish().flatten();
  for (auto _ : state) {
    kafka::Reader in(frame);
    kafka::FetchRequest request;
    if (request.decode(in, kFetchVersion) != kafka::CodecError::kNone) state.SkipWithError("decode");
    benchmark::DoNotOptimize(request);
  }
}
BENCHMARK(decode_fetch_request)->Arg(1)->Arg(100);

void build(std::vector<std::byte>& out) {
  const std::string value(100, 'v');
  log::BatchBuilder builder(out, {.base_timestamp_ms = 1'700'000'000'000});
  for (int i = 0; i < kRecords; ++i)
    builder.append({.timestamp_ms = 1'700'000'000'000 + i, .key = as_bytes("orders.eu"), .value = as_bytes(value)});
  builder.finish();
}

void build_batch(benchmark::State& state) {
  std::vector<std::byte> out;
  for (auto _ : state) {
    out.clear();
    build(out);
  }
  state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(build_batch);

void check_header_of_batch(benchmark::State& state) {
  std::vector<std::byte> batch;
  build(batch);
  for (auto _ : state) benchmark::DoNotOptimize(log::check_produced_batch(batch));
  state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(check_header_of_batch);

void check_records_of_batch(benchmark::State& state) {
  std::vector<std::byte> batch;
  build(batch);
  const log::BatchView view{ByteView(batch)};
  for (auto _ : state) benchmark::DoNotOptimize(log::check_records(view, view.records(), {}));
  state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(check_records_of_batch);

void decompress_batch(benchmark::State& state) {
  std::vector<std::byte> batch, small, out;
  build(batch);
  const auto codec = static_cast<log::Codec>(state.range(0));
  log::compress(codec, batch, small);
  log::Decompressor decompressor;
  for (auto _ : state)
    if (!decompressor.decompress(codec, small, 1 << 20, out).ok()) state.SkipWithError("decompress");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
BENCHMARK(decompress_batch)->DenseRange(1, 4);

}  // namespace
}  // namespace firth
