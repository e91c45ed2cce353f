// nats.go as a program that prints JSON lines.
//
//	publish URL SUBJECT COUNT   asynchronous JetStream publishes value-I; prints {"stream": S, "seq": N}
//	read URL STREAM             everything in the stream by an ordered consumer: {"seq", "subject", "value"}
//	consume URL STREAM DURABLE COUNT   by a durable pull consumer, each acknowledged and the acknowledgement confirmed
//	batch URL STREAM COUNT SEQUENCE SUBJECT   so many from there on; SUBJECT may be "": {"seq", "subject", "value"}
//	last URL STREAM SEQUENCE SUBJECT...       the last of each subject, up to that message unless it is 0
//	kv URL BUCKET COMMAND...    see buckets.go
//	objects URL BUCKET COMMAND...   see objects.go
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const deadline = 60 * time.Second

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	check(err)
	return value
}

func show(value map[string]any) {
	out, err := json.Marshal(value)
	check(err)
	fmt.Println(string(out))
}

func publish(ctx context.Context, js jetstream.JetStream, subject string, count int) {
	acks := []jetstream.PubAckFuture{}
	for i := range count {
		ack, err := js.PublishAsync(subject, fmt.Appendf(nil, "value-%d", i))
		check(err)
		acks = append(acks, ack)
	}
	for _, ack := range acks {
		select {
		case done := <-ack.Ok():
			show(map[string]any{"stream": done.Stream, "seq": done.Sequence})
		case err := <-ack.Err():
			check(err)
		case <-ctx.Done():
			check(ctx.Err())
		}
	}
}

func showMessage(message jetstream.Msg) uint64 {
	meta, err := message.Metadata()
	check(err)
	show(map[string]any{"seq": meta.Sequence.Stream, "subject": message.Subject(), "value": string(message.Data())})
	return meta.NumPending
}

func read(ctx context.Context, js jetstream.JetStream, stream string) {
	consumer, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{})
	check(err)
	for pending := consumer.CachedInfo().NumPending; pending > 0; {
		message, err := consumer.Next(jetstream.FetchMaxWait(deadline))
		check(err)
		pending = showMessage(message)
	}
}

func consume(ctx context.Context, js jetstream.JetStream, stream, durable string, count int) {
	consumer, err := js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{Durable: durable, AckPolicy: jetstream.AckExplicitPolicy})
	check(err)
	for range count {
		message, err := consumer.Next(jetstream.FetchMaxWait(deadline))
		check(err)
		showMessage(message)
		check(message.DoubleAck(ctx))
	}
}

func connect(url string) (*nats.Conn, jetstream.JetStream) {
	connection, err := nats.Connect(url)
	check(err)
	js, err := jetstream.New(connection)
	check(err)
	return connection, js
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	a := os.Args
	connection, js := connect(a[2])
	defer connection.Close()
	switch a[1] {
	case "publish":
		publish(ctx, js, a[3], number(a[4]))
	case "read":
		read(ctx, js, a[3])
	case "consume":
		consume(ctx, js, a[3], a[4], number(a[5]))
	case "batch":
		getBatch(ctx, js, a[3], number(a[4]), number(a[5]), a[6])
	case "last":
		getLast(ctx, js, a[3], number(a[4]), a[5:])
	case "kv":
		second, other := connect(a[2])
		defer second.Close()
		open := watches[jetstream.KeyValueEntry]{}
		runCommands([]bucket{{js, a[3], open}, {other, a[3], open}}, a[4:], func(b bucket, w words) error { return b.run(ctx, w) })
	case "objects":
		second, other := connect(a[2])
		defer second.Close()
		open := watches[*jetstream.ObjectInfo]{}
		runCommands([]objectBucket{{js, a[3], open}, {other, a[3], open}}, a[4:], func(b objectBucket, w words) error { return b.run(ctx, w) })
	}
}
