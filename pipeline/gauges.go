package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/pipeline/grants"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// gauges tells the state of the lanes and their limits at each scrape. It
// asks the limiter and the streams then, at the same time, and leaves out what
// does not answer in time.
type gauges struct {
	w *Worker

	limit, spent, held, free, next, paused     *prometheus.Desc
	waiting, inHand, inFlight, outage, answers *prometheus.Desc
	grants, atRisk                             *prometheus.Desc
	oldest, drain, inbox, connected, build     *prometheus.Desc
	ready, jetstream, incomplete               *prometheus.Desc
}

func newGauges(w *Worker) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("kenar_"+name, help, labels, nil)
	}
	window := []string{"permission", "window"}
	return &gauges{
		w:         w,
		limit:     desc("tokens_limit", "Calls allowed in a window.", window...),
		spent:     desc("tokens_spent", "Calls that left, or may have left, within the window.", window...),
		held:      desc("tokens_held", "Tokens reserved and not yet spent.", window...),
		free:      desc("tokens_free", "Tokens that can be taken now, with those kept for urgent work.", window...),
		next:      desc("tokens_next_return_timestamp_seconds", "When the next spent token comes back.", window...),
		paused:    desc("pause_end_timestamp_seconds", "Until when a permission, or \"app\", is paused; absent when it is not.", "permission"),
		waiting:   desc("events_waiting", "Events admitted to a lane and not finished, without scheduled retries.", "lane", "priority"),
		inHand:    desc("deliveries_in_hand", "Deliveries that this worker holds while they wait for a token.", "lane"),
		inFlight:  desc("calls_in_flight", "Calls of this worker that are under way.", "lane"),
		outage:    desc("outage_start_timestamp_seconds", "Since when this worker takes Kenar to be down for a lane; absent when it does not.", "lane"),
		answers:   desc("limiter_up", "Whether the limiter grants tokens: it answers, its state is whole, and the clocks agree."),
		grants:    desc("grants", "Grants by state: active, expiring or revoked.", "state"),
		oldest:    desc("events_waiting_oldest_seconds", "Time since the admission of the event that waits longest, without scheduled retries; 0 when none waits.", "lane", "priority"),
		drain:     desc("drain_seconds", "Time until the last waiting event of a lane gets its token, if all before it take one, with scheduled retries; absent while nobody can say.", "lane"),
		inbox:     desc("inbox_waiting", "Events published and not admitted."),
		connected: desc("nats_up", "Whether this worker is connected to NATS."),
		build:     desc("build_info", "The version of this worker; always 1.", "version"),
		ready:     desc("ready", "Whether this worker moves events: it has its streams open, and the leaders of inbox and ledger have answered within the last ten seconds."),
		jetstream: desc("jetstream_up", "Whether JetStream answered this scrape. A cluster without a majority of its servers does not."),
		// A gauge that is absent is no alert; this one says that some are.
		incomplete: desc("scrape_incomplete", "Whether gauges are missing from this scrape, because something did not answer in time."),
		atRisk:     desc("grants_at_risk", "Grants that die within seven days, or whose last refresh failed, while work may wait for them."),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		g.limit, g.spent, g.held, g.free, g.next, g.paused,
		g.waiting, g.inHand, g.inFlight, g.outage, g.answers, g.grants, g.atRisk,
		g.oldest, g.drain, g.inbox, g.connected, g.build, g.ready, g.jetstream, g.incomplete,
	} {
		c <- d
	}
}

// Budgets of one scrape, for which Prometheus waits ten seconds. One that hangs
// does not take the others' time.
const (
	limiterBudget = 2 * time.Second
	streamBudget  = 3 * time.Second
)

// A sight is what the others answered at one scrape.
type sight struct {
	limits    []ratelimit.Status
	open      bool // the limiter answers and grants
	answered  bool // the limiter answers
	ready     bool
	jetstream bool
	backlog   backlog
}

// look asks the limiter and the streams. p is nil while the streams are not
// open.
func (g *gauges) look(ctx context.Context, p *parts) sight {
	s := sight{backlog: unknownBacklog()}
	asking, cancel := context.WithTimeout(ctx, streamBudget)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, limiterBudget)
		defer cancel()
		l := g.w.cfg.Limiter
		var err error
		s.limits, err = l.Status(ctx)
		s.answered = err == nil
		s.open = s.answered && l.Closed() == nil && !slices.ContainsFunc(s.limits, func(x ratelimit.Status) bool { return !x.Known })
	})
	all.Go(func() { s.ready = len(g.w.Unready(asking)) == 0 })
	if g.w.cfg.NATS.IsConnected() { // else every question waits for its answer in vain
		all.Go(func() {
			_, err := g.w.js.AccountInfo(asking)
			s.jetstream = err == nil
		})
		if p != nil {
			all.Go(func() { s.backlog = g.w.lookAtBacklog(asking, p) })
		}
	}
	all.Wait()
	return s
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(c chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	p := g.w.parts.Load()
	s := g.look(context.Background(), p)
	tell(g.build, 1, g.w.cfg.Version)
	tell(g.connected, truth(g.w.cfg.NATS.IsConnected()))
	tell(g.jetstream, truth(s.jetstream))
	tell(g.ready, truth(s.ready))
	tell(g.answers, truth(s.open))
	tell(g.incomplete, truth(!s.answered || !s.backlog.complete()))
	g.tellLimits(s, tell)
	if p == nil {
		return
	}
	if p.consents != nil {
		n := p.consents.source.Counts()
		tell(g.grants, float64(n.Active), string(grants.StateActive))
		tell(g.grants, float64(n.Expiring), string(grants.StateExpiring))
		tell(g.grants, float64(n.Revoked), string(grants.StateRevoked))
		tell(g.atRisk, float64(n.AtRisk))
	}
	for _, d := range p.dispatchers {
		ready, running := d.inHand()
		tell(g.inHand, float64(ready), string(d.lane))
		tell(g.inFlight, float64(running), string(d.lane))
		if since, _ := d.health.outage(); !since.IsZero() {
			tell(g.outage, stamp(since), string(d.lane))
		}
	}
	g.tellBacklog(s.backlog, s.limits, s.open, time.Now(), tell)
}

// tellLimits tells the windows. Their sizes are always known, so that a limited
// permission of which nothing else is known cannot be taken for an unlimited
// one.
func (g *gauges) tellLimits(s sight, tell func(*prometheus.Desc, float64, ...string)) {
	for permission, windows := range g.w.cfg.Limiter.Limits() {
		for _, w := range windows {
			tell(g.limit, float64(w.Limit), permission, w.Every.String())
		}
	}
	pauses := make(map[string]time.Time)
	for _, x := range s.limits {
		if x.PausedUntil.After(pauses[x.Permission]) {
			pauses[x.Permission] = x.PausedUntil
		}
		if x.Window == 0 || !x.Known {
			continue
		}
		labels := []string{x.Permission, x.Window.String()}
		tell(g.spent, float64(x.Spent), labels...)
		tell(g.held, float64(x.Held), labels...)
		tell(g.free, float64(x.Free), labels...)
		if !x.NextReturn.IsZero() {
			tell(g.next, stamp(x.NextReturn), labels...)
		}
	}
	for permission, until := range pauses {
		tell(g.paused, stamp(until), permission)
	}
}

func stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
