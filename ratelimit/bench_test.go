package ratelimit

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// BenchmarkCall is the whole life of a token, on the first server of TEST_REDIS_URL.
// The outbox is flushed at every call; Run would deliver in larger batches.
func BenchmarkCall(b *testing.B) {
	first, _, _ := strings.Cut(os.Getenv("TEST_REDIS_URL"), ",")
	options, err := redis.ParseURL(first)
	if err != nil {
		b.Skip("needs TEST_REDIS_URL")
	}
	for name, text := range map[string]string{
		"1 window":  "P=1000000/1h",
		"3 windows": "P=1000000/1h; app=1000000/1m,1000000/24h",
		"unlimited": "",
	} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			limits, err := ParseLimits(text)
			if err != nil {
				b.Fatal(err)
			}
			client := redis.NewClient(options)
			defer func() { _ = client.Close() }()
			l, err := New(Config{Redis: client, App: "bench-" + newIDs(1)[0], Limits: limits, Call: time.Second})
			if err != nil {
				b.Fatal(err)
			}
			if err := l.Fill(ctx); err != nil {
				b.Fatal(err)
			}
			defer func() {
				for _, key := range client.Keys(ctx, l.keys.key("*")).Val() {
					client.Del(ctx, key)
				}
			}()
			bucket := l.Bucket("P")
			for b.Loop() {
				holds, _, err := bucket.Reserve(ctx, 1, false)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := bucket.Spend(ctx, holds...); err != nil {
					b.Fatal(err)
				}
				bucket.Commit(holds[0], time.Now())
				if err := l.flush(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
