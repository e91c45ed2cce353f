package main

// Key-value buckets: kv URL BUCKET COMMAND...

import (
	"context"
	"fmt"
	"sort"

	"github.com/nats-io/nats.go/jetstream"
)

type bucket struct {
	js      jetstream.JetStream
	name    string
	watches watches[jetstream.KeyValueEntry]
}

func describeEntry(entry jetstream.KeyValueEntry) any {
	if entry == nil {
		return nil
	}
	operation := map[jetstream.KeyValueOp]string{jetstream.KeyValuePut: "put", jetstream.KeyValueDelete: "delete", jetstream.KeyValuePurge: "purge"}
	return []any{entry.Key(), string(entry.Value()), entry.Revision(), operation[entry.Operation()]}
}

func showEntry(entry jetstream.KeyValueEntry, err error) error {
	if err == nil {
		show(map[string]any{"entry": describeEntry(entry)})
	}
	return err
}

func showRevision(revision uint64, err error) error {
	if err == nil {
		show(map[string]any{"revision": revision})
	}
	return err
}

func showKeys(keys []string, err error) error {
	if err == nil {
		sort.Strings(keys)
		show(map[string]any{"keys": keys})
	}
	return err
}

func showStatus(status jetstream.KeyValueStatus, err error) error {
	if err == nil {
		show(map[string]any{"bucket": status.Bucket(), "values": status.Values(), "history": status.History(), "ttl_s": status.TTL().Seconds(),
			"backing": status.BackingStore(), "bytes": status.Bytes(), "compressed": status.IsCompressed(), "description": status.Config().Description})
	}
	return err
}

func watchOptions(names []string) []jetstream.WatchOpt {
	options := []jetstream.WatchOpt{}
	for _, name := range names {
		switch name {
		case "history":
			options = append(options, jetstream.IncludeHistory())
		case "updates":
			options = append(options, jetstream.UpdatesOnly())
		case "no-deletes":
			options = append(options, jetstream.IgnoreDeletes())
		case "meta":
			options = append(options, jetstream.MetaOnly())
		default:
			options = append(options, jetstream.ResumeFromRevision(uint64(number(name))))
		}
	}
	return options
}

func deleteOptions(w words) []jetstream.KVDeleteOpt {
	if w.at(2) == "" {
		return nil
	}
	return []jetstream.KVDeleteOpt{jetstream.LastRevision(w.number(2))}
}

func (b bucket) config(w words) jetstream.KeyValueConfig {
	config := jetstream.KeyValueConfig{Bucket: b.name, History: uint8(w.number(1)), Description: w.at(2), Compression: w.at(3) == "s2"}
	if w.at(4) != "" {
		config.TTL = age(w.at(4))
	}
	return config
}

// Commands that need no bucket: [make, HISTORY, DESCRIPTION, s2, TTL] [change, as make] [drop] [names]
func (b bucket) administer(ctx context.Context, w words) (bool, error) {
	switch w[0] {
	case "make":
		_, err := b.js.CreateKeyValue(ctx, b.config(w))
		return true, err
	case "change":
		_, err := b.js.UpdateKeyValue(ctx, b.config(w))
		return true, err
	case "drop":
		return true, b.js.DeleteKeyValue(ctx, b.name)
	case "names":
		names := b.js.KeyValueStoreNames(ctx)
		all := []string{}
		for name := range names.Name() {
			all = append(all, name)
		}
		return true, showKeys(all, names.Error())
	}
	return false, nil
}

// [put, K, V] [create, K, V] [update, K, V, REVISION] [get, K] [get, K, REVISION] [delete, K] [delete, K, REVISION] [purge, the same]
// [history, K] [keys] [keys, FILTER...] [status] [purge-deletes] [watch, NAME, KEYS, OPTION...] [next, NAME, COUNT]
func (b bucket) run(ctx context.Context, w words) error {
	if done, err := b.administer(ctx, w); done {
		return err
	}
	store, err := b.js.KeyValue(ctx, b.name)
	if err != nil {
		return err
	}
	switch w[0] {
	case "put":
		return showRevision(store.PutString(ctx, w[1], w[2]))
	case "create":
		return showRevision(store.Create(ctx, w[1], []byte(w[2])))
	case "update":
		return showRevision(store.Update(ctx, w[1], []byte(w[2]), w.number(3)))
	case "get":
		if w.at(2) != "" {
			return showEntry(store.GetRevision(ctx, w[1], w.number(2)))
		}
		return showEntry(store.Get(ctx, w[1]))
	case "delete":
		return store.Delete(ctx, w[1], deleteOptions(w)...)
	case "purge":
		return store.Purge(ctx, w[1], deleteOptions(w)...)
	case "history":
		entries, err := store.History(ctx, w[1])
		for _, entry := range entries {
			check(showEntry(entry, nil))
		}
		return err
	case "keys":
		if len(w) == 1 {
			return showKeys(store.Keys(ctx))
		}
		lister, err := store.ListKeysFiltered(ctx, w[1:]...)
		if err != nil {
			return err
		}
		keys := []string{}
		for key := range lister.Keys() {
			keys = append(keys, key)
		}
		return showKeys(keys, nil)
	case "status":
		return showStatus(store.Status(ctx))
	case "purge-deletes":
		return store.PurgeDeletes(ctx, jetstream.DeleteMarkersOlderThan(-1))
	case "watch":
		watcher, err := store.Watch(ctx, w[2], watchOptions(w[3:])...)
		if err == nil {
			b.watches[w[1]] = watcher.Updates()
		}
		return err
	case "next":
		return b.watches.next(ctx, w[1], w.number(2), describeEntry)
	}
	return fmt.Errorf("no command is called %s", w[0])
}
