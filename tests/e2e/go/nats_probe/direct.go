package main

// Several messages by one direct get, as orbit.go asks for them.

import (
	"context"
	"iter"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

func showAll(messages iter.Seq2[*jetstream.RawStreamMsg, error], err error) {
	check(err)
	for message, err := range messages {
		if err != nil {
			show(map[string]any{"error": err.Error()})
			return
		}
		show(map[string]any{"seq": message.Sequence, "subject": message.Subject, "value": string(message.Data)})
	}
}

func getBatch(ctx context.Context, js jetstream.JetStream, stream string, count, first int, subject string) {
	showAll(jetstreamext.GetBatch(ctx, js, stream, count, jetstreamext.GetBatchSeq(uint64(first)), jetstreamext.GetBatchSubject(subject)))
}

func getLast(ctx context.Context, js jetstream.JetStream, stream string, upTo int, subjects []string) {
	options := []jetstreamext.GetLastForOpt{}
	if upTo > 0 {
		options = append(options, jetstreamext.GetLastMsgsUpToSeq(uint64(upTo)))
	}
	showAll(jetstreamext.GetLastMsgsFor(ctx, js, stream, subjects, options...))
}
