package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
)

// BenchmarkThroughput measures events from publish to final outcome, without
// limits, next to a bare loop that pulls a message, POSTs it and acknowledges
// it, on the same kind of stream and against the same Kenar. Compare the
// events/s of a pair of lines of one run.
func BenchmarkThroughput(b *testing.B) {
	for _, latency := range []time.Duration{0, 5 * time.Millisecond} {
		for _, calls := range []int{1, 16} {
			name := fmt.Sprintf("kenar=%s/calls=%d", latency, calls)
			b.Run("bare/"+name, func(b *testing.B) { benchmarkBare(b, latency, calls) })
			b.Run("worker/"+name, func(b *testing.B) { benchmarkWorker(b, latency, calls) })
		}
	}
}

func benchmarkWorker(b *testing.B, latency time.Duration, calls int) {
	l := benchLab(b, latency)
	w, run := l.build(b, func(s *settings) {
		s.cfg.Concurrency, s.cfg.Timeout = calls, 15*time.Second
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	defer func() { cancel(); <-done }()
	tick := time.Tick(time.Millisecond)
	for !w.Ready() { // not measured
		<-tick
	}
	finals := make(chan struct{}, b.N)
	sub, err := l.nc.Subscribe(finalSubjectPrefix+">", func(*nats.Msg) { finals <- struct{}{} })
	must(b, err)
	defer func() { must(b, sub.Unsubscribe()) }()
	b.ResetTimer()
	publishMany(b, l.js, b.N, func(i int) (string, []byte) {
		e := attach(fmt.Sprintf("e%d", i), fmt.Sprintf("post/P%08d", i), "کارشناسی")
		raw, err := json.Marshal(e)
		must(b, err)
		return fmt.Sprintf("kenar.events.post.P%08d", i), raw
	})
	for range b.N {
		<-finals
	}
	rate(b)
	if n := l.kenar.Count(); n != b.N {
		b.Errorf("%d calls for %d events", n, b.N)
	}
}

func benchmarkBare(b *testing.B, latency time.Duration, calls int) {
	l := benchLab(b, latency)
	s, err := l.js.CreateStream(b.Context(), jetstream.StreamConfig{
		Name: "BARE", Subjects: []string{"bare.>"}, Retention: jetstream.WorkQueuePolicy,
	})
	must(b, err)
	cons, err := s.CreateConsumer(b.Context(), jetstream.ConsumerConfig{Durable: "w", AckPolicy: jetstream.AckExplicitPolicy})
	must(b, err)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: calls}}
	url := l.kenar.URL() + "/v2/open-platform/addons/post/P00000001"
	body := []byte(`{"widgets":[{"title_row":{"text":"کارشناسی"}}]}`)
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			for ctx.Err() == nil {
				batch, err := cons.Fetch(1, jetstream.FetchContext(ctx))
				if err != nil {
					continue
				}
				for m := range batch.Messages() {
					req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
					must(b, err)
					req.Header.Set("X-Api-Key", "k")
					res, err := client.Do(req)
					must(b, err)
					_, err = io.Copy(io.Discard, res.Body)
					must(b, errors.Join(err, res.Body.Close(), m.DoubleAck(ctx)))
					if left.Add(-1) == 0 {
						cancel()
					}
				}
			}
		})
	}
	publishMany(b, l.js, b.N, func(i int) (string, []byte) { return fmt.Sprintf("bare.%d", i), body })
	wg.Wait()
	rate(b)
}

func benchLab(b *testing.B, latency time.Duration) *lab {
	url := startNATS(b, b.TempDir())
	nc, err := nats.Connect(url)
	must(b, err)
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1000))
	must(b, err)
	k, err := kenartest.Start(kenartest.Config{Latency: latency, NoValidation: true, NoRecord: true})
	must(b, err)
	b.Cleanup(k.Close)
	must(b, Topology{Replicas: 1, AckWait: AckWait(15 * time.Second)}.Create(b.Context(), js))
	return &lab{natsURL: url, nc: nc, js: js, app: "bench", kenar: k, kenarURL: k.URL(), redisURL: "redis://" + miniredis.RunT(b).Addr(), replicas: 1}
}

func publishMany(b *testing.B, js jetstream.JetStream, n int, message func(i int) (string, []byte)) {
	for i := range n {
		subject, data := message(i)
		_, err := js.PublishAsync(subject, data, jetstream.WithStallWait(time.Minute))
		must(b, err)
	}
	<-js.PublishAsyncComplete()
}

func rate(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op")
}
