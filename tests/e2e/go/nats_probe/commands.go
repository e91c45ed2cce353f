package main

// Commands on the command line, each a JSON array of words: ["put","k","v"]. One prints {"error": text} if it fails, else what it shows.
// Each goes over the other of two connections than the one before, so that with two shards it runs on the other one.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

type words []string

// at is the word there, or nothing.
func (w words) at(index int) string {
	if index < len(w) {
		return w[index]
	}
	return ""
}

func (w words) number(index int) uint64 { return uint64(number(w[index])) }

// watches are the watchers that a command left open, by name.
type watches[Update any] map[string]<-chan Update

// next shows the next updates of a watcher; the one that says that all there was has come is null.
func (w watches[Update]) next(ctx context.Context, name string, count uint64, describe func(Update) any) error {
	for range count {
		select {
		case update := <-w[name]:
			show(map[string]any{"update": describe(update)})
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Which error it is, where a client may ask; the text else.
func nameOf(err error) string {
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil {
		return fmt.Sprint(api.APIError().ErrorCode)
	}
	var plain *jetstream.APIError
	if errors.As(err, &plain) {
		return fmt.Sprint(plain.ErrorCode)
	}
	return err.Error()
}

func runCommands[Store any](stores []Store, arguments []string, run func(Store, words) error) {
	for i, argument := range arguments {
		var command words
		check(json.Unmarshal([]byte(argument), &command))
		if err := run(stores[i%len(stores)], command); err != nil {
			show(map[string]any{"error": nameOf(err)})
		}
	}
}

func age(text string) time.Duration {
	value, err := time.ParseDuration(text)
	check(err)
	return value
}
