package main

// Object stores: objects URL BUCKET COMMAND...

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

type objectBucket struct {
	js      jetstream.JetStream
	name    string
	watches watches[*jetstream.ObjectInfo]
}

func describeObject(info *jetstream.ObjectInfo) any {
	if info == nil {
		return nil
	}
	shown := map[string]any{"name": info.Name, "size": info.Size, "chunks": info.Chunks, "digest": info.Digest, "deleted": info.Deleted,
		"description": info.Description}
	if info.Opts != nil && info.Opts.Link != nil {
		shown["link"] = []string{info.Opts.Link.Bucket, info.Opts.Link.Name}
	}
	return shown
}

func showObject(info *jetstream.ObjectInfo, err error) error {
	if err == nil {
		show(map[string]any{"object": describeObject(info)})
	}
	return err
}

// The bytes of an object that is put: no two chunks are alike.
func content(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i * 7 % 251)
	}
	return data
}

// Commands that need no bucket: [make, DESCRIPTION] [drop]
func (b objectBucket) administer(ctx context.Context, w words) (bool, error) {
	switch w[0] {
	case "make":
		_, err := b.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: b.name, Description: w.at(1)})
		return true, err
	case "drop":
		return true, b.js.DeleteObjectStore(ctx, b.name)
	}
	return false, nil
}

// [put, NAME, SIZE, CHUNK_SIZE] [get, NAME] [info, NAME] [info, NAME, deleted] [rename, NAME, NEW, DESCRIPTION] [delete, NAME]
// [list] [list, deleted] [link, NAME, TO] [link-bucket, NAME, BUCKET] [seal] [status] [watch, NAME, OPTION...] [next, NAME, COUNT]
func (b objectBucket) run(ctx context.Context, w words) error {
	if done, err := b.administer(ctx, w); done {
		return err
	}
	store, err := b.js.ObjectStore(ctx, b.name)
	if err != nil {
		return err
	}
	switch w[0] {
	case "put":
		meta := jetstream.ObjectMeta{Name: w[1]}
		if w.at(3) != "" {
			meta.Opts = &jetstream.ObjectMetaOptions{ChunkSize: uint32(w.number(3))}
		}
		return showObject(store.Put(ctx, meta, bytes.NewReader(content(number(w[2])))))
	case "get":
		data, err := store.GetBytes(ctx, w[1])
		if err == nil {
			sum := sha256.Sum256(data)
			show(map[string]any{"size": len(data), "sha256": hex.EncodeToString(sum[:])})
		}
		return err
	case "info":
		options := []jetstream.GetObjectInfoOpt{}
		if w.at(2) == "deleted" {
			options = append(options, jetstream.GetObjectInfoShowDeleted())
		}
		return showObject(store.GetInfo(ctx, w[1], options...))
	case "rename":
		return store.UpdateMeta(ctx, w[1], jetstream.ObjectMeta{Name: w[2], Description: w[3]})
	case "delete":
		return store.Delete(ctx, w[1])
	case "list":
		options := []jetstream.ListObjectsOpt{}
		if w.at(1) == "deleted" {
			options = append(options, jetstream.ListObjectsShowDeleted())
		}
		objects, err := store.List(ctx, options...)
		for _, object := range objects {
			check(showObject(object, nil))
		}
		return err
	case "link":
		info, err := store.GetInfo(ctx, w[2])
		if err != nil {
			return err
		}
		return showObject(store.AddLink(ctx, w[1], info))
	case "link-bucket":
		other, err := b.js.ObjectStore(ctx, w[2])
		if err != nil {
			return err
		}
		return showObject(store.AddBucketLink(ctx, w[1], other))
	case "seal":
		return store.Seal(ctx)
	case "status":
		status, err := store.Status(ctx)
		if err == nil {
			show(map[string]any{"bucket": status.Bucket(), "description": status.Description(), "sealed": status.Sealed(), "size": status.Size(),
				"backing": status.BackingStore()})
		}
		return err
	case "watch":
		watcher, err := store.Watch(ctx, watchOptions(w[2:])...)
		if err == nil {
			b.watches[w[1]] = watcher.Updates()
		}
		return err
	case "next":
		return b.watches.next(ctx, w[1], w.number(2), describeObject)
	}
	return fmt.Errorf("no command is called %s", w[0])
}
