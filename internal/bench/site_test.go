package bench

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kenar-addons/kenar-addons/internal/embedded"
	"github.com/kenar-addons/kenar-addons/internal/natstoken"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// timeout is KENAR_TIMEOUT by default, from which the streams' settings follow.
const timeout = 15 * time.Second

// A site is everything around a worker, with events in its inbox.
type site struct {
	kenar *kenartest.Server
	env   []string // the worker's settings
	addr  string   // of the embedded server
	dir   string   // DATA_DIR of the embedded server
}

// servers names where JetStream and Redis run.
func servers(embed bool) string {
	if embed {
		return "servers=own"
	}
	return "servers=outside"
}

// newSite makes a site whose servers run in the worker when embed is true, else
// in this process. The inbox holds n events, each for a post of its own.
func newSite(b *testing.B, embed bool, n int) *site {
	b.Helper()
	k, err := kenartest.Start(kenartest.Config{})
	must(b, err)
	b.Cleanup(k.Close)
	s := &site{kenar: k, dir: b.TempDir(), addr: freeAddr(b)}
	s.env = []string{
		"KENAR_API_KEY=bench", "KENAR_BASE_URL=" + k.URL(), "KENAR_LEGACY_URL=" + k.URL(),
		"PREFLIGHT=off", "LIMITS=ADD_ON_CREATE=1/168h",
	}
	server, err := embedded.StartNATS(embedded.NATSConfig{DataDir: s.dir, Addr: s.addr})
	must(b, err)
	b.Cleanup(server.Shutdown)
	fill(b, server, n)
	if embed {
		server.Shutdown()
		s.env = append(s.env, "DATA_DIR="+s.dir, "EMBEDDED_NATS_ADDR="+s.addr)
		return s
	}
	redis, err := embedded.StartRedis()
	must(b, err)
	b.Cleanup(redis.Close)
	opts := redis.Options()
	s.env = append(s.env,
		fmt.Sprintf("NATS_URL=nats://%s@%s", server.Token(), s.addr),
		fmt.Sprintf("REDIS_URL=redis://:%s@%s", opts.Password, opts.Addr))
	return s
}

// fill creates the streams and publishes events.
func fill(b *testing.B, server *embedded.NATS, n int) {
	b.Helper()
	nc, err := nats.Connect("", server.ConnectOptions()...)
	must(b, err)
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1000))
	must(b, err)
	must(b, pipeline.Topology{AckWait: pipeline.AckWait(timeout)}.Create(b.Context(), js))
	var last jetstream.PubAckFuture
	for i := range n {
		raw := fmt.Sprintf(`{"specversion":"1.0","id":"e%d","source":"bench","type":"kenar.addon.attach.v1","subject":"post/P%08d",`+
			`"data":{"widgets":[{"title_row":{"text":"کارشناسی"}},{"score_row":{"title":"بدنه","percentage_score":86,"score_color":"SUCCESS_PRIMARY"}}]}}`, i, i)
		last, err = js.PublishAsync(fmt.Sprintf("kenar.events.post.P%08d", i), []byte(raw), jetstream.WithStallWait(time.Minute))
		must(b, err)
	}
	<-js.PublishAsyncComplete()
	select {
	case <-last.Ok():
	case err := <-last.Err():
		b.Fatal(err)
	}
}

// connect opens a connection to wherever the server runs now.
func (s *site) connect(b *testing.B) jetstream.JetStream {
	b.Helper()
	token, err := natstoken.Read(s.dir)
	must(b, err)
	nc, err := nats.Connect("nats://"+s.addr, nats.Token(token), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	must(b, err)
	b.Cleanup(nc.Close)
	eventually(b, 30*time.Second, "connected to NATS", nc.IsConnected)
	js, err := jetstream.New(nc)
	must(b, err)
	return js
}

// messages counts those of a stream.
func messages(b *testing.B, js jetstream.JetStream, stream string) int {
	b.Helper()
	s, err := js.Stream(b.Context(), stream)
	must(b, err)
	return int(s.CachedInfo().State.Msgs)
}

// deliveries counts those that the queues have made so far, repeated ones too.
func deliveries(b *testing.B, js jetstream.JetStream) (n uint64) {
	b.Helper()
	for name := range streamNames(b, js) {
		s, err := js.Stream(b.Context(), name)
		must(b, err)
		consumers := s.ListConsumers(b.Context())
		for c := range consumers.Info() {
			n += c.Delivered.Consumer
		}
		must(b, consumers.Err())
	}
	return n
}

func streamNames(b *testing.B, js jetstream.JetStream) map[string]bool {
	b.Helper()
	names := make(map[string]bool)
	list := js.StreamNames(b.Context())
	for name := range list.Name() {
		if name == pipeline.EventStream || name == pipeline.RetryStream || strings.HasPrefix(name, "KENAR_WORK_") {
			names[name] = true
		}
	}
	must(b, list.Err())
	return names
}
