package bench

import (
	"os"
	"testing"
	"time"
)

// BenchmarkStart measures the time from the start of the worker's process until
// its first call, for an event that waits in the inbox, and the size of the
// program. "servers=own" has JetStream and Redis in the worker.
func BenchmarkStart(b *testing.B) {
	path := buildWorker(b)
	info, err := os.Stat(path)
	must(b, err)
	for _, embed := range []bool{false, true} {
		b.Run(servers(embed), func(b *testing.B) {
			var total time.Duration
			for range b.N {
				s := newSite(b, embed, 1)
				began := time.Now()
				p := startWorker(b, path, s.env...)
				eventually(b, 30*time.Second, "the first call", func() bool { return s.kenar.Count() > 0 })
				total += time.Since(began)
				p.stop()
			}
			b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms/start")
			b.ReportMetric(float64(info.Size())/1e6, "MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}
