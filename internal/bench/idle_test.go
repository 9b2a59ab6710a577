package bench

import (
	"testing"
	"time"

	"github.com/kenar-addons/kenar-addons/pipeline"
)

const (
	waiting = 100_000 // events
	rest    = 60 * time.Second
)

// BenchmarkIdle measures a worker whose quota is used up while 100,000 admitted
// events wait: the share of one core that it uses over a minute, its memory at
// the end, and the messages that were delivered in that time, which should be
// none. "servers=own" has JetStream and Redis in the worker, and their cost in
// the figures.
func BenchmarkIdle(b *testing.B) {
	path := buildWorker(b)
	for _, embed := range []bool{false, true} {
		b.Run(servers(embed), func(b *testing.B) {
			for range b.N {
				measureIdle(b, path, embed)
			}
		})
	}
}

func measureIdle(b *testing.B, path string, embed bool) {
	s := newSite(b, embed, waiting+1) // the first one takes the only token
	p := startWorker(b, path, s.env...)
	defer p.stop()
	js := s.connect(b)
	eventually(b, 10*time.Minute, "all events wait in their lane", func() bool {
		return messages(b, js, pipeline.EventStream) == 0 &&
			messages(b, js, pipeline.PostCreate.Stream(pipeline.Normal)) == waiting
	})
	<-time.After(rest / 6) // for what is behind the last admission
	delivered, used := deliveries(b, js), p.cpu(b)
	<-time.After(rest)
	used = p.cpu(b) - used
	b.ReportMetric(100*used.Seconds()/rest.Seconds(), "%core")
	b.ReportMetric(float64(p.memory(b))/1e6, "MB")
	b.ReportMetric(float64(deliveries(b, js)-delivered), "deliveries")
	b.ReportMetric(0, "ns/op")
	if n := s.kenar.Count(); n != 1 {
		b.Errorf("%d calls were made, the quota allows 1", n)
	}
}
