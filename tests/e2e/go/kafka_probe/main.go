// franz-go as a program: the same commands and the same JSON lines as java/src/main/java/firth/Probe.java.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const deadline = 60 * time.Second

type line struct {
	Partition int32       `json:"partition"`
	Offset    int64       `json:"offset"`
	Key       *string     `json:"key"`
	Value     *string     `json:"value"`
	Timestamp int64       `json:"timestamp"`
	Headers   [][]*string `json:"headers"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	check(err)
	return value
}

func text(bytes []byte) *string {
	if bytes == nil {
		return nil
	}
	value := string(bytes)
	return &value
}

func show(value any) {
	out, err := json.Marshal(value)
	check(err)
	fmt.Println(string(out))
}

func showRecord(record *kgo.Record) {
	headers := [][]*string{}
	for _, header := range record.Headers {
		headers = append(headers, []*string{&header.Key, text(header.Value)})
	}
	show(line{record.Partition, record.Offset, text(record.Key), text(record.Value), record.Timestamp.UnixMilli(), headers})
}

func client(bootstrap string, more ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append(more, kgo.SeedBrokers(bootstrap))...)
	check(err)
	return made
}

// Control records are kept so that the position is known where the log ends with one.
func read(ctx context.Context, bootstrap, topic string, partition int32, isolation string, offset int64) {
	level := kgo.ReadUncommitted()
	if isolation == "read_committed" {
		level = kgo.ReadCommitted()
	}
	from := map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(offset)}}
	reader := client(bootstrap, kgo.ConsumePartitions(from), kgo.FetchIsolationLevel(level), kgo.KeepControlRecords())
	defer reader.Close()
	list := kadm.NewClient(reader).ListEndOffsets
	if isolation == "read_committed" {
		list = kadm.NewClient(reader).ListCommittedOffsets
	}
	ends, err := list(ctx, topic)
	check(err)
	end, _ := ends.Lookup(topic, partition)
	check(end.Err)
	position := offset
	for position < end.Offset {
		fetches := reader.PollFetches(ctx)
		check(ctx.Err())
		check(fetches.Err())
		fetches.EachRecord(func(record *kgo.Record) {
			position = record.Offset + 1
			if !record.Attrs.IsControl() {
				showRecord(record)
			}
		})
	}
	show(map[string]int64{"position": position})
}

func produce(ctx context.Context, bootstrap, topic string, count int64, codec string) {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	producer := client(bootstrap, kgo.ProducerBatchCompression(codecs[codec]), kgo.ProducerLinger(5*time.Millisecond), kgo.AllowAutoTopicCreation())
	defer producer.Close()
	records := []*kgo.Record{}
	for i := range count {
		records = append(records, &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "key-%d", i), Value: fmt.Appendf(nil, "value-%d", i)})
	}
	check(producer.ProduceSync(ctx, records...).FirstErr())
	for _, record := range records {
		show(map[string]int64{"partition": int64(record.Partition), "offset": record.Offset})
	}
}

func group(ctx context.Context, bootstrap, topic, name string, count int64) {
	member := client(bootstrap, kgo.ConsumerGroup(name), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer member.Close()
	for got := int64(0); got < count; {
		fetches := member.PollFetches(ctx)
		check(ctx.Err())
		check(fetches.Err())
		fetches.EachRecord(showRecord)
		got += int64(fetches.NumRecords())
	}
	check(member.CommitUncommittedOffsets(ctx))
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	a := os.Args
	switch a[1] {
	case "read":
		read(ctx, a[2], a[3], int32(number(a[4])), a[5], number(a[6]))
	case "produce":
		produce(ctx, a[2], a[3], number(a[4]), a[5])
	case "group":
		group(ctx, a[2], a[3], a[4], number(a[5]))
	}
}
